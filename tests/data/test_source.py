"""A data set: what it knows of an example."""

import numpy as np
import pytest

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory


@pytest.fixture
def source():
    images = InMemory(np.zeros((3, 2, 2, 3), np.uint8))
    return Source("x", np.array([1, -1, 0], np.int32), images, ("a", "b"))


def test_the_class_of_an_example(source):
    assert [source.class_of(n) for n in range(3)] == ["b", "", "a"]
    some = source.subset(np.array([2, 1]))
    assert [some.class_of(n) for n in range(2)] == ["a", ""]


def test_without_labels_there_is_no_class():
    images = InMemory(np.zeros((1, 2, 2, 3), np.uint8))
    unlabelled = Source("x", np.array([-1], np.int32), images)
    assert unlabelled.class_of(0) == ""
