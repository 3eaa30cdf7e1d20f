"""scikit-learn's handwritten digits: data that is always there."""

from __future__ import annotations

import importlib.util
import pathlib

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.storage import InMemory

SPLITS = ("train", "test")
DIGITS, TEST = 1797, 360
# A bit for each digit, set for those of testing: what scikit-learn's
# `train_test_split` chooses of them, stratified, with `random_state=0`.
_TESTED = bytes.fromhex(
    "000004883524104000064100934205001a00080100240028062c12001000940a"
    "009019120420f8a0028110a000080a8820441524494240a00a0000004004d800"
    "00818020004805c400104008a0100005404800301000020ec409000224840083"
    "a8013c20a6980a0000000b08400804a0184802024041c1008004404684376a81"
    "0216004480004042a0a4180a5000840b8561c608108008004c80c02004068e00"
    "010882008100380803c008190000100e01008410a0210033282904c044c08068"
    "0e0102830082008822a6402c24042108a860809081a00c02820242120138a415"
    "00"
)


def open_digits(split: str = "train") -> Source:
    """scikit-learn's 1,797 handwritten digits, 8×8 pixels, ten classes.

    1,437 are for training and 360 for testing, the same ones always.

    Args:
      split: "train" or "test", or "validation" for the latter, perhaps with a
        slice.

    Raises:
      ValueError: If it is another split, or a sum of splits.
    """
    name, bounds = choose_split(SPLITS, split, "digits")
    tested = np.unpackbits(np.frombuffer(_TESTED, np.uint8), count=DIGITS)
    chosen = cut(np.flatnonzero(tested == (name != "train")), bounds)
    rows = _read()[chosen]  # 64 pixels of 0 to 16, and the label
    gray = np.round(rows[:, :-1] * (255 / 16)).astype(np.uint8)
    return Source(
        name=f"digits ({split})",
        labels=rows[:, -1].astype(np.int32),
        storage=InMemory(np.repeat(gray.reshape(-1, 8, 8, 1), 3, axis=-1)),
        class_names=tuple(str(digit) for digit in range(10)),
    )


def _read():
    """What `sklearn.datasets.load_digits` reads, not importing it."""
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise ImportError("the digits are a part of scikit-learn: install it")
    path = pathlib.Path(package.origin).parent / "datasets/data/digits.csv.gz"
    return np.loadtxt(path, np.uint8, delimiter=",")
