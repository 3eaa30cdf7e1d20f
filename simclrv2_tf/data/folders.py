"""Folders of images: class folders, or flat and unlabelled."""

import os

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.splits import no_split
from simclrv2_tf.data.splits import parse_split

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
TRAIN = ("train", "training")
SPLIT_FOLDERS = {
    "train": TRAIN,
    "validation": ("validation", "val", "valid", "test"),
    "test": ("test", "validation", "val", "valid"),
}


def open_folder(path, split="train"):
    """A folder of images: class folders, or flat and unlabelled.

    If it holds folders named as splits ("train", "val", "test", …) the one
    that `split` names is used; otherwise it is all one split, "train", which
    a slice may cut: "train[:90%]". Class names are the folder names of the
    training split in alphabetical order, so that a class has one number
    whichever split is opened.

    Raises:
      ValueError: If there is no such folder, split or image, or a class that
        the training split lacks.
    """
    name, bounds = parse_split(split)
    if not tf.io.gfile.isdir(path):
        raise ValueError(
            f"folder:PATH must name a directory of images. Received: {path!r}, "
            "which is no directory"
        )
    root, train = _split_folders(path, name, whole=bounds == (None, None))
    found = _images_below(root)
    classes = _classes(found, root)
    known = classes if train in (None, root) else _trained(train, classes, root)
    ids = {name: index for index, name in enumerate(known)}
    labels = [ids.get(_class_of(file, root), UNLABELLED) for file in found]
    source = Source(
        name=f"folder {root}",
        labels=np.array(labels, np.int32),
        class_names=tuple(known) if known else None,
        paths=np.array(found),
    )
    return source.subset(cut(np.arange(len(found)), bounds, shuffle=True))


def _split_folders(path, split, whole):
    """The folder of a split, and that of training, None if there is none."""
    folders = {
        entry.rstrip("/"): os.path.join(path, entry.rstrip("/"))
        for entry in tf.io.gfile.listdir(path)
        if tf.io.gfile.isdir(os.path.join(path, entry))
    }
    if not _are_splits(set(folders)):
        if split not in (SPLIT_FOLDERS if not whole else TRAIN):
            raise ValueError(
                f"{no_split(path, split, ['train'])}; its images are all one "
                "split: take a part that training leaves out, such as "
                "train[90%:]"
            )
        return path, None
    train = next((folders[name] for name in TRAIN if name in folders), None)
    for candidate in (split, *SPLIT_FOLDERS.get(split, ())):
        if candidate in folders:
            return folders[candidate], train
    raise ValueError(no_split(path, split, sorted(folders)))


def _are_splits(folders):
    """Whether folders are splits; a class may well be called "train"."""
    known = {name for names in SPLIT_FOLDERS.values() for name in names}
    pair = folders & set(TRAIN) and folders & (known - set(TRAIN))
    return bool(pair or (folders and folders <= known))


def _images_below(root):
    found = sorted(
        os.path.join(folder, file)
        for folder, _, files in tf.io.gfile.walk(root)
        for file in files
        if file.lower().endswith(EXTENSIONS)
    )
    if not found:
        raise ValueError(
            f"The folder {root!r} holds no image; expected files that end in "
            f"{', '.join(EXTENSIONS)}, in class folders or flat."
        )
    return found


def _class_of(file, root):
    """Name of the folder directly below the root; "" for none."""
    below = os.path.relpath(file, root).split(os.sep)
    return below[0] if len(below) > 1 else ""


def _classes(files, root):
    """Names of the class folders; none if the images lie flat."""
    classes = sorted({_class_of(file, root) for file in files})
    if "" in classes and len(classes) > 1:
        raise ValueError(
            f"The folder {root!r} holds images both beside and inside its "
            "class folders; move the former into a folder of their class."
        )
    return [name for name in classes if name]


def _trained(train, classes, root):
    """The classes of the training folder, which those of another are among."""
    known = _classes(_images_below(train), train)
    strange = sorted(set(classes) - set(known)) if known else []
    if strange:
        raise ValueError(
            f"The classes of {root!r} must be among those of {train!r}. "
            f"Received: {', '.join(strange)}, which training has no image of"
        )
    return known or classes
