"""Images that are judged by their own labels."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import shared_images
from simclrv2_tf.inference.probes import probe_data


def digits(split, numbers=None):
    source = sources.open_digits(split)
    return source if numbers is None else source.subset(numbers)


def test_images_are_told_apart_by_their_numbers():
    train = digits("train")
    assert shared_images.shared(train, train) == train.num_examples
    assert shared_images.shared(train, digits("test")) == 0
    first, second = (digits("train", np.arange(n, n + 9)) for n in (0, 5))
    assert shared_images.shared(first, second) == 4


def test_other_arrays_of_one_name_are_no_shared_images():
    rng = np.random.default_rng(0)
    first, second = (
        Source(
            "arrays",
            np.zeros(3, np.int32),
            InMemory(rng.integers(0, 255, (3, 4, 4, 3), np.uint8)),
            ("ant",),
        )
        for _ in range(2)
    )
    assert shared_images.shared(first, second) == 0
    assert shared_images.shared(first, first) == 3


@pytest.mark.parametrize("given", [True, False])
def test_a_probe_on_the_split_it_learns_from_is_told(caplog, given):
    shared_images._warn.cache_clear()
    train, test = digits("train"), digits("test")
    probe_data.open_data(Config(), train, train if given else test)
    assert ("1437 of the 1437 images" in caplog.text) == given
    assert (
        "probes judge each of them by its own label" in caplog.text
    ) == given
