"""A job says where it is evaluated on images that it trains on."""

import numpy as np
import pytest

from simclrv2_tf.recipes.images import leakage
from simclrv2_tf.recipes.images.job_data import JobData
from tests.recipes.images.test_job_data import source


def data(evaluation, labelled=(0, 1, 2)):
    """Ten images to train on, and one to evaluate on for each number.

    Those below 0 are in no training set.
    """
    train = source([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    pixels = train.storage.subset(np.maximum(evaluation, 0))
    held = source([0] * len(evaluation))
    images = np.stack(
        [
            pixels.read(i) if number >= 0 else held.storage.read(i) + 1
            for i, number in enumerate(evaluation)
        ]
    )
    storage = type(held.storage)(images)
    held = type(held)("held out", held.labels, storage, held.class_names)
    return JobData(train, held, np.array(labelled), {}, "")


def test_copies_are_counted_and_one_is_named():
    (said,) = leakage.notes(data([-1, 1, 7, -1]))
    assert said.startswith(
        "train/test leakage: 2 of the 4 images that accuracy is measured on "
        "are trained on too, byte for byte, 1 of them with a label ("
    )
    assert "example 1 of held out = example 1 of these" in said


def test_nothing_is_said_where_there_is_none():
    assert leakage.notes(data([-1, -1])) == []
    train = source([0, 1, 2])
    assert leakage.notes(JobData(train, None, np.array([0]), {}, "")) == []


def test_a_search_that_was_not_ended_says_so():
    (said,) = leakage.notes(data([1, -1]), seconds=-1)
    assert said == (
        "train/test leakage was looked for in 0 of 12 images, for -1 seconds"
    )


@pytest.mark.parametrize("labelled", [(1,), (4, 1)])
def test_a_labelled_copy_counts_before_others(labelled):
    (said,) = leakage.notes(data([1], labelled))
    assert "1 of them with a label" in said
