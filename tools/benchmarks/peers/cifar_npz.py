"""CIFAR-10 as files of arrays, which both sides read.

    python -m tools.benchmarks.peers.cifar_npz TFDS_DATA FOLDER

One file has all of it; in the other, for choosing, the last training images
stand in the place of the test images, which it does not hold.
"""

import os
import pathlib
import sys

WHOLE, CHOICE = "cifar10.npz", "cifar10_choice.npz"
LEARNT = 45_000  # training images that a choice learns from


def write(data_dir, folder):
    """Writes both files, each seen whole or not at all."""
    import numpy as np

    arrays = read(data_dir)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in ((CHOICE, choice(arrays, LEARNT)), (WHOLE, arrays)):
        staged = folder / f"{name}.tmp"
        with staged.open("wb") as file:
            np.savez(file, **parts)
        os.replace(staged, folder / name)


def read(data_dir):
    """x_train, y_train, x_test and y_test."""
    import numpy as np
    import tensorflow_datasets as tfds

    arrays = {}
    for split in ("train", "test"):
        loaded = tfds.load("cifar10", split=split, data_dir=data_dir)
        rows = list(tfds.as_numpy(loaded))
        arrays[f"x_{split}"] = np.stack([row["image"] for row in rows])
        arrays[f"y_{split}"] = np.array([row["label"] for row in rows])
    return arrays


def choice(arrays, learnt):
    """The first training images, and the others as those that are asked."""
    return {
        f"{kind}_{split}": arrays[f"{kind}_train"][part]
        for kind in "xy"
        for split, part in (
            ("train", slice(learnt)),
            ("test", slice(learnt, None)),
        )
    }


if __name__ == "__main__":
    write(*sys.argv[1:])
