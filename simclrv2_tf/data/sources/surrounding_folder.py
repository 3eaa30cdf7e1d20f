"""The folder of images that a directory lies in."""

from __future__ import annotations

import os

from simclrv2_tf.data.sources.concat import names_of
from simclrv2_tf.data.sources.folder.folder_files import is_hidden
from simclrv2_tf.data.sources.folder.folder_splits import innermost
from simclrv2_tf.data.sources.folder.folder_splits import split_folders
from simclrv2_tf.files.paths import is_remote

_FOLDER = "folder:"


def surrounding_folder(dataset: str, directory: str | None) -> str | None:
    """The folder whose images a directory's pictures would be taken for.

    Args:
      dataset: Name of a data set, of `concat:` too.
      directory: What pictures are written to, "" for the one that one is in;
        it need not exist. None for nowhere.

    Returns:
      A folder of the data set without links, None if the directory lies in
      none, is hidden there, or is not of this machine.
    """
    if directory is None or is_remote(directory):
        return None
    for root in _roots(dataset):
        below = os.path.relpath(os.path.realpath(directory), root)
        parts = below.split(os.sep)
        if parts[0] != os.pardir and not any(map(_passed_over, parts)):
            return root
    return None


def _passed_over(part):
    return part != os.curdir and is_hidden(part)


def _roots(dataset):
    """Folders whose images are read, without links."""
    kind, _, where = dataset.partition(":")
    for part in names_of(where) if kind == "concat" else [dataset]:
        path = os.path.expanduser(part.removeprefix(_FOLDER))
        if part.startswith(_FOLDER) and os.path.isdir(path):
            top = path.rstrip("/") or "/"
            for root in split_folders(path).values():
                yield os.path.realpath(_outermost(root, top))


def _outermost(root, path):
    """Up from a folder to the one in `path` that is taken for it.

    What is written there would end that.
    """
    while root != path and innermost(os.path.dirname(root)) == root:
        root = os.path.dirname(root)
    return root
