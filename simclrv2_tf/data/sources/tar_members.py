"""The members of a tar file, by the sample that they belong to."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from typing import BinaryIO
from typing import NamedTuple

# First bytes of a compressed file, and what takes them apart.
_COMPRESSED = {
    b"\x1f\x8b": "gunzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ\0": "unxz",
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"\x04\x22\x4d\x18": "unlz4",
}


class Member(NamedTuple):
    """Where a member's bytes are.

    Attributes:
      begin: The first of them.
      size: How many.
      name: Of the member.
    """

    begin: int
    size: int
    name: str


def samples_of(
    file: BinaryIO, path: str, others: Counter
) -> dict[str, dict[str, Member]]:
    """Dictionary from samples to {ending: `Member`}.

    Args:
      file: The tar file, open.
      path: Its name, for messages.
      others: Counts what is no plain file, or hidden.

    Raises:
      ValueError: If it is no whole tar, has paths that leave its directory, or
        two members of one name.
    """
    samples: dict[str, dict[str, Member]] = {}
    for member in _members(file, path):
        folder, name = os.path.split(member.name)
        stem, _, ending = name.partition(".")
        if member.isdir():
            continue
        if not member.isreg():
            others["links"] += 1
        elif not stem:
            others["hidden files"] += 1
        else:
            _check_path(member.name, path)
            key = os.path.normpath(os.path.join(folder, stem))
            place = Member(member.offset_data, member.size, member.name)
            _add(samples.setdefault(key, {}), ending.lower(), place, path)
    return samples


def _add(sample, ending, member, path):
    if ending in sample:
        before = sample[ending]
        raise ValueError(
            f"The file {path!r} has two members of one sample with the same "
            f"name, {before.name!r} at byte {before.begin} and "
            f"{member.name!r} at byte {member.begin}: one would hide the "
            "other; number the samples of all classes through, or pack each "
            "class in a folder or file of its own."
        )
    sample[ending] = member


def _check_path(name, path):
    if name.startswith(("/", "\\")) or ".." in name.split("/"):
        raise ValueError(
            f"The file {path!r} has a member outside of its directory, "
            f"{name!r}: it is not to be trusted; pack it anew."
        )


def _members(file, path):
    """Yields the members of a tar file, all that are wholly within it."""
    length, end = file.seek(0, os.SEEK_END), 0
    _check_uncompressed(file, path)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                end = _end_of(member, end, length)
                yield member
                tar.members.clear()  # it would keep all of them
    except (tarfile.TarError, ValueError, RecursionError) as error:
        raise ValueError(
            f"The file {path!r} is no whole tar file ({error}): it is damaged, "
            "or was not copied to its end; copy it again."
        ) from None
    _check_end(file, path, end)


def _check_uncompressed(file, path):
    """Raises for a compressed file; goes to the beginning of another."""
    file.seek(0)
    first = file.read(max(map(len, _COMPRESSED)))
    for magic, command in _COMPRESSED.items():
        if first.startswith(magic):
            raise ValueError(
                f"The file {path!r} is compressed: {command} it, as images "
                "can only be found in place in an uncompressed tar."
            )
    file.seek(0)


def _end_of(member, begin, length):
    """The byte after a member's last block.

    Args:
      member: A `tarfile.TarInfo`.
      begin: The byte after the member before.
      length: Bytes of the file.

    Raises:
      tarfile.ReadError: If the member does not lie between these two.
    """
    if member.offset < begin or member.size < 0 or member.sparse:
        raise tarfile.ReadError("a member that cannot be")
    blocks = -(-member.size // tarfile.BLOCKSIZE) if member.isreg() else 0
    end = member.offset_data + blocks * tarfile.BLOCKSIZE
    if end > length:
        raise tarfile.ReadError("unexpected end of data")
    return end


def _check_end(file, path, end):
    """Raises unless zeros follow: `tarfile` ends at any bad header."""
    file.seek(end)
    block = file.read(tarfile.BLOCKSIZE)
    if block.strip(b"\0") or len(block) < tarfile.BLOCKSIZE:
        raise ValueError(
            f"The file {path!r} is no whole tar file: it is damaged after "
            f"{end} bytes, or was not copied to its end; copy it again."
        )
