"""What an evaluation writes: a line, files of results, TensorBoard events."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Mapping
from numbers import Integral

import numpy as np
import tensorflow as tf

from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.event_files import keep_events
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.inference.evaluation.evaluation_report import Table

_LOG = logging.getLogger("simclrv2_tf")


def report(
    result: dict,
    step: int,
    directory: str | None,
    name: str | None = None,
    tables: Mapping[str, Table] | None = None,
    data: str | None = None,
    ema: bool | None = None,
) -> None:
    """Prints a result, and keeps it in the run's directory if there is one.

    Args:
      result: Dictionary of numbers, "eval/...", and of what JSON holds.
      step: Of the checkpoint that was evaluated.
      directory: Of the run; None for none.
      name: Suffix of the files, to tell evaluations apart.
      tables: {name: rows} of csv files beside it, those of the newest result.
      data: Name of what it was evaluated on, for the files.
      ema: Whether the average of the weights was evaluated, for the files.
    """
    numbers = {k: v for k, v in result.items() if k.startswith("eval/")}
    pairs = (f"{key} {_shown(value)}" for key, value in numbers.items())
    print("evaluation  " + "  ".join(pairs), flush=True)
    if directory:
        tf.io.gfile.makedirs(directory)
        suffix = f"_{name}" if name else ""
        for stem, rows in (tables or {}).items():
            _write_table(os.path.join(directory, f"{stem}{suffix}.csv"), rows)
        values = {**result, **_known(data=data, ema=ema)}
        _write_json(directory, f"result{suffix}", values, step)
        _write_events(os.path.join(directory, f"eval{suffix}"), numbers, step)


def _shown(value):
    """A count in full, and six digits of any other number."""
    return f"{value}" if isinstance(value, Integral) else f"{value:.6g}"


def _known(**values):
    return {name: value for name, value in values.items() if value is not None}


def _write_table(path, rows):
    with atomic.beside(path) as staged, tf.io.gfile.GFile(staged, "w") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _write_json(directory, stem, result, step):
    """Writes `<stem>.json`, the newest, and `<stem>_<step>.json`."""
    values = {**result, "global_step": step}
    for file in (f"{stem}.json", f"{stem}_{step}.json"):
        write_json(os.path.join(directory, file), values, default=_plain)


def _plain(value):
    return np.asarray(value).item()


def _write_events(directory, result, step):
    """Points for TensorBoard, in place of those of the step if there are any.

    An evaluation does not fail for want of them.
    """
    try:
        keep_events(directory, lambda e: not e.summary.value or e.step != step)
        writer = tf.summary.create_file_writer(directory)
        with writer.as_default(step=step):
            for name, value in result.items():
                tf.summary.scalar(name, float(value))
        writer.close()
    except (tf.errors.OpError, OSError, ValueError) as error:
        _LOG.warning(
            "TensorBoard events cannot be written: %s", first_line(error)
        )
