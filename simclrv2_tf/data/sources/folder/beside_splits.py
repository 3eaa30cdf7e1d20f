"""The files beside a folder's splits, and the command that uses them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.sources.folder.folder_files import image_folders
from simclrv2_tf.data.sources.folder.folder_files import is_hidden
from simclrv2_tf.data.sources.folder.folder_splits import innermost
from simclrv2_tf.data.sources.folder.folder_splits import role_of
from simclrv2_tf.data.sources.folder.listing import entries
from simclrv2_tf.data.splits import TRAIN

FOLDER = "folder:"
_UNLABELLED = "unlabelled"


class _Beside(NamedTuple):
    """A file or folder, and the images in it; None where it is not known."""

    name: str
    images: int | None
    where: str

    @property
    def is_unlabelled(self):
        return role_of(self.name) == _UNLABELLED

    @property
    def words(self):
        if not self.images:
            return self.name
        plural = "s" if self.images > 1 else ""
        return f"{self.name} ({self.images:,} image{plural})"


def notes(
    path: str, folders: dict[str, str], chosen: str, joined: Sequence[str] = ()
) -> list[str]:
    """A sentence about what belongs to no split that is used.

    Beside a training split that is the split "unlabelled" too.

    Args:
      path: Of the folder that holds the splits.
      folders: {split: its folder}, see `split_folders`.
      chosen: The split that is opened.
      joined: The data sets that are joined with this one; what they read is
        not left out.
    """
    outer = innermost(path)
    if outer in folders.values():
        return []
    trains = chosen in TRAIN
    used = [
        os.path.relpath(folder, outer).split(os.sep)[0]
        for split, folder in folders.items()
        if not (trains and role_of(split) == _UNLABELLED)
    ]
    names = [name for name in _entries(outer) if name not in used]
    names = [n for n in names if not _read(os.path.join(outer, n), joined)]
    if not names:
        return []
    beside = [_look(outer, n) if trains else _Beside(n, 0, "") for n in names]
    words = listed([entry.words for entry in beside])
    sentence = (
        f"passed over, beside the splits to train and evaluate on: {words}"
    )
    return [sentence + _command(path, beside)]


def _entries(folder):
    """Names of the files and folders in a folder, hidden ones aside."""
    return sorted(name for name in entries(folder) if not is_hidden(name))


def _read(path, joined):
    """Whether one of the data sets reads a folder, or what is below it."""
    own = os.path.join(os.path.abspath(path), "")
    return any(
        os.path.join(_absolute(name), "").startswith(own)
        for name in joined
        if name.startswith(FOLDER)
    )


def _absolute(name):
    return os.path.abspath(os.path.expanduser(name.removeprefix(FOLDER)))


def _look(outer, name):
    """How many images there are, and the one folder that holds them all."""
    path = os.path.join(outer, name)
    counts = image_folders(path)
    if counts is None:
        return _Beside(name, None, path)
    where = next(iter(counts)) if len(counts) == 1 else path
    return _Beside(name, sum(counts.values()), where)


def _command(path, beside):
    """The option that trains on the images beside the splits, or ""."""
    unlabelled = [e for e in beside if e.is_unlabelled and e.images != 0]
    others = unlabelled or [e for e in beside if e.images]
    if not others:
        return ""
    names = [f"{FOLDER}{where}" for where in (path, *(e.where for e in others))]
    data = shlex.quote(f"concat:{','.join(names)}")
    return f"; --dataset={data} trains on the images there too"
