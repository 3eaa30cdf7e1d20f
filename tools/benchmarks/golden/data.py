"""Batches of every kind of source: three of training, all of evaluation."""

import collections
from typing import Any

import numpy as np

from tools.benchmarks.golden import digest
from tools.benchmarks.golden import inputs

BATCH = 8
BATCHES = 3
SEED = 7

# A data set with DIR for where the inputs are, the side of its images, how it
# is opened and changed, and how `train_dataset` is to read it.
Case = collections.namedtuple(
    "Case",
    "dataset size opening change reading splits",
    defaults=(32, {}, None, {}, ("train", "validation")),
)
CIFAR = {"splits": ("train[:200]", "test[:100]"), "opening": {"data_dir": 1}}
MIXED = "folder:DIR/mixed"
CASES = {
    "folder": Case(MIXED),
    "folder, 96 px": Case(MIXED, 96),
    "folder of one size": Case("folder:DIR/even"),
    "folder, one channel": Case(MIXED, change="grey"),
    "folder, slices": Case(MIXED, splits=("train[:70%]", "train[70%:]")),
    "folder with a damaged image": Case(
        "folder:DIR/damaged",
        reading={"batch_size": inputs.MANY // BATCHES},
        splits=("train", "train"),
    ),
    "folder, one view": Case(MIXED, reading={"views": 1}),
    "folder from step 5": Case(MIXED, reading={"start_step": 5}),
    "folder, windows": Case(MIXED, reading={"shuffle_buffer": 6}),
    "folder, second of two workers": Case(
        MIXED, reading={"workers": 2, "worker": 1}
    ),
    "folder, label map": Case(MIXED, opening={"label_map": "DIR/joined.csv"}),
    "folder, label map of numbers": Case(
        MIXED, opening={"label_map": "DIR/turned.json"}
    ),
    "folder, cached": Case(MIXED, change="cached"),
    "folder of one size, cached": Case("folder:DIR/even", change="cached"),
    "csv": Case("csv:DIR/table.csv"),
    "tfrecord": Case("tfrecord:DIR/mixed-*.tfrecord"),
    "tfrecord, 96 px": Case("tfrecord:DIR/mixed-*.tfrecord", 96),
    "tfrecord of one size": Case("tfrecord:DIR/even-*.tfrecord"),
    "tfrecord, cached": Case("tfrecord:DIR/mixed-*.tfrecord", change="cached"),
    "tar": Case("tar:DIR/mixed-*.tar"),
    "parquet": Case("parquet:DIR/mixed-*.parquet"),
    "npz": Case("npz:DIR/arrays3.npz"),
    "npz, 96 px": Case("npz:DIR/arrays3.npz", 96),
    "npz, cached": Case("npz:DIR/arrays3.npz", change="cached"),
    "npz, one channel": Case("npz:DIR/arrays1.npz"),
    "npz, one channel as three": Case("npz:DIR/arrays1.npz", change="colour"),
    "npz, three channels as one": Case("npz:DIR/arrays3.npz", change="grey"),
    "npz, four channels": Case("npz:DIR/arrays4.npz"),
    "npz, four channels, 96 px": Case("npz:DIR/arrays4.npz", 96),
    "npz, floats": Case("npz:DIR/floats.npz"),
    "concat of paths": Case(f"concat:{MIXED},csv:DIR/table.csv"),
    "concat of kinds": Case(
        "concat:tar:DIR/mixed-*.tar,npz:DIR/arrays3.npz"
        ",parquet:DIR/mixed-*.parquet"
    ),
    "concat of arrays": Case("concat:npz:DIR/arrays3.npz,npz:DIR/arrays3.npz"),
    "cifar10": Case("cifar10", **CIFAR),
    "cifar10, 96 px": Case("cifar10", 96, **CIFAR),
    "cifar10, cached": Case("cifar10", change="cached", **CIFAR),
    "prepared": Case("DIR/prepared"),
    "prepared, 96 px": Case("DIR/prepared", 96),
    "digits": Case("digits", 16, splits=("train", "test")),
}


def measure(folder, data):
    inputs.write_all(folder)
    inputs.prepare(folder / "mixed", folder / "prepared")
    measured = {}
    for name, case in CASES.items():
        print("data:", name, flush=True)
        try:
            measured[name] = digests(case, folder, data)
        except Exception as error:  # the others are still worth comparing
            measured[name] = f"fails: {type(error).__name__}: {error}"
    return measured


def digests(case, folder, data):
    train, evaluated = (
        opened(case, split, folder, data) for split in case.splits
    )
    return {
        "classes": repr(train.class_names),
        **digests_of_training(train, case),
        **digests_of_evaluation(evaluated, case),
    }


def opened(case, split, folder, data):
    from simclrv2_tf.data.sources import open_source

    here = str(folder)
    opening = {
        name: str(data / "tfds") if name == "data_dir" else value
        for name, value in case.opening.items()
    }
    options: dict[str, Any] = {
        name: value.replace("DIR", here) for name, value in opening.items()
    }
    name = case.dataset.replace("DIR", here)
    return changed(open_source(name, split, **options), case.change)


def changed(source, change):
    from simclrv2_tf.data.cache import cached

    changes = {
        None: lambda: source,
        "cached": lambda: cached(source),
        "grey": lambda: source.with_channels(1),
        "colour": lambda: source.with_channels(3),
    }
    return changes[change]()


def digests_of_training(source, case):
    from simclrv2_tf.data.pipeline import train_dataset

    reading = {"batch_size": BATCH, "steps": BATCHES, **case.reading}
    batches = train_dataset(source, image_size=case.size, seed=SEED, **reading)
    views: list[np.ndarray] = []
    labels = []
    for made, known in batches.as_numpy_iterator():
        views += made if isinstance(made, tuple) else [made]
        labels.append(labels_of(source, known))
    return {
        "train views": digest.of_list(views),
        "train labels": digest.of_list(labels),
    }


def digests_of_evaluation(source, case):
    from simclrv2_tf.data.pipeline import eval_dataset

    batches = eval_dataset(source, BATCH, case.size)
    images, labels = [], []
    for seen, known in batches.as_numpy_iterator():
        images.append(seen)
        labels.append(labels_of(source, known))
    return {
        "eval images": digest.of_list(images),
        "eval labels": digest.of_list(labels),
    }


def labels_of(source, known):
    """Labels of a batch, from them or from the numbers of its examples."""
    if known.dtype == np.int64:
        return source.labels[known]
    return known
