"""Metrics as a CSV file: a row for each step of `--train_summary_steps`.

`keras.callbacks.CSVLogger` has a row for each epoch, of which a run has one,
and appends to a file whatever is in it already.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from simclrv2_tf.files import atomic

FILE = "metrics.csv"
_STEP = "step"


class CsvLog:
    """Adds rows to `metrics.csv`; those that come again are dropped first.

    Args:
      directory: Of the run.
      step: The step from which training goes on.
    """

    def __init__(self, directory: str, step: int):
        self._path = os.path.join(directory, FILE)
        self._columns: list[str] = []
        rows = [row for row in _read(self._path) if _step_of(row) <= step]
        if rows or tf.io.gfile.exists(self._path):
            self._write(rows)

    def log(self, step: int, values: dict[str, float]) -> None:
        """Adds the row of a step; a new column is empty in those before."""
        row: dict[str, Any] = {_STEP: step, **values}
        if set(row) - set(self._columns):
            self._write([*_read(self._path), row])
            return
        with tf.io.gfile.GFile(self._path, "a") as file:
            file.write(_text(self._columns, [row]))

    def close(self, finished: bool) -> None:
        """Nothing is left to be written."""

    def _write(self, rows):
        """All rows, with a column for whatever one of them has."""
        names = dict.fromkeys(name for row in rows for name in row)
        self._columns = list({_STEP: None, **names})
        head = {name: name for name in self._columns}
        atomic.write_text(self._path, _text(self._columns, [head, *rows]))


def _text(columns: list[str], rows: Iterable[dict]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, columns, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _read(path: str) -> list[dict[str, str]]:
    """The whole rows; one that a kill cut off is none."""
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path) as file:
        lines = file.read().split("\n")[:-1]  # what has no end is cut off
    rows = csv.DictReader(lines, restkey="", restval="")
    return [row for row in rows if _step_of(row) >= 0 and "" not in row]


def _step_of(row: dict[str, str]) -> int:
    """The step of a row, -1 where none can be read."""
    text = row.get(_STEP) or ""
    return int(text) if text.isdigit() else -1
