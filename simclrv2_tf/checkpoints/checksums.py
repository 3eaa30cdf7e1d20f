"""SHA-256 of a checkpoint's files, in the form of the tool `sha256sum`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping

import tensorflow as tf

SUFFIX = ".sha256"
_BYTES = 2**22  # read at once
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write(prefix: str) -> None:
    """Writes `<prefix>.sha256` about the files of a checkpoint."""
    directory, name = os.path.split(prefix)
    files = [
        file
        for file in sorted(tf.io.gfile.listdir(directory))
        if file.startswith(f"{name}.") and not file.endswith(SUFFIX)
    ]
    lines = [f"{_digest(os.path.join(directory, f))}  {f}\n" for f in files]
    with tf.io.gfile.GFile(prefix + SUFFIX, "w") as file:
        file.write("".join(lines))


def read(prefix: str) -> dict[str, str]:
    """{file name: digest} of a checkpoint, {} if no checksums were written.

    Raises:
      ValueError: If the file of checksums is damaged itself.
    """
    if not tf.io.gfile.exists(prefix + SUFFIX):
        return {}
    with tf.io.gfile.GFile(prefix + SUFFIX, "rb") as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    matches = [_LINE.fullmatch(line) for line in lines]
    if not lines or not all(matches):
        raise ValueError(f"{os.path.basename(prefix)}{SUFFIX} is damaged")
    return {match[2]: match[1] for match in matches if match}


def difference(prefix: str, recorded: Mapping[str, str]) -> str | None:
    """How the files differ from their checksums; None if they do not."""
    directory, name = os.path.split(prefix)
    if f"{name}.index" not in recorded:
        return f"its checksums are those of {', '.join(sorted(recorded))}"
    for file, digest in recorded.items():
        path = os.path.join(directory, os.path.basename(file))
        if not tf.io.gfile.exists(path):
            return f"{file} is missing"
        if _digest(path) != digest:
            return f"{file} is not what was written (SHA-256)"
    return None


def _digest(path):
    digest = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while chunk := file.read(_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
