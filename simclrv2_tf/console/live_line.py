"""A line of a terminal that renews itself below everything else."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys

import tqdm


class LiveLine:
    """A context in which `show` renews the last line of the terminal.

    What is printed or logged meanwhile stands above it. It goes to the
    standard error output, as bars do; where that is no terminal there is none.

    Args:
      wanted: False for none in a terminal either.
    """

    def __init__(self, wanted: bool = True):
        self._wanted = wanted
        self._bar: tqdm.tqdm | None = None
        self._context = contextlib.ExitStack()

    def __enter__(self) -> LiveLine:
        if self._wanted and is_terminal(sys.stderr):
            bar = tqdm.tqdm(file=sys.stderr, bar_format="{desc}", leave=False)
            self._bar = self._context.enter_context(bar)
            self._keep_others_above()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar = None
        self._context.close()

    @property
    def there(self) -> bool:
        """Whether there is such a line."""
        return self._bar is not None

    def show(self, text: str) -> None:
        """Writes the line anew, as much of it as the terminal is wide."""
        if self._bar is not None:
            width = shutil.get_terminal_size().columns - 1
            self._bar.set_description_str(text[:width])

    def _keep_others_above(self):
        streams = (sys.stdout, sys.stderr)
        for handler in logging.getLogger().handlers:
            if getattr(handler, "stream", None) in streams:
                above = self._context.enter_context(_Above(handler.stream))
                self._context.callback(handler.setStream, handler.stream)
                handler.setStream(above)
        above = self._context.enter_context(_Above(sys.stdout))
        self._context.enter_context(contextlib.redirect_stdout(above))


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal; False where it cannot say."""
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and isatty()


class _Above:
    """A stream above a live line, which passes whole lines only."""

    def __init__(self, stream):
        self._stream = stream
        self._begun = ""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._begun:
            self.write("\n")

    def write(self, text):
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            with tqdm.tqdm.external_write_mode(file=sys.stderr):
                self._stream.write("".join(f"{line}\n" for line in lines))
                self._stream.flush()
        return len(text)

    def __getattr__(self, name):
        return getattr(self._stream, name)
