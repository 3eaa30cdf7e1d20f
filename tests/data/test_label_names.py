"""The one rule for labels: what counts as a class's name, and what does not."""

import numpy as np
import pytest

from simclrv2_tf.data.label_names import label_names


def where(index):
    return f"row {index} of the file 'a'"


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([3, 0, -1, None], ["3", "0", "", ""]),
        ([3.0, "3.0", "3.", np.float32(3), "3.000e+00"], ["3"] * 5),
        (
            ["001", "1", "-1", "-1.0", " ", b"cat"],
            ["001", "1", "", "", "", "cat"],
        ),
        (
            ["1e5", "none", "+1", "n01440764"],
            ["1e5", "none", "+1", "n01440764"],
        ),
        (
            ["tench, Tinca tinca", "sea lion"],
            ["tench, Tinca tinca", "sea lion"],
        ),
        (np.array([True, False]), ["1", "0"]),
        (np.array([2**64 - 1], np.uint64), ["18446744073709551615"]),
    ],
)
def test_labels_and_the_names_that_they_mean(values, names):
    assert label_names(values, where) == names


def test_numbers_of_classes_that_have_names():
    values = [1, -1, "0", 1.0, None, "bee"]
    expected = ["bee, wasp", "", "ant", "bee, wasp", "", "bee"]
    assert label_names(values, where, ["ant", "bee, wasp"]) == expected
    assert label_names(["None"], where, ["None"]) == ["None"]
    for wrong in (2, "2", 2.0):
        with pytest.raises(ValueError, match="label 2 in row 1 .*outside the"):
            label_names([0, wrong], where, ["ant", "bee"])
    with pytest.raises(ValueError, match="'a' for 2 of 3 classes"):
        label_names([0], where, ["a", "b", "a"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0, 1], r"Received: \[0, 1\] in row 1 of the file 'a'; give each"),
        ([b"sky", b"sea"], r"Received: \[sky, sea\] in row 1"),
        (np.array([1]), r"Received: \[1\] in row 1"),
        ({"a": 1}, r"Received: \{'a': 1\} in row 1"),
        (20.29, "Received: 20.29 in row 1 .*no fractions"),
        ("20.29", "Received: '20.29' in row 1 .*no fractions"),
        (float("nan"), "Received: nan in row 1 .*leave the label .* empty"),
        ("-Infinity", "Received: '-Infinity' in row 1 .*empty"),
        ("N/A", "Received: 'N/A' in row 1 .*empty, or give a class of that"),
        (b"None", "Received: 'None' in row 1"),
        (-2, "Received: -2 in row 1 .*number classes from 0 or 1"),
        ("-2.0", "Received: -2 in row 1"),
        (b"\xff", r"Received: b'\\xff' in row 1 .*UTF-8"),
        ("a|b", r"Received: 'a\|b' in row 1 .*give each image one class"),
        ("a;b", "Received: 'a;b' in row 1"),
        ("a,b", "Received: 'a,b' in row 1"),
        ("a\nb", r"Received: 'a\\nb' in row 1"),
        ("0 0 1", "Received: '0 0 1' in row 1"),
        ("['a', 'b']", "Received: .*'a', 'b'.* in row 1"),
    ],
)
def test_what_is_no_class(value, message):
    with pytest.raises(ValueError, match=message):
        label_names(["a", value], where)


@pytest.mark.parametrize("several", ["scab, rust", "scab, rust scab"])
def test_names_whose_parts_are_classes_too(several):
    with pytest.raises(ValueError, match=f"'{several}' in row 2"):
        label_names(["scab", "rust", several], where)


def test_names_whose_words_are_classes_too(caplog):
    values = ["black", "bear", "black bear", "brown bear", "bear black"]
    for _ in range(2):
        assert label_names(values, where) == values
    assert caplog.messages == [
        "each is taken for one class, though its words are classes too: "
        "'black bear', 'bear black', the first in row 2 of the file 'a'; "
        "where several classes are meant, give each image one class, by its "
        "name or number"
    ]
