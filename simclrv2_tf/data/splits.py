"""Names of splits and their slices: "train", "train[:10%]"."""

import re

import numpy as np


def parse_split(split):
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


def cut(indices, bounds, shuffle=False):
    """The part of the indices that a slice names.

    Args:
      indices: int (examples,).
      bounds: First and last, as `parse_split` gives them.
      shuffle: Whether to cut a shuffled order, always the same one: files
        come sorted by class.

    Returns:
      The sorted part.
    """
    if bounds == (None, None):
        return indices
    if shuffle:
        indices = np.random.Generator(np.random.PCG64(0)).permutation(indices)
    start, stop = (_place(text, len(indices)) for text in bounds)
    return np.sort(indices[start:stop])


def _place(text, count):
    if text is None or not text.endswith("%"):
        return text if text is None else int(text)
    return round(count * int(text[:-1]) / 100)


def no_split(name, split, known):
    """The message for a split that is not there."""
    return (
        f"The data set {name!r} has the splits {', '.join(known)}. "
        f"Received: split={split!r}"
    )
