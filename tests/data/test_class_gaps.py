"""Numbers of classes that no image is labelled with."""

import dataclasses

import numpy as np
import pytest

from simclrv2_tf.data import class_match
from simclrv2_tf.data import sources
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.class_gaps import gap_notes

PIXELS = np.zeros((70, 4, 4, 3), np.uint8)


def opened(tmp_path, labels):
    """Images in a file whose labels take turns."""
    labels = np.resize(labels, len(PIXELS))
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=labels)
    return sources.open_source(f"npz:{tmp_path}/a.npz")


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ("13579", "2, 4, 6, 8"),
        ("0138", "2, 4, 5, 6, 7"),
        (["3"], "1, 2"),
        (["1", "10"], "2, 3, 4, 5, 6, 7, 8, 9"),
        (["0", "1700000000"], "1, 2, 3, 4, 5, 6, 7, 8, ..."),
        (["0", "9" * 9999], "1, 2, 3, 4, 5, 6, 7, 8, ..."),
        (["9", "1", "2"], "3, 4, 5, 6, 7, 8"),
    ],
)
def test_numbers_below_the_largest(names, missing):
    (note,) = gap_notes(names)
    assert note.startswith(f"no image is labelled {missing}, while the largest")


@pytest.mark.parametrize(
    "names",
    ["0123", "123", "1", "0", (), None, ["a", "3"], ["001", "003"], "2310"],
)
def test_classes_without_gaps(names):
    assert gap_notes(names) == ()


def test_few_classes_of_a_classifier_are_matched_by_name(tmp_path):
    """They were refused, whatever was asked about them."""
    source = opened(tmp_path, [1, 3, 5, 7, 9])
    assert source.class_names == tuple("13579")
    numbered = class_match.renumber(source, tuple("9876543210"), "The network")
    assert set(numbered.labels) == {8, 6, 4, 2, 0}
    assert "no image is labelled 2, 4, 6, 8, while" in source.notes[0]


def test_a_new_classifier_wants_all_numbers(tmp_path):
    source = opened(tmp_path, [0, 2])
    message = (
        "The class 1 has no example in npz:.*, while the largest label is 2: "
        "number classes from 0 or 1 without gaps, or name them with --label_map"
    )
    for one in (source, source.subset(np.arange(4)), source.with_labels([1])):
        with pytest.raises(ValueError, match=message):
            check_no_gaps(one)
    named = dataclasses.replace(source, notes=())  # as those of folders are
    check_no_gaps(named)
    check_no_gaps(class_match.renumber(source, ("2", "1", "0"), "The run"))
    check_no_gaps(opened(tmp_path, [1, 2, 3]))
