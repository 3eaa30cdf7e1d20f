"""What happens to a run, one JSON object a line: `events.jsonl`.

Lines are only ever added. A line that was cut off by a kill is passed over
by readers, and the next one starts anew. Needs no TensorFlow for local files.
"""

from __future__ import annotations

import datetime
import json
import logging
import math
import os
import threading

from simclrv2_tf.files.paths import is_remote

NAME = "events.jsonl"
_OF_STATE = ("start", "stop", "trained")
_LOG = logging.getLogger("simclrv2_tf")
_TAIL_BYTES = 2**20  # of a log of days this holds thousands of lines


class Journal:
    """The log of one run, open for adding, by several threads.

    Writing it never ends a run: what fails is said once. Lines are added one
    after the other, as in a bucket the whole file is written anew for each.

    Args:
      directory: Of the run; None for a journal that keeps nothing.
    """

    def __init__(self, directory: str | None):
        self._path = os.path.join(directory, NAME) if directory else None
        self._directory = directory
        self._failed = False
        self._writing = threading.Lock()

    def lines(self) -> list[dict]:
        """All lines so far, see `read`."""
        return read(self._directory, whole=True) if self._directory else []

    def note(self, event: str, **values) -> None:
        """Adds a line.

        Args:
          event: What happened, a word.
          **values: What JSON holds; numbers that are not finite become text.
        """
        if self._path is None:
            return
        now = datetime.datetime.now(datetime.timezone.utc)
        line = {"event": event, "time": now.isoformat(timespec="milliseconds")}
        text = json.dumps(
            _plain({**line, **values}), allow_nan=False, default=str
        )
        try:
            with self._writing:
                _append(self._path, text)
            self._failed = False
        except Exception as error:
            if not self._failed:
                _LOG.warning("%s cannot be written: %s", self._path, error)
            self._failed = True


def read(directory: str, whole: bool = False) -> list[dict]:
    """The lines of a run's log.

    Args:
      directory: Of the run.
      whole: All of them, and not only the last thousands.

    Returns:
      List of dictionaries, [] if there is no log; each has "event".
    """
    path = os.path.join(directory, NAME)
    try:
        data = _last_bytes(path, None if whole else _TAIL_BYTES)
    except OSError:
        return []
    parsed = (_parsed(line) for line in data.split(b"\n"))
    return [line for line in parsed if line is not None]


def last_of_state(events: list[dict]) -> dict | None:
    """The last line that tells whether a run goes on, stopped or is trained.

    Args:
      events: Lines of its log.
    """
    lines = [event for event in events if event["event"] in _OF_STATE]
    return lines[-1] if lines else None


def seconds(events: list[dict]) -> float:
    """Seconds that a run's lives took, from the first to the last line.

    Args:
      events: Lines of its log.
    """
    total = 0.0
    begin: datetime.datetime | None = None
    last: datetime.datetime | None = None
    for event in events:
        now = datetime.datetime.fromisoformat(event["time"])
        if event["event"] == "start":
            total += _between(begin, last)
            begin = now
        last = now
    return total + _between(begin, last)


def _between(begin, last):
    """Seconds from one time to another, 0 where there is none."""
    return (last - begin).total_seconds() if begin else 0.0


def _parsed(line):
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    sound = isinstance(value, dict) and isinstance(value.get("event"), str)
    return value if sound else None


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _append(path, text):
    """Adds a line in one write; no line is glued to one that was cut off."""
    if is_remote(path):
        with _remote(path, "a") as file:
            file.write(text + "\n")
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "ab+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
        whole = not size or file.read(1) == b"\n"
        file.write((text if whole else "\n" + text).encode() + b"\n")


def _last_bytes(path, count):
    if is_remote(path):
        return _remote_bytes(path)
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - count) if count else 0)
        return file.read()


def _remote_bytes(path):
    import tensorflow as tf

    try:
        with _remote(path, "rb") as file:
            return file.read()
    except tf.errors.OpError as error:
        raise OSError(error.message) from None


def _remote(path, mode):
    import tensorflow as tf

    return tf.io.gfile.GFile(path, mode)
