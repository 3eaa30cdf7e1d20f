"""Opens data sets by name: digits, folder:PATH, or a TFDS name.

A data set of one's own is one more function that returns a `Source`, and its
line in `open_source`.
"""

import difflib
import os
import re

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source

DIGITS_TEST = 360  # of 1,797, stratified
EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
SPLIT_FOLDERS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "test"),
    "test": ("test", "validation", "val", "valid"),
}


def open_source(name, split="train", data_dir=None, download=False):
    """Opens one split of a data set.

    Args:
      name: "digits", "folder:PATH" or the name of a TFDS data set.
      split: Name of the split; slices such as "train[:10%]" work.
      data_dir: Directory of TFDS data.
      download: Whether TFDS may download and prepare what is missing.

    Returns:
      A `Source`.

    Raises:
      ValueError: If there is no such data set, split or image.
    """
    if name == "digits":
        return open_digits(split)
    if name.startswith("folder:"):
        return open_folder(name.removeprefix("folder:"), split)
    return open_tfds(name, split, data_dir, download)


def open_digits(split="train"):
    """scikit-learn's 1,797 handwritten digits, 8×8 pixels, ten classes.

    1,437 are for training and 360 for testing, the same ones always.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    train, test = train_test_split(
        np.arange(len(digits.target)),
        test_size=DIGITS_TEST,
        stratify=digits.target,
        random_state=0,
    )
    name, cut = _parse_split(split)
    if name not in ("train", "test", "validation"):
        raise ValueError(_no_split("digits", split, ["train", "test"]))
    chosen = _cut(np.sort(train if name == "train" else test), cut)
    gray = np.round(digits.images[chosen] * (255 / 16)).astype(np.uint8)
    return Source(
        name=f"digits ({split})",
        labels=digits.target[chosen].astype(np.int32),
        class_names=tuple(str(name) for name in digits.target_names),
        images=np.repeat(gray[..., None], 3, axis=-1),
    )


def open_folder(path, split="train"):
    """A folder of images: class folders, or flat and unlabelled.

    If it holds folders named as splits ("train", "val", "test", …) the one
    that `split` names is used, otherwise `split` may cut the whole:
    "train[:90%]". Class names are folder names in alphabetical order.
    """
    name, cut = _parse_split(split)
    if not tf.io.gfile.isdir(path):
        raise ValueError(
            f"folder:PATH must name a directory of images. Received: {path!r}, "
            "which is no directory"
        )
    root = _split_folder(path, name)
    found = _images_below(root)
    if not found:
        raise ValueError(
            f"The folder {root!r} holds no image; expected files that end in "
            f"{', '.join(EXTENSIONS)}, in class folders or flat."
        )
    classes = sorted({_class_of(file, root) for file in found})
    labelled = classes != [""]
    if labelled and "" in classes:
        raise ValueError(
            f"The folder {root!r} holds images both beside and inside its "
            "class folders; move the former into a folder of their class."
        )
    ids = {name: index for index, name in enumerate(classes)}
    labels = [ids[_class_of(f, root)] if labelled else -1 for f in found]
    source = Source(
        name=f"folder {root}",
        labels=np.array(labels, np.int32),
        class_names=tuple(classes) if labelled else None,
        paths=np.array(found),
    )
    return source.subset(_cut(np.arange(len(found)), cut, shuffle=True))


def _split_folder(path, split):
    folders = {
        entry.rstrip("/"): os.path.join(path, entry)
        for entry in tf.io.gfile.listdir(path)
        if tf.io.gfile.isdir(os.path.join(path, entry))
    }
    known = {name for names in SPLIT_FOLDERS.values() for name in names}
    if not folders or not set(folders) <= known:
        if split not in SPLIT_FOLDERS:
            raise ValueError(_no_split(path, split, list(SPLIT_FOLDERS)))
        return path
    for candidate in (split, *SPLIT_FOLDERS.get(split, ())):
        if candidate in folders:
            return folders[candidate]
    raise ValueError(_no_split(path, split, sorted(folders)))


def _images_below(root):
    return sorted(
        os.path.join(folder, file)
        for folder, _, files in tf.io.gfile.walk(root)
        for file in files
        if file.lower().endswith(EXTENSIONS)
    )


def _class_of(file, root):
    """Name of the folder directly below the root; "" for none."""
    below = os.path.relpath(file, root).split(os.sep)
    return below[0] if len(below) > 1 else ""


def open_tfds(name, split="train", data_dir=None, download=False):
    """A TFDS data set, its images kept encoded in memory."""
    import tensorflow_datasets as tfds

    builder = _tfds_builder(tfds, name, data_dir)
    if download:
        builder.download_and_prepare()
    _check_prepared(builder, name, split, data_dir)
    encoded, labels = _read_tfds(tfds, builder, split)
    return Source(
        name=f"{name} ({split})",
        labels=labels,
        class_names=_tfds_classes(builder),
        encoded=encoded,
    )


def _tfds_builder(tfds, name, data_dir):
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        known = tfds.list_builders()
        near = difflib.get_close_matches(name, [*known, "digits"], n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            "`dataset` must be digits, folder:PATH or the name of a TFDS data "
            f"set. Received: dataset={name!r}{hint}"
        ) from None
    except ValueError as error:  # an unknown config of a known data set
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"`dataset` {name!r} cannot be opened: {reason}"
        ) from None


def _check_prepared(builder, name, split, data_dir):
    wanted, _ = _parse_split(split)
    if not builder.is_prepared():
        raise ValueError(
            f"The data set {name!r} is not in {builder.data_dir}: point "
            "--data_dir at the directory that holds it, or let TFDS fetch it "
            "with --download."
        )
    if wanted not in builder.info.splits and wanted != "all":
        raise ValueError(_no_split(name, split, list(builder.info.splits)))


def _read_tfds(tfds, builder, split):
    """All encoded images and labels of a split, in the order of its files."""
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    labelled = "label" in builder.info.features
    encoded, labels = [], []
    for example in dataset.batch(1024):
        encoded.extend(example["image"].numpy())
        size = len(example["image"])
        ids = example["label"].numpy() if labelled else [UNLABELLED] * size
        labels.extend(ids)
    return np.array(encoded, object), np.array(labels, np.int32)


def _tfds_classes(builder):
    features = builder.info.features
    label = features["label"] if "label" in features else None
    names = getattr(label, "names", None)
    if names is None and getattr(label, "num_classes", None):
        names = [str(index) for index in range(label.num_classes)]
    return tuple(names) if names else None


def from_dataset(dataset, class_names=None):
    """A `tf.data.Dataset` of images, or of (image, label) pairs, of one size.

    Args:
      dataset: Unbatched; images uint8, or float in [0, 1].
      class_names: Names of the classes; numbers unless given.

    Raises:
      ValueError: If an image is outside [0, 1] or sizes differ.
    """
    labelled = isinstance(dataset.element_spec, tuple)
    pairs = dataset if labelled else dataset.map(lambda x: (x, UNLABELLED))
    rows = [(np.asarray(x), int(y)) for x, y in pairs.as_numpy_iterator()]
    if not rows:
        raise ValueError("The data set given holds no example.")
    if len({image.shape for image, _ in rows}) > 1:
        raise ValueError(
            "The images of a `tf.data.Dataset` must have one size: resize "
            "them, or put them in a folder and give folder:PATH."
        )
    images = to_pixels(np.stack([image for image, _ in rows]))
    labels = np.array([label for _, label in rows], np.int32)
    if class_names is None and labelled:
        class_names = tuple(str(i) for i in range(labels.max() + 1))
    return Source("the data set given", labels, class_names, images)


def to_pixels(images):
    """Images as they are kept: uint8, or float32 in [0, 1]."""
    if images.dtype == np.uint8:
        return images
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            "Images must be in [0, 1], or uint8: divide by what is white, and "
            f"apply no mean or deviation. Received: from {low:g} to {high:g}"
        )
    return images.astype(np.float32)


def _parse_split(split):
    """ "train[:10%]" to ("train", (None, "10%"))."""
    match = re.fullmatch(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?", split)
    if match is None:
        if "+" in split:  # TFDS reads it by itself
            return split.split("[")[0].split("+")[0], (None, None)
        raise ValueError(
            "A split must be a name, or a name with a slice such as "
            f"'train[:10%]'. Received: {split!r}"
        )
    return match[1], (match[2], match[3])


def _cut(indices, cut, shuffle=False):
    """The part of the indices that a slice names.

    Files come sorted by class, so a slice is taken from a shuffled order,
    always the same one.
    """
    if cut == (None, None):
        return indices
    if shuffle:
        indices = np.random.Generator(np.random.PCG64(0)).permutation(indices)

    def bound(text):
        if text is None or not text.endswith("%"):
            return text if text is None else int(text)
        return round(len(indices) * int(text[:-1]) / 100)

    return np.sort(indices[bound(cut[0]) : bound(cut[1])])


def _no_split(name, split, known):
    return (
        f"The data set {name!r} has the splits {', '.join(known)}. "
        f"Received: split={split!r}"
    )
