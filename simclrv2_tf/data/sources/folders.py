"""Folders of images: class folders, or flat and unlabelled."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote

EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
)


def open_folder(
    path: str, split: str = "train", options: Options | None = None
) -> Source:
    """A folder of images: class folders, or flat and unlabelled.

    If it holds folders named as splits ("train", "val", "test", …) the one
    that `split` names is used; otherwise it is all one split, "train", which
    a slice may cut: "train[:90%]". Class names are the folder names of the
    training split, numbers by size and then names by their letters, so that
    a class has one number whichever split is opened.

    Raises:
      ValueError: If there is no such folder, split or image, a class folder
        without an image, or a class that the training split lacks.
    """
    _check_folder(path)
    try:
        root, train, bounds = _split_folders(path, split)
        return _opened(root, train, bounds)
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise ValueError(
            f"The folder {path!r} holds a file or folder whose name is no "
            f"UTF-8 ({error.object!r}): rename it."
        ) from None


def folder_splits(path: str, options: Options | None = None) -> list[str]:
    """Names of the splits that a folder holds."""
    _check_folder(path)
    return sorted(_splits_below(path))


def _check_folder(path):
    if not tf.io.gfile.isdir(path):
        raise ValueError(
            f"folder:PATH must name a directory of images. Received: {path!r}, "
            "which is no directory"
        )


def _opened(root, train, bounds):
    files = _images_below(root)
    classes = _classes(files, root)
    known = classes if train in (None, root) else _trained(train, classes, root)
    ids = {name: index for index, name in enumerate(known)}
    labels = [ids.get(_class_of(file, root), UNLABELLED) for file in files]
    source = Source(
        name=f"folder {root}",
        labels=np.array(labels, np.int32),
        storage=Files(np.array(files)),
        class_names=tuple(known) if known else None,
    )
    return source.subset(cut(np.arange(len(files)), bounds, shuffle=True))


def _split_folders(path, split):
    """The split's folder, that of training or None, and the slice's bounds."""
    folders = _splits_below(path, split.split("[")[0])
    chosen, bounds = choose_split(sorted(folders), split, path)
    train = next((folders[name] for name in TRAIN if name in folders), None)
    return folders[chosen], train, bounds


def _splits_below(path, *others):
    """Dictionary from splits to folders; splits may have other names too."""
    folders = {
        entry.rstrip("/"): os.path.join(path, entry.rstrip("/"))
        for entry in tf.io.gfile.listdir(path)
        if tf.io.gfile.isdir(os.path.join(path, entry))
    }
    known = {
        name.lower() if name.lower() in KNOWN else name: folder
        for name, folder in folders.items()
    }
    if not _are_splits(set(known)):
        return {TRAIN[0]: path}
    return {n: f for n, f in known.items() if n in (*KNOWN, *others)}


def _are_splits(folders):
    """Whether folders are splits; a class may well be called "train"."""
    known = set(KNOWN)
    pair = folders & set(TRAIN) and folders & (known - set(TRAIN))
    return bool(pair or (folders and folders <= known))


def _images_below(root):
    images = sorted(
        os.path.join(folder, file)
        for folder, files in _walk(root)
        for file in files
        if file.lower().endswith(EXTENSIONS) and not _hidden(folder, file, root)
    )
    for image in images:
        image.encode()  # or the error that a name is no text
    if not images:
        raise ValueError(
            f"The folder {root!r} holds no image; expected files that end in "
            f"{', '.join(EXTENSIONS)}, in class folders or flat."
        )
    return images


def _walk(root):
    """Yields folders and the names of their files; no link is gone in circles.

    A link to a folder that it lies in would hold everything again.
    """
    if is_remote(root):
        for folder, _, files in tf.io.gfile.walk(root):
            yield folder, files
        return
    for folder, below, files in os.walk(root, followlinks=True):
        yield folder, files
        here = os.path.realpath(folder)
        below[:] = [
            name
            for name in below
            if not _leads_up(os.path.realpath(os.path.join(folder, name)), here)
        ]


def _leads_up(target, here):
    return os.path.commonpath([target, here]) == target


def _hidden(folder, file, root):
    """Whether a file, or a folder below the root, begins with a dot."""
    below = os.path.relpath(os.path.join(folder, file), root)
    return any(part.startswith(".") for part in below.split(os.sep))


def _class_of(file, root):
    """Name of the folder directly below the root; "" for none."""
    below = os.path.relpath(file, root).split(os.sep)
    return below[0] if len(below) > 1 else ""


def _classes(files, root):
    """Names of the class folders; none if the images lie flat."""
    classes = in_order({_class_of(file, root) for file in files})
    if "" in classes and len(classes) > 1:
        raise ValueError(
            f"The folder {root!r} holds images both beside and inside its "
            "class folders; move the former into a folder of their class."
        )
    classes = [name for name in classes if name]
    if classes:
        _check_filled(root, classes)
    return classes


def _check_filled(root, classes):
    """Raises if a folder beside those of the classes holds no image."""
    for entry in sorted(tf.io.gfile.listdir(root)):
        name = entry.rstrip("/")
        folder = os.path.join(root, name)
        if name not in classes and not name.startswith("."):
            if tf.io.gfile.isdir(folder):
                raise ValueError(
                    f"The class folder {folder!r} holds no image: put some "
                    "there, or remove it."
                )


def _trained(train, classes, root):
    """The classes of the training folder, which those of another are among."""
    known = _classes(_images_below(train), train)
    strange = in_order(set(classes) - set(known)) if known else []
    if strange:
        raise ValueError(
            f"The classes of {root!r} must be among those of {train!r}. "
            f"Received: {', '.join(strange)}, which training has no image of"
        )
    return known or classes
