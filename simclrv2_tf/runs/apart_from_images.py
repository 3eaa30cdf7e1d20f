"""Checks that a run's directory lies outside of its training images."""

from __future__ import annotations

import os

from simclrv2_tf.config import Config
from simclrv2_tf.data.sources.concat import names_of
from simclrv2_tf.data.sources.folder.folder_files import is_hidden
from simclrv2_tf.data.sources.folder.folder_splits import split_folders
from simclrv2_tf.files.paths import is_remote

_FOLDER = "folder:"


def check(config: Config) -> None:
    """Raises a ValueError if a run would write among its own images.

    The pictures that it writes would be read as images of one more class.

    Args:
      config: Of training, or of a plan for it.
    """
    if not config.model_dir or is_remote(config.model_dir):
        return
    for root in _roots(config.dataset):
        below = os.path.relpath(os.path.realpath(config.model_dir), root)
        parts = below.split(os.sep)
        if parts[0] != os.pardir and not any(map(_passed_over, parts)):
            raise ValueError(
                "--model_dir must lie outside the images' folder, where what "
                "it holds would be taken for images. Received: "
                f"{config.model_dir!r} in {root!r}; give another directory."
            )


def _passed_over(part):
    return part != os.curdir and is_hidden(part)


def _roots(dataset):
    """Folders whose images are read, without links."""
    kind, _, where = dataset.partition(":")
    for part in names_of(where) if kind == "concat" else [dataset]:
        path = os.path.expanduser(part.removeprefix(_FOLDER))
        if part.startswith(_FOLDER) and os.path.isdir(path):
            yield from map(os.path.realpath, split_folders(path).values())
