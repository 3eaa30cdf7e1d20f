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
