"""A result in parts that are written one by one, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.json_files import read_if_there
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.machine.alive import runs

MANIFEST = "manifest.json"
PARTS = ".parts"  # ends directories of parts that go when they are joined
# That manifests of earlier versions do not tell.
_LATER = (
    "images",
    "places",
    "image_size",
    "input_mean",
    "input_std",
    "ft_proj_selector",
)


class Shards:
    """The parts of one result, in a directory of their own.

    Work that was stopped goes on with the parts that are missing. What they
    are parts of stands beside them, so that parts of another result are
    neither taken for these nor lost.

    Args:
      directory: Where they are; made by `opened`.
      name: What file names begin with.
      size: Examples in a part, but for the last.
      contents: Dictionary for JSON that tells this result from others, with
        "examples", their number.
    """

    def __init__(self, directory: str, name: str, size: int, contents: dict):
        self.directory = directory
        self.name = name
        self.size = size
        self.examples = contents["examples"]
        self.contents = {**contents, "shard_size": size}
        self._lock: Lock | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Makes the directory, or finds out what is there.

        No other process of this machine, or of its file system, has it open
        while the body runs. Of several workers the first opens it, and the
        others wait for that.

        Raises:
          ValueError: If another process has it open, or it holds parts of
            another result.
        """
        with contextlib.ExitStack() as stack:
            if distribution.is_chief():
                self._hold(stack)
                self._open()
            distribution.wait_for_workers()
            yield

    def _hold(self, stack):
        """Takes the lock, where there can be one."""
        if is_remote(self.directory):
            return
        directory, name = self.directory, "lock"
        if directory.endswith(PARTS):  # beside what is to be removed
            directory, name = os.path.split(f"{directory}.lock")
        lock = Lock(
            directory or ".",
            name=name,
            guarded=repr(self.directory),
            instead="give another output",
        )
        with contextlib.suppress(OSError, tf.errors.OpError):
            self._lock = stack.enter_context(lock)

    def _open(self):
        with file_errors(self.directory, "written"):
            tf.io.gfile.makedirs(self.directory)
        before = read_manifest(self.directory)
        if before is None:
            self._write_manifest()
        elif before != (now := _comparable(before, self.contents)):
            raise ValueError(
                f"{self.directory!r} holds parts of another result: "
                f"{difference(before, now)}. Give another output, "
                "or remove it."
            )
        for file in tf.io.gfile.listdir(self.directory):
            ours = file.startswith(f"{self.name}-")
            # A process that goes on writes the same shards, perhaps.
            if ours and atomic.is_left_over(file, runs):
                tf.io.gfile.remove(os.path.join(self.directory, file))

    def _write_manifest(self):
        path = os.path.join(self.directory, MANIFEST)
        write_json(path, self.contents, end="")

    def remove(self) -> None:
        """Removes the directory, unless another process has taken it over."""
        if self._lock is None or not self._lock.lost:
            tf.io.gfile.rmtree(self.directory)

    def __len__(self):
        return -(-self.examples // self.size)

    def bounds(self, number: int) -> tuple[int, int]:
        """First example of a part, and the first that is not in it."""
        start = number * self.size
        return start, min(start + self.size, self.examples)

    def path(self, number: int) -> str:
        file = f"{self.name}-{number:05d}-of-{len(self):05d}"
        return os.path.join(self.directory, file)

    def missing(self) -> list[int]:
        """Numbers of the parts that are still to be made."""
        there = set(tf.io.gfile.listdir(self.directory))
        return [
            number
            for number in range(len(self))
            if os.path.basename(self.path(number)) not in there
        ]


def digest_of(value: Any) -> str:
    """A fingerprint of what JSON holds, in whichever order its keys are.

    Returns:
      16 hexadecimal digits, the same in every process.
    """
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_manifest(directory: str) -> dict | None:
    """The manifest of the parts in a directory, None without one."""
    return read_if_there(os.path.join(directory, MANIFEST))


def check_same(
    option: str, output: str, before: dict | None, now: dict, what: str
) -> None:
    """Raises a ValueError where a file would be lost that holds another result.

    Args:
      option: Name of the option that names the file.
      output: The file.
      before: What tells its result from others; None if it holds none.
      now: The same of the result that is to be written.
      what: Results of this kind, in a word.
    """
    now = _comparable(before or {}, now)
    if before == now:
        return
    reason = difference(before, now) if before else f"no {what}"
    raise ValueError(
        f"`{option}` {output!r} is there and holds another result: {reason}. "
        "Give another file, or remove it."
    )


def _comparable(before, now):
    """The part of a manifest that the earlier one could have."""
    return {k: v for k, v in now.items() if k in before or k not in _LATER}


def difference(before: dict, now: dict) -> str:
    """What differs between two manifests, in words."""
    names = [n for n in {**before, **now} if before.get(n) != now.get(n)]
    return "; ".join(
        f"{name} was {_short(before.get(name))} and is {_short(now.get(name))}"
        for name in names
    )


def _short(value):
    text = json.dumps(value)
    return text if len(text) < 60 else text[:57] + "..."
