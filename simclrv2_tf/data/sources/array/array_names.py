"""What the names of a file's arrays say: a split, and images or labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.splits import same_split

Shapes = Mapping[str, tuple[int, ...]]


def usual_arrays(shapes: Shapes, usual: Sequence[str]) -> dict[str | None, str]:
    """Dictionary from splits, None for no name, to arrays of usual names.

    Args:
      shapes: {array: its shape}.
      usual: Names without those of splits, the likeliest first.
    """
    by_split = {}
    for name in reversed(usual):  # the likeliest last, which stays
        for key in shapes:
            splits, rest = _apart(key)
            if rest == name and len(splits) <= 1:
                by_split[split_of(key)] = key
    return by_split


def split_of(key: str) -> str | None:
    """The only split that an array's name has, None for none."""
    splits, _ = _apart(key)
    return splits[0] if len(splits) == 1 else None


def _apart(key):
    """The splits in an array's name, and the rest of it."""
    words = re.split(r"[_\-. ]+", key.lower())
    rest = "_".join(word for word in words if word not in KNOWN)
    return [word for word in words if word in KNOWN], rest


def named_labels(
    path: str, label: str, images: Mapping[str | None, str], shapes: Shapes
) -> dict[str | None, str]:
    """The array of labels for each split, where one array is named.

    It is that of one split: the one that its name has, or else the only one
    with as many images. Others have the array that is called alike.

    Args:
      path: The file, for messages.
      label: Name of the array that an option names.
      images: {split: its array of images}.
      shapes: {array: its shape}.

    Returns:
      {split: array of labels}, without splits that have none.

    Raises:
      ValueError: If the array may belong to several splits.
    """
    if len(images) == 1:
        return dict.fromkeys(images, label)
    own = _owner(path, label, images, shapes)
    _, rest = _apart(label)
    others = {split_of(key): key for key in shapes if _apart(key)[1] == rest}
    labels = {
        split: label if key == own else _of_split(others, split)
        for split, key in images.items()
    }
    return {split: key for split, key in labels.items() if key}


def _owner(path, label, images, shapes):
    """The array of images that an array of labels belongs to."""
    named = _of_split(images, split_of(label))
    if named:
        return named
    count = shapes[label][:1]
    fitting = [key for key in images.values() if shapes[key][:1] == count]
    if len(fitting) == 1:
        return fitting[0]
    raise ValueError(
        f"The labels {label!r} of {path!r} must say in their name which "
        "images they belong to, as labels_train and x_train do. Received: the "
        f"images {listed(list(images.values()))}; rename the labels, or name "
        "their images with --image_feature"
    )


def _of_split(arrays, split):
    """The array of a split, or of one that means the same; None for none."""
    if split is None:
        return arrays.get(None)
    same = same_split([name for name in arrays if name], split)
    return arrays[same] if same else None
