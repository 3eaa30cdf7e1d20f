"""scikit-learn's handwritten digits: data that is always there."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.splits import no_split
from simclrv2_tf.data.splits import parse_split
from simclrv2_tf.data.storage import InMemory

SPLITS = ("train", "test")
TEST = 360  # of 1,797, stratified


def open_digits(split: str = "train") -> Source:
    """scikit-learn's 1,797 handwritten digits, 8×8 pixels, ten classes.

    1,437 are for training and 360 for testing, the same ones always.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    train, test = train_test_split(
        np.arange(len(digits.target)),
        test_size=TEST,
        stratify=digits.target,
        random_state=0,
    )
    name, bounds = parse_split(split)
    if name not in ("train", "test", "validation"):
        raise NoSplitError(no_split("digits", split, SPLITS), SPLITS)
    chosen = cut(np.sort(train if name == "train" else test), bounds)
    gray = np.round(digits.images[chosen] * (255 / 16)).astype(np.uint8)
    return Source(
        name=f"digits ({split})",
        labels=digits.target[chosen].astype(np.int32),
        storage=InMemory(np.repeat(gray[..., None], 3, axis=-1)),
        class_names=tuple(str(name) for name in digits.target_names),
    )
