"""The images below a folder, and a count of all other files there.

An image has a usual ending; another file is one if its first bytes are.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import os
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.decode.magic import EXTENSIONS
from simclrv2_tf.data.decode.magic import FIRST_BYTES
from simclrv2_tf.data.decode.magic import RAW
from simclrv2_tf.data.decode.magic import image_format
from simclrv2_tf.data.decode.magic import readable
from simclrv2_tf.data.sources.folder.listing import text_names
from simclrv2_tf.data.sources.folder.listing import unlisted
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.remote import open_binary

_THREADS = 16  # waiting for the first bytes of files
_HIDDEN = "hidden (names with a dot before, __MACOSX and the like)"
# What systems add to archives, disks and shares, spelt as they spell it.
_OF_SYSTEMS = frozenset(
    {
        "__MACOSX",  # archives of macOS
        "lost+found",  # disks of Linux
        "$RECYCLE.BIN",  # disks of Windows, as the next two
        "$Recycle.Bin",
        "System Volume Information",
        "@eaDir",  # Synology's thumbnails
    }
)
_NO_ENDING = "without an ending"
_NOT_OPENED = "that cannot be opened"


@dataclasses.dataclass(frozen=True)
class FolderFiles:
    """The files below a folder.

    Attributes:
      images: Paths, sorted; also of images that cannot be decoded.
      unreadable: Format to number of images that cannot be decoded.
      others: Ending to number of files that are no image.
    """

    images: list[str]
    unreadable: Counter
    others: Counter

    def notes(self) -> list[str]:
        """Sentences about what was passed over or cannot be read."""
        notes = []
        if self.others:
            count = self.others.total()
            notes.append(
                f"passed over: {_files(count)}, {_counts(self.others)}"
            )
        if self.unreadable:
            count = self.unreadable.total()
            verb = "count as unreadable: convert them to JPEG or PNG"
            notes.append(
                f"{_files(count)} of formats that cannot be read "
                f"({_counts(self.unreadable)}) {verb}"
            )
        return notes


def _files(count):
    return f"{count:,} file{'s' if count > 1 else ''}"


def _counts(counter):
    pairs = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{name} {count:,}" for name, count in pairs]
    return listed(shown, most=12)


def files_below(root: str) -> FolderFiles:
    """Sorts the files below a folder into images and others.

    Raises:
      ValueError: If there is no image, a folder cannot be listed, or an
        image's name is no UTF-8.
    """
    with text_names(root):
        return _files_below(root)


def _files_below(root):
    images: list[str] = []
    unknown: list[str] = []
    others: Counter = Counter()
    check = functools.partial(_check_listed, root)
    for folder, names in _walk(root, check):
        for name in names:
            path = os.path.join(folder, name)
            if _hidden(path, root):
                others[_HIDDEN] += 1
            else:
                known = name.lower().endswith(EXTENSIONS)
                (images if known else unknown).append(path)
    unreadable: Counter = Counter()
    for path, kind in zip(unknown, _formats(unknown), strict=True):
        if kind is None or kind == _NOT_OPENED:
            others[kind or _ending(path)] += 1
            continue
        images.append(path)
        if not readable(kind):
            unreadable[kind] += 1
    for path in images:
        path.encode()  # or the error that a name is no text
    files = FolderFiles(sorted(images), unreadable, others)
    _check_any(files, root)
    return files


def _check_listed(root, error):
    """Raises for a folder that cannot be listed, unless it is hidden."""
    path = error.filename or root
    if path == root or not _hidden(path, root):
        raise unlisted(path, error) from error


def image_folders(root: str) -> dict[str, int] | None:
    """How many images each folder holds, counted by their endings alone.

    Folders that cannot be listed are passed over.

    Returns:
      {folder: images} of those that hold any, {} for a file; None for a
      remote folder, where looking takes long.
    """
    if is_remote(root):
        return None
    counts = {}
    for folder, names in _walk(root):
        images = [name for name in names if name.lower().endswith(EXTENSIONS)]
        images = [
            n for n in images if not _hidden(os.path.join(folder, n), root)
        ]
        if images:
            counts[folder] = len(images)
    return counts


def _ending(path):
    return os.path.splitext(path)[1].lower() or _NO_ENDING


def _check_any(files, root):
    if not files.images:
        others = f" Received: {_counts(files.others)}" if files.others else ""
        raise ValueError(
            f"The folder {root!r} holds no image; expected files that end in "
            f"{', '.join(EXTENSIONS)}, in class folders or flat.{others}"
        )


def _formats(paths):
    """What the first bytes of files say, None for no image."""
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(_format_of, paths))


def _format_of(path):
    if path.lower().endswith(RAW):
        return None
    if not is_remote(path) and not os.path.isfile(path):
        return _NOT_OPENED  # a pipe, which would be waited for, or a dead link
    try:
        with open_binary(path) as file:
            return image_format(file.read(FIRST_BYTES))
    except OSError:
        return _NOT_OPENED


def _walk(
    root: str, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yields folders and the names of their files; symlink cycles are skipped.

    A link to a folder that it lies in, or that led to it, would hold everything
    again.

    Args:
      root: The folder to begin with.
      onerror: Called with the error of a local folder that cannot be listed.
    """
    if is_remote(root):
        for folder, _, files in tf.io.gfile.walk(root):
            yield folder, files
        return
    ways = {root: [os.path.realpath(root)]}  # the folders that led to one
    for folder, below, files in os.walk(
        root, onerror=onerror, followlinks=True
    ):
        yield folder, files
        way = ways.pop(folder)
        paths = {name: os.path.join(folder, name) for name in below}
        targets = {name: os.path.realpath(path) for name, path in paths.items()}
        below[:] = [n for n in below if not _leads_up(targets[n], way)]
        ways.update({paths[n]: [*way, targets[n]] for n in below})


def _leads_up(target, way):
    return any(os.path.commonpath([target, each]) == target for each in way)


def is_hidden(name: str) -> bool:
    """Whether a name begins with a dot, or is one that a system adds."""
    return name.startswith(".") or name in _OF_SYSTEMS


def _hidden(path, root):
    """Whether a file, or a folder below the root, is hidden."""
    below = os.path.relpath(path, root)
    return any(is_hidden(part) for part in below.split(os.sep))
