"""A data set: what it knows of an example."""

import numpy as np
import pytest

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.concat import join
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Files
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


def test_an_example_is_named_by_its_number_in_the_data_set(source):
    assert source.where(2) == "example 2 of x"
    some = source.subset(np.array([2, 1])).subset(np.array([1, 0]))
    assert [some.where(n) for n in range(2)] == [
        "example 1 of x",
        "example 2 of x",
    ]
    assert source.part(np.array([2])).where(0) == "example 0 of x"


def test_the_file_that_an_example_is_in_stays(tmp_path):
    files = np.array(["a", "b"])
    ranges = ByteRanges(files, np.arange(2), np.zeros(2), np.ones(2))
    source = Source("x", np.array([-1, -1], np.int32), ranges)
    some = source.remaining(np.array([1]))
    assert some.where(0) == "example 1 of x, in b,"
    joined = join("all", [some, source], None).subset(np.array([2, 0]))
    assert joined.where(0) == "example 2 of all, in example 1 of x, in b,,"
    assert joined.where(1) == "example 0 of all, in example 1 of x, in b,,"


def test_a_file_is_named_by_its_path():
    files = Files(np.array(["example 0 of x", "b.png"]))
    source = Source("x", np.array([-1, -1], np.int32), files)
    assert source.subset(np.array([1])).where(0) == "b.png"
