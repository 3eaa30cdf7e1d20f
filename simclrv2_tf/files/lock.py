"""One process at a time in a directory: the file `lock`, with host and process.

The system frees the lock of a process that is killed, so on one machine a
stale lock is known at once. Another machine's process is known to be dead
when the beats stop that it writes into the file; no clock is compared.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time

import tensorflow as tf

from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.machine.alive import runs

try:
    import fcntl
except ImportError:  # not on this system, where beats alone show an owner
    fcntl = None  # type: ignore[assignment]

NAME = "lock"
BEAT_SECONDS = 10.0
BEATS_MISSED = 3.5  # after so many a process on another machine is dead
LENGTH = 512  # bytes of the file
_TRIES = 3
_LOG = logging.getLogger("simclrv2_tf")


class TakenOver(ValueError):
    """Another process has the directory: this one must write nothing more."""


class Lock:
    """Holds a run's directory, or another result, for this process.

    It is a context.

    Args:
      directory: Of the run, or that the result is in; made if missing.
      beat: Seconds from one sign of life to the next.
      name: Of the file in the directory.
      guarded: What is held, as messages begin; None for a run's directory.
      instead: What else one can do than wait, as messages end.

    Attributes:
      lost: Whether another process has taken it over.

    Raises:
      ValueError: On entering, if another process holds it.
    """

    def __init__(
        self,
        directory: str,
        beat: float = BEAT_SECONDS,
        name: str = NAME,
        guarded: str | None = None,
        instead: str = "give another --model_dir",
    ):
        self._directory = directory
        self._path = os.path.join(directory, name)
        self._beat = beat
        self._guarded = guarded or f"`model_dir` {directory!r}"
        self._instead = instead
        self._file = None
        self._locked = False  # by the system, which sees its own processes
        self._stop = threading.Event()
        self._mine = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        self.lost = False

    def __enter__(self):
        tf.io.gfile.makedirs(self._directory)
        if fcntl and not is_remote(self._path):
            self._file = self._locked_file()
        self._refuse_if_alive()
        self._write(0)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join(self._beat)
        if not self.lost:
            with contextlib.suppress(OSError, tf.errors.OpError):
                tf.io.gfile.remove(self._path)
        if self._file:
            self._file.close()

    def check(self) -> None:
        """Raises `TakenOver` if another process has taken the directory."""
        if self.lost:
            raise TakenOver(
                f"{self._guarded} was taken over by another process, as this "
                "one gave no sign of life: this one stops and writes nothing "
                "more."
            )

    def _locked_file(self):
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            file = os.fdopen(descriptor, "r+")
            try:
                _flock(file)
            except BlockingIOError:
                file.close()
                raise ValueError(self._refusal(read(self._path))) from None
            except OSError:  # a file system without locks
                return file
            if _is_at(file, self._path):
                self._locked = True
                return file
            file.close()  # its owner removed it in the meantime

    def _refuse_if_alive(self):
        """Waits for a beat of an owner that the system cannot see."""
        holder = read(self._path)
        if not holder or self._is_known_dead(holder):
            return
        patience = BEATS_MISSED * self._beat
        _LOG.warning(
            "the lock %s is that of process %s on %s: waiting %.0f s for "
            "a sign of life",
            self._path,
            holder.get("pid"),
            holder.get("host"),
            patience,
        )
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(self._beat / 10)
            now = read(self._path)
            if not now and not tf.io.gfile.exists(self._path):
                return
            if now and now != holder:
                raise ValueError(self._refusal(now))
        _LOG.warning("none came: the lock is stale, and is taken over")

    def _is_known_dead(self, holder):
        if holder.get("host") != self._mine["host"]:
            return False
        return self._locked or not runs(holder.get("pid"))

    def _refusal(self, holder):
        holder = holder or {}
        return (
            f"{self._guarded} is in use by process {holder.get('pid', '?')} "
            f"on {holder.get('host', '?')} since {holder.get('since', '?')}: "
            f"wait for it, stop it, or {self._instead}."
        )

    def _live(self):
        beat = 0
        while not self._stop.wait(self._beat):
            beat += 1
            try:
                holder = read(self._path)
                if holder and not self._is_ours(holder):
                    self.lost = True
                    return
                self._write(beat)
            except (OSError, tf.errors.OpError) as error:
                _LOG.warning("the lock cannot be renewed: %s", error)

    def _is_ours(self, holder):
        return all(
            holder.get(key) == value for key, value in self._mine.items()
        )

    def _write(self, beat):
        text = json.dumps({**self._mine, "beat": beat})
        if self._file is None:
            with tf.io.gfile.GFile(self._path, "w") as file:
                file.write(text)
            return
        # In one go and always as long, so that nobody reads a part of it.
        descriptor = self._file.fileno()
        os.pwrite(descriptor, text.ljust(LENGTH).encode(), 0)
        os.ftruncate(descriptor, LENGTH)
        os.fsync(descriptor)


def check_owner(lock: Lock | None) -> None:
    """Raises `TakenOver` if a lock, where there is one, is lost."""
    if lock is not None:
        lock.check()


def read(path: str) -> dict:
    """What a lock file says; {} if there is none or it is being written."""
    return read_dictionary(path)


def _flock(file):
    """Locks a file; tries again, as a glance of `--mode=status` locks too."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.1)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(file, path):
    try:
        return os.fstat(file.fileno()).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False
