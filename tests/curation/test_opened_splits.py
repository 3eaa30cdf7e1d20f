"""Splits that are compared with each other: each image is there once."""

import collections

import numpy as np
import pytest
from data_files import WRITERS
from data_files import rows
from tfds_files import image_and_label
from tfds_files import write_tfds

from simclrv2_tf.config import Config
from simclrv2_tf.curation import opened_splits
from simclrv2_tf.curation.pool import open_pool
from simclrv2_tf.data.splits import NoSplitError

SIZES = {"train": 8, "test": 4, "unlabelled": 6}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The directory of a TFDS data set without a split "validation"."""
    directory = tmp_path_factory.mktemp("tfds")
    noise = np.random.default_rng(0).integers(0, 255, (18, 8, 8, 3), np.uint8)
    ends = np.cumsum(list(SIZES.values()))
    images = np.split(noise, ends[:-1])
    splits = {
        split: {"image": own, "label": np.arange(len(own)) % 2}
        for split, own in zip(SIZES, images, strict=True)
    }
    features = image_and_label((8, 8, 3), ["a", "b"])
    return write_tfds(directory, features, splits)


def sizes(config):
    pool = open_pool(config)
    count = pool.source.num_examples
    shown = {bytes(pool.source.encoded_bytes(n)) for n in range(count)}
    assert len(shown) == count
    return dict(collections.Counter(pool.splits.tolist()))


def test_all_splits_of_a_prepared_data_set_are_looked_at(prepared):
    """Its test split was taken for that of evaluation, and not opened."""
    assert sizes(Config(dataset=prepared)) == SIZES


@pytest.mark.parametrize(
    ("train", "others"),
    [
        ("train+unlabelled", {"test": 4}),
        ("train[:50%]+unlabelled", {"test": 4}),
        ("all", {}),
        ("test", {"train": 8, "unlabelled": 6}),
    ],
)
def test_splits_of_a_sum_are_not_opened_again(prepared, train, others):
    """Every image of them was a near-duplicate of itself."""
    counts = sizes(Config(dataset=prepared, train_split=train))
    assert {n: c for n, c in counts.items() if n != train} == others
    assert sum(counts.values()) <= sum(SIZES.values())


def test_a_split_that_is_named_must_be_there(prepared):
    config = Config(dataset=prepared, eval_split="validation")
    with pytest.raises(NoSplitError, match="--eval_split=validation must"):
        open_pool(config)


def test_a_test_split_to_train_on_does_not_stand_in(tmp_path):
    """Where there is no other to evaluate on, files have it do so."""
    for name in ("train", "test"):
        WRITERS["npz"](tmp_path / f"{name}.npz", rows())
    config = Config(dataset=f"npz:{tmp_path}", train_split="test")
    parts = opened_splits.open_splits(config)
    assert list(parts) == ["test", "train"]


def test_a_sum_reads_the_splits_that_it_names():
    def read(split, known=("train", "val", "more")):
        return opened_splits.read_by(split, known, "x")

    assert read("train[:10%]+more") == {"train", "more"}
    assert read("all") == {"train", "val", "more"}
    assert read("validation[50%:]") == {"val"}
    assert read("validation[50%:]", ["train"]) == {"train"}
    assert read("validation", ["train"]) == set()
    assert read("a+b", ["train", "a+b"]) == {"a+b"}
