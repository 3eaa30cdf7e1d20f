"""Data that take a classifier's numbers for their classes, by name."""

import dataclasses

import numpy as np
import pytest

from simclrv2_tf.data.class_match import OtherClassesError
from simclrv2_tf.data.class_match import goes_by_number
from simclrv2_tf.data.class_match import lacking_words
from simclrv2_tf.data.class_match import renumber
from simclrv2_tf.data.class_match import same_classes
from simclrv2_tf.data.class_match import unknown_classes
from simclrv2_tf.data.class_match import without_numbers
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


DIGITS = tuple("0123456789")
WORDS = ("zero", "one", "two")


def mapped(labels, names):
    """Data whose label map gives classes as numbers."""
    return dataclasses.replace(data(labels, names), numbered=True)


def test_numbers_of_a_label_map_count_where_labels_are_numbers(caplog):
    """Label 9 stands for class 0, and so on, as `9,0` in a map says."""
    source = mapped([0, 9, -1], DIGITS[::-1])
    found = renumber(source, DIGITS, "A")
    assert found.labels.tolist() == [0, 9, -1]
    assert found.class_names == DIGITS and not found.numbered
    assert (
        "labels of pictures count as classes of other names, by the numbers "
        "that --label_map gives them: '9' as '0', '8' as '1', "
    ) in caplog.text
    by_name = renumber(without_numbers(source), DIGITS, "A")
    assert by_name.labels.tolist() == [9, 0, -1]


def test_numbers_of_a_label_map_need_no_known_names():
    found = renumber(mapped([2, 0, -1], WORDS), DIGITS, "A")
    assert found.labels.tolist() == [2, 0, -1]
    assert found.class_names == DIGITS
    part_known = renumber(mapped([1, 0], ("kitten", "dog")), ("cat", "dog"), "")
    assert part_known.labels.tolist() == [1, 0]
    many = mapped([2, 0], WORDS)
    message = (
        "A network and .*by the numbers that --label_map gives. Received: 0 "
        "to 2 in pictures, and 0 to 1, cat, dog: map each label to one of"
    )
    with pytest.raises(OtherClassesError, match=message):
        renumber(many, ("cat", "dog"), "A network")


def test_a_word_that_is_known_is_its_class_whatever_its_number():
    source = mapped([0, 1], ("dog", "cat"))
    assert not goes_by_number(source, ("cat", "dog"))
    assert renumber(source, ("cat", "dog"), "A").labels.tolist() == [1, 0]
    trained = mapped([0, 1], ("dog", "cat"))  # with the same map
    assert renumber(trained, ["dog", "cat"], "A") is trained


def test_the_error_says_what_to_do_in_python_too():
    message = (
        "with --label_map where the data set has a name; a tf.data.Dataset "
        "takes the names as labels, and a Source as its class_names"
    )
    with pytest.raises(OtherClassesError, match=message):
        renumber(data([0, 1], ("0", "1")), ["cat", "dog"], "The network's run")
