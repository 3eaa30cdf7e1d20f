"""The digits are those of scikit-learn, split as it splits them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from simclrv2_tf.data.sources.digits import TEST
from simclrv2_tf.data.sources.digits import open_digits
from simclrv2_tf.data.splits import NoSplitError


@pytest.mark.parametrize("part", [0, 1])
def test_split_of_scikit_learn(part):
    digits = load_digits()
    split = train_test_split(
        np.arange(len(digits.target)),
        test_size=TEST,
        stratify=digits.target,
        random_state=0,
    )
    numbers = np.sort(split[part])
    source = open_digits(("train", "test")[part])
    images = source.storage.fetch()(np.arange(len(numbers)))
    np.testing.assert_array_equal(source.labels, digits.target[numbers])
    expected = np.round(digits.images[numbers] * (255 / 16))
    for channel in range(3):
        np.testing.assert_array_equal(images[..., channel], expected)
    names = tuple(str(name) for name in digits.target_names)
    assert source.class_names == names


@pytest.mark.parametrize(
    ("split", "count"), [("validation", 360), ("validation[:9]", 9)]
)
def test_validation_is_the_test_split(split, count):
    expected = open_digits(split.replace("validation", "test"))
    source = open_digits(split)
    assert source.num_examples == count
    np.testing.assert_array_equal(source.labels, expected.labels)


@pytest.mark.parametrize("split", ["train+test", "train[:9]+test"])
def test_a_sum_of_splits_is_refused(split):
    """It was the first of them alone."""
    with pytest.raises(ValueError, match="Sums of splits are for TFDS data"):
        open_digits(split)


def test_a_split_that_is_not_there():
    message = "'digits' has the splits train, test. Received: split='extra'"
    with pytest.raises(NoSplitError, match=message):
        open_digits("extra")
