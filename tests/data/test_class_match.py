"""Data that take a classifier's numbers for their classes, by name."""

import numpy as np
import pytest

from simclrv2_tf.data.class_match import OtherClassesError
from simclrv2_tf.data.class_match import lacking_words
from simclrv2_tf.data.class_match import renumber
from simclrv2_tf.data.class_match import same_classes
from simclrv2_tf.data.class_match import unknown_classes
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory


def data(labels, names):
    images = np.zeros((len(labels), 2, 2, 3), np.uint8)
    return Source(
        "pictures", np.array(labels, np.int32), InMemory(images), names
    )


def test_another_order():
    source = renumber(
        data([0, 1, 2, -1], ("0", "2", "10")), ["0", "10", "2"], "A"
    )
    assert source.class_names == ("0", "10", "2")
    assert source.labels.tolist() == [0, 2, 1, -1]
    assert source.labels.dtype == np.int32


def test_some_of_the_classes():
    source = renumber(data([1, 0], ("a", "c")), ["a", "b", "c"], "A")
    assert source.class_names == ("a", "b", "c")
    assert source.labels.tolist() == [2, 0]


def test_classes_without_a_label_are_named():
    assert lacking_words(data([1, 0, -1], ("a", "b"))) == ""
    assert lacking_words(data([-1], None)) == ""
    assert lacking_words(data([-1, 1], ("a", "b", "c"))) == (
        "; none of these images is labelled 'a', 'c', which are not measured"
    )


def test_what_fits_already_stays():
    for source in (data([1, 0], ("a", "b")), data([-1], None)):
        assert renumber(source, ["a", "b"], "A") is source


@pytest.mark.parametrize(
    ("names", "unknown"),
    [(("a", "z"), "z"), (("0", "1"), "0, 1"), (("A", "b"), "A")],
)
def test_other_classes_are_named(names, unknown):
    message = (
        f"A network and .* Received: {unknown} in pictures, which are not "
        "among a, b: .*--label_map"
    )
    with pytest.raises(OtherClassesError, match=message):
        renumber(data([0, 1], names), ["a", "b"], "A network")


def test_zeros_before_a_number_matter_but_for_runs_of_earlier_versions():
    names, known = ("001", "002", "x"), ["1", "2", "x"]
    assert unknown_classes(names, known) == ["001", "002"]
    assert unknown_classes(names, known, as_written=False) == []
    assert not same_classes(names, known)
    assert same_classes(names, known, as_written=False)
    old = renumber(data([1, 2, 0], names), known, "A", as_written=False)
    assert old.class_names == ("1", "2", "x")
    assert old.labels.tolist() == [1, 2, 0]
    floats = renumber(data([1, 0], ("0", "1")), ["0.0", "1.0"], "A", False)
    assert floats.labels.tolist() == [1, 0]


def test_the_same_classes_in_whatever_order():
    assert same_classes(("b", "a"), ["a", "b"])
    assert not same_classes(("a",), ["a", "b"])
    assert not same_classes(("a", "b", "c"), ["a", "b"])
