"""How classes are numbered, wherever their names come from."""

import pytest

from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import names_or_numbers
from simclrv2_tf.data.classes import number_classes


def test_numbers_go_by_size_and_before_other_names():
    names = ["b", "10", "2", "a", "0", "01", "1"]
    assert in_order(names) == ["0", "01", "1", "2", "10", "a", "b"]
    assert in_order(["9" * 9999, "8" * 9999, "1"])[1:] == [
        "8" * 9999,
        "9" * 9999,
    ]


def test_labels_are_places_among_the_names():
    labels, names = number_classes(["b", "", "10", "9"], None, "x", str)
    assert names == ("9", "10", "b")
    assert labels.tolist() == [2, -1, 1, 0]
    labels, names = number_classes(["b"], ("b", "a"), "x", str)
    assert (labels.tolist(), names) == ([0], ("b", "a"))
    labels, names = number_classes(["", ""], None, "x", str)
    assert (labels.tolist(), names) == ([-1, -1], None)


def test_numbers_without_an_example():
    """They are no classes, as are names that no example has."""
    for given in (["0", "2"], ["2", "3"], ["1", "3"], ["001", "003"]):
        for mapped in (False, True):
            labels, names = number_classes(given, None, "x", str, mapped=mapped)
            assert names == tuple(given)
            assert labels.tolist() == [0, 1]
    with pytest.raises(ValueError, match="'c' of 1 is outside .* x, .* a, b"):
        number_classes(["a", "c"], ("a", "b"), "x", str)


def test_a_label_outside_of_the_classes():
    with pytest.raises(ValueError, match="which are b, a; label some more"):
        number_classes(["c"], ("b", "a"), "x", str, remedy="; label some more")
    labels, names = number_classes(
        ["c", "a", "", "d"], ("b", "a"), "x", str, mapped=True
    )
    assert names == ("b", "a", "c", "d")
    assert labels.tolist() == [2, 1, -1, 3]


def test_the_first_names_that_are_as_many_as_the_classes():
    assert names_or_numbers(2, ("a", "b"), ["c", "d"]) == ["a", "b"]
    assert names_or_numbers(2, None, ["a"], ["c", "d"]) == ["c", "d"]
    assert names_or_numbers(2, None, ("a", "b", "c")) == ["0", "1"]
    assert names_or_numbers(0, ("a",), ()) == names_or_numbers(0) == []
