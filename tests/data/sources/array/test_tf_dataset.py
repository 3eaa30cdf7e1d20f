"""Labels of a `tf.data.Dataset`: the same classes as in files."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import PIXELS

from simclrv2_tf.data import sources


def slices(*tensors):
    return tf.data.Dataset.from_tensor_slices(tensors)


@pytest.mark.parametrize("kind", [int, np.uint8, np.float32, str])
@pytest.mark.parametrize("first", [0, 1])
def test_numbers_begin_at_0_or_1_as_in_an_npz(tmp_path, kind, first):
    labels = (LABELS + first).astype(kind)
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=labels)
    expected = sources.open_source(f"npz:{tmp_path}/a.npz")
    source = sources.from_dataset(slices(PIXELS, labels))
    assert source.class_names == expected.class_names
    assert source.labels.tolist() == expected.labels.tolist()


def test_numbers_may_be_unused():
    """As in a few images that a classifier of more classes is judged by."""
    source = sources.from_dataset(slices(PIXELS[:2], [2, 4]))
    assert source.class_names == ("1", "2", "3", "4")
    assert source.labels.tolist() == [1, 3]


@pytest.mark.parametrize("last", [1_700_000_002, 2**62])
@pytest.mark.parametrize("kind", [np.int64, str])
def test_ids_are_no_numbers_of_classes(kind, last):
    """A name for each number up to the last took all memory."""
    labels = np.array([last - 1, 0, last]).astype(kind)
    message = (
        "must number classes from 0 or 1. Received: 3 different labels in "
        f"the data set given, the largest of them {last}; number the classes"
    )
    with pytest.raises(ValueError, match=message):
        sources.from_dataset(slices(PIXELS[:3], labels))
    names = [f"class {label}" for label in labels]
    assert sources.from_dataset(slices(PIXELS[:3], names)).num_classes == 3


def test_numbers_of_a_large_classifier():
    source = sources.from_dataset(slices(PIXELS[:2], [0, 21_840]))
    assert source.num_classes == 21_841
