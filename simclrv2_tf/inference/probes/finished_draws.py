"""Measurements of draws that are done, kept until all of them are.

A probe that is killed goes on with the draws that are missing. The file's name
holds a fingerprint of features and protocol, so that measurements of other
weights, data or settings are not taken for these.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
from collections.abc import Callable
from collections.abc import Iterable

import tensorflow as tf

from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.inference.probes.probe_results import Measurement
from simclrv2_tf.inference.result_shards import digest_of

_DONE = "draws"
_LOG = logging.getLogger("simclrv2_tf")


class FinishedDraws:
    """The draws of one probe, in the order in which they are measured.

    Args:
      directory: Of the file, which is there from the first draw on.
      about: For JSON, what tells this probe from others.
    """

    def __init__(self, directory: str, about: dict):
        fields = [field.name for field in dataclasses.fields(Measurement)]
        digest = digest_of([about, fields])
        self._path = os.path.join(directory, f"draws-{digest}.json")
        self._done: list[list[dict]] = read_dictionary(self._path).get(
            _DONE, []
        )
        self._next = 0
        if self._done:
            _LOG.info("%d draws of labels are measured already", self.count)

    @property
    def count(self) -> int:
        """How many draws are done."""
        return len(self._done)

    def measured(
        self, measure: Callable[[], Iterable[Measurement]]
    ) -> list[Measurement]:
        """The measurements of the next draw; made and kept unless they are.

        Args:
          measure: Function that makes them.
        """
        if self._next == self.count:
            self._done.append([dataclasses.asdict(one) for one in measure()])
            atomic.write_text(self._path, json.dumps({_DONE: self._done}))
        rows = self._done[self._next]
        self._next += 1
        return [Measurement(**row) for row in rows]

    def remove(self) -> None:
        """Removes the file, once the result is written."""
        with contextlib.suppress(tf.errors.NotFoundError):
            tf.io.gfile.remove(self._path)
