"""Under which id a run is known to a tracker, so that it goes on there."""

from __future__ import annotations

import os

from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.json_files import write_json

FILE = "loggers.json"


def read_id(directory: str, tracker: str) -> str | None:
    """The id of the run in a directory, None if it has none yet.

    Neither where the file is damaged: a new run there costs nothing.
    """
    known_as = read_dictionary(os.path.join(directory, FILE)).get(tracker)
    return known_as if isinstance(known_as, str) else None


def keep_id(directory: str, tracker: str, known_as: str) -> None:
    """Notes the id of the run in a directory."""
    path = os.path.join(directory, FILE)
    ids = {**read_dictionary(path), tracker: known_as}
    write_json(path, ids)
