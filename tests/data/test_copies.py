"""Images that two data sets share, byte for byte."""

import dataclasses

import numpy as np
import pytest

from simclrv2_tf.data.copies import digest
from simclrv2_tf.data.copies import find_copies
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory


def of(*images):
    storage = Encoded(np.array(images, object))
    return Source("these", np.zeros(len(images), np.int32), storage)


def test_each_copy_names_the_first_that_it_is_of():
    first = of(b"a", b"b", b"a", b"c")
    second = of(b"x", b"a", b"c", b"a")
    found = find_copies(first, second, 60)
    assert found == ({1: 0, 2: 3, 3: 0}, 8)


def test_the_order_says_which_copy_is_named():
    found = find_copies(of(b"a", b"b", b"a"), of(b"a"), 60, order=[2, 1, 0])
    assert found.pairs == {0: 2}


def test_pixels_are_compared_as_bytes_are():
    pixels = np.random.default_rng(0).integers(0, 255, (9, 4, 4, 3), np.uint8)
    source = Source("pixels", np.zeros(9, np.int32), InMemory(pixels))
    found = find_copies(source, source.subset(np.array([7, 2])), 60)
    assert found.pairs == {0: 7, 1: 2}


def test_what_cannot_be_read_is_no_copy(tmp_path):
    (tmp_path / "there").write_bytes(b"a")
    paths = [str(tmp_path / name) for name in ("there", "gone", "lost")]
    source = dataclasses.replace(
        of(b"", b"", b""), storage=Files(np.array(paths))
    )
    assert find_copies(source, source, 60).pairs == {0: 0}


def test_no_more_is_read_once_time_is_over():
    assert find_copies(of(b"a"), of(b"a"), -1) == ({}, 0)


@pytest.mark.parametrize("other", [b"b", np.array([97, 0], np.uint8)])
def test_other_images_have_other_digests(other):
    assert digest(b"a") != digest(other)
    assert digest(b"a") == digest(np.array([97], np.uint8))
