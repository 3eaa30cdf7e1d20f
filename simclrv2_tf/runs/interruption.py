"""Requests to stop: SIGTERM, SIGINT, and the end of a queue's time."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

AT_ONCE = 130  # exit code after a second SIGINT, as shells give it
_LOG = logging.getLogger("simclrv2_tf")
_SIGNALS = {
    signal.SIGTERM: "SIGTERM",
    signal.SIGINT: "SIGINT",
    getattr(signal, "SIGALRM", None): "the time limit",
}
_RESERVE = (60.0, 0.25)  # kept of a time limit: seconds, at most this share


class Preempted(SystemExit):
    """The run was asked to stop and did; the same command goes on."""


class Interruption:
    """A context that handles requests to stop: steps may end before.

    Within `deferred()` a request is only noted, in `reason`; elsewhere it
    raises `Preempted` at once. A second SIGINT ends the process whatever it
    does. Outside the main thread, where Python has no signals, nothing is
    installed.

    Args:
      exit_code: Of the process that was asked to stop.
      time_limit: Seconds from now; a request comes so much before the end
        that a checkpoint can be written. 0 for none.

    Attributes:
      reason: What asked for the stop, in words; None if nothing has.
    """

    def __init__(self, exit_code: int = 42, time_limit: float = 0.0):
        self.exit_code = exit_code
        self.reason: str | None = None
        self._seconds = time_limit - min(_RESERVE[0], time_limit * _RESERVE[1])
        self._deferring = False
        self._before: dict[int, Any] = {}

    def __enter__(self):
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in filter(None, _SIGNALS):
            self._before[number] = signal.signal(number, self._note)
        self._watch()
        if self._seconds > 0:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
        return self

    def __exit__(self, *error):
        if not self._before:
            return
        if self._seconds > 0:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.set_wakeup_fd(self._wakeup_before)
        self._writer.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    @contextlib.contextmanager
    def deferred(self) -> Iterator[Interruption]:
        """A context in which a request is only noted, in `reason`."""
        self._deferring = True
        try:
            yield self
        finally:
            self._deferring = False

    def preempted(self) -> Preempted:
        """The exception to end with."""
        return Preempted(self.exit_code)

    def _note(self, number, frame):
        del frame
        if self.reason is None:
            self.reason = _SIGNALS[number]
            _LOG.warning("asked to stop by %s", self.reason)
        if not self._deferring:
            raise self.preempted()

    def _watch(self):
        """Sees a second SIGINT though the main thread is deep in a step.

        Python's handlers wait for the step's end; the byte that the system's
        handler writes does not.
        """
        reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )
        thread = threading.Thread(target=_end_at_second, args=(reader,))
        thread.daemon = True
        thread.start()


def _end_at_second(reader):
    seen = 0
    while data := reader.recv(64):
        seen += data.count(bytes([signal.SIGINT]))
        if seen >= 2:
            os._exit(AT_ONCE)
    reader.close()
