"""CIFAR-10 as one file of arrays, which both sides read.

python -m tools.benchmarks.peers.cifar_npz TFDS_DATA FILE
"""

import os
import pathlib
import sys


def write(data_dir, path):
    """Writes x_train, y_train, x_test and y_test, seen whole or not at all."""
    import numpy as np
    import tensorflow_datasets as tfds

    arrays = {}
    for split in ("train", "test"):
        loaded = tfds.load("cifar10", split=split, data_dir=data_dir)
        rows = list(tfds.as_numpy(loaded))
        arrays[f"x_{split}"] = np.stack([row["image"] for row in rows])
        arrays[f"y_{split}"] = np.array([row["label"] for row in rows])
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.tmp")
    with staged.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(staged, path)


if __name__ == "__main__":
    write(*sys.argv[1:])
