"""How far long work has come: a bar of tqdm, or a line now and then."""

import sys
from typing import TextIO

import tqdm

from simclrv2_tf.console.live_line import is_terminal

SECONDS = 2.0  # from one state to the next; work that is shorter shows none


def progress(
    what: str,
    total: int | None,
    unit: str = " images",
    initial: int = 0,
    file: TextIO | None = None,
    shown: bool = True,
    **options: object,
) -> tqdm.tqdm:
    """A progress bar with `update(count)`, which is a context too.

    Args:
      what: What the work is called.
      total: How many there are to do; None if that is not known.
      unit: What is counted.
      initial: How many were done earlier, which says nothing of speed.
      file: Where the bar goes; None for the standard error output. If that
        is no terminal but a log, each state is a line of its own.
      shown: False for none at all; `TQDM_DISABLE=1` in the environment wants
        none either.
      **options: Others of `tqdm.tqdm`.
    """
    if not shown:
        options["disable"] = True
    file = file or sys.stderr
    terminal = is_terminal(file)
    return tqdm.tqdm(
        desc=what,
        total=total,
        unit=unit,
        initial=initial,
        file=file if terminal else _Lines(file),
        ncols=None if terminal else 0,  # 0: figures, and no bar
        mininterval=SECONDS,
        delay=SECONDS,
        **options,
    )


class _Lines:
    """A file that gets a line wherever tqdm goes back to begin it anew."""

    def __init__(self, file):
        self._file = file

    def write(self, text):
        if text.strip():
            self._file.write(f"{text.strip()}\n")

    def flush(self):
        self._file.flush()
