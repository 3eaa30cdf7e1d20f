"""Folders of images: class folders, or flat and unlabelled."""

from __future__ import annotations

import logging
import os

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.folder import beside_splits
from simclrv2_tf.data.sources.folder.folder_files import files_below
from simclrv2_tf.data.sources.folder.folder_files import is_hidden
from simclrv2_tf.data.sources.folder.folder_splits import role_of
from simclrv2_tf.data.sources.folder.folder_splits import split_folders
from simclrv2_tf.data.sources.folder.folder_splits import subfolders
from simclrv2_tf.data.sources.folder.listing import text_names
from simclrv2_tf.data.sources.opening import LEAF
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.storage import Files

_LOG = logging.getLogger("simclrv2_tf")


def open_folder(
    path: str, split: str = "train", options: SourceOptions | None = None
) -> Source:
    """A folder of images: class folders, or flat and unlabelled.

    If it holds folders named as splits ("train", "val", "test", …) the one
    that `split` names is used; otherwise it is all one split, "train", which
    a slice may cut: "train[:90%]". Class names are the folder names of the
    training split, numbers by size and then names by their letters, so that
    a class has one number whichever split is opened. With
    `folder_classes="leaf"` each folder that holds images is a class, named by
    its path: "Apple/Royal-Gala". Images in a split's only folder, which is no
    class of training's, are unlabelled, and the log says so.

    An image is a file of a usual ending, or one whose first bytes are an
    image's. All other files are counted in `Source.notes`.

    Raises:
      ValueError: If there is no such folder, split or image, a class folder
        without an image, or a class that the training split lacks.
    """
    _check_folder(path)
    with text_names(path):
        return _opened(path, split, options or SourceOptions())


def folder_splits(path: str, options: SourceOptions | None = None) -> list[str]:
    """Names of the splits that a folder holds."""
    _check_folder(path)
    return sorted(split_folders(path))


def _check_folder(path):
    if not tf.io.gfile.isdir(path):
        raise ValueError(
            f"folder:PATH must name a directory of images. Received: {path!r}, "
            "which is no directory"
        )


def _opened(path, split, options):
    folders = split_folders(path, split.split("[")[0])
    chosen, bounds = choose_split(sorted(folders), split, path)
    root = folders[chosen]
    train = next((folders[name] for name in TRAIN if name in folders), root)
    leaf = options.folder_classes == LEAF
    files = files_below(root)
    classes = _classes(files.images, root, leaf)
    known = classes
    if train != root:
        known = _trained(train, files.images, classes, root, leaf)
    labels = _labels(files.images, known, root, leaf)
    notes = [
        *files.notes(),
        *beside_splits.notes(path, folders, chosen, options.joined),
        *_unlabelled_classes([n for n in classes if n in known], root),
        *([] if leaf else _deeper(files.images, root)),
    ]
    source = Source(
        name=f"folder {root}",
        labels=labels,
        storage=Files(np.array(files.images)),
        class_names=tuple(known) if known else None,
        notes=tuple(notes),
    )
    return source.part(cut(np.arange(len(labels)), bounds, shuffle=True))


def _labels(files, classes, root, leaf):
    """int32 (files,), numbers of the classes; -1 for those of no class."""
    ids = {name: index for index, name in enumerate(classes)}
    numbers = [ids.get(_class_of(f, root, leaf), UNLABELLED) for f in files]
    return np.array(numbers, np.int32)


def _unlabelled_classes(classes, root):
    """Says which classes are called as images without a label are."""
    return [
        f"the folder {os.path.join(root, name)!r} counts as a class: if its "
        "images have no labels, move it out of there, and join both with "
        "--dataset=concat:folder:LABELLED,folder:UNLABELLED"
        for name in dict.fromkeys(known.split("/")[0] for known in classes)
        if role_of(name) == "unlabelled"
    ]


def _deeper(images, root):
    """Says that there are class folders below the class folders."""
    leaves = sorted({_class_of(image, root, leaf=True) for image in images})
    deeper = [name for name in leaves if "/" in name]
    if not deeper:
        return []
    return [
        f"classes are the folders at the top; {len(deeper):,} deeper folders "
        f"hold images, such as {deeper[0]!r}: --folder_classes=leaf makes "
        "each a class"
    ]


def _class_of(file, root, leaf):
    """The folder directly below the root, or the path to it; "" for none."""
    *folders, _ = os.path.relpath(file, root).split(os.sep)
    return "/".join(folders if leaf else folders[:1])


def _classes(files, root, leaf):
    """Names of the class folders; none if the images lie flat."""
    classes = in_order({_class_of(file, root, leaf) for file in files})
    if "" in classes and len(classes) > 1:
        raise ValueError(
            f"The folder {root!r} holds images both beside and inside its "
            "class folders; move the former into a folder of their class."
        )
    classes = [name for name in classes if name]
    if classes:
        _check_filled(root, {name.split("/")[0] for name in classes})
    return classes


def _check_filled(root, filled):
    """Raises if a folder beside those of the classes holds no image."""
    for name, folder in sorted(subfolders(root).items()):
        if name not in filled and not is_hidden(name):
            raise ValueError(
                f"The class folder {folder!r} holds no image: put some there, "
                "or remove it."
            )


def _trained(train, images, classes, root, leaf):
    """The classes of the training folder, which those of another are among.

    The only folder of a split may be no class: its images are unlabelled.
    """
    known = _classes(files_below(train).images, train, leaf)
    strange = in_order(set(classes) - set(known)) if known else []
    if len(classes) == len(strange) == 1 and _all_within(images, root):
        _LOG.warning(
            "the images in %r count as unlabelled: it is the only folder of "
            "its split, and no class of %r",
            os.path.join(root, strange[0]),
            train,
        )
    elif strange:
        raise _strange_classes(root, train, strange)
    return known or classes


def _all_within(images, root):
    """Whether all images lie in folders right below the root."""
    outer = {os.path.dirname(os.path.dirname(image)) for image in images}
    return outer == {root}


def _strange_classes(root, train, strange):
    return ValueError(
        f"The classes of {root!r} must be among those of {train!r}. Received: "
        f"{listed(strange)}, which training has no image of: name them as "
        f"training does; or move their images up into {root!r}, where they "
        "count as unlabelled; or set images of training aside with "
        "--eval_split=holdout --holdout_fraction=0.2"
    )
