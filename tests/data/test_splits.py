"""Names of splits, and the parts that slices cut from them."""

import numpy as np
import pytest

from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.splits import names_in
from simclrv2_tf.data.splits import parse_split


@pytest.mark.parametrize("name", ["hold-out", "fold 1", "val.2", "a (b)"])
def test_names_with_other_signs(name):
    known = ("train", name)
    assert choose_split(known, name, "x") == (name, (None, None))
    assert choose_split(known, f"{name}[5:-10%]", "x") == (name, ("5", "-10%"))
    assert parse_split(name) == (name, (None, None))


def test_a_name_that_is_known_is_taken_as_it_is():
    for name in ("a+b", "fold[1]"):
        assert choose_split(("train", name), name, "x") == (name, (None, None))


@pytest.mark.parametrize("split", ["train[a]", "train[1:2", "", "-", "[:5]"])
def test_what_names_no_split(split):
    with pytest.raises(ValueError, match="A split must be a name, or"):
        parse_split(split)


@pytest.mark.parametrize(
    ("bounds", "count", "expected"),
    [
        (("-1%", None), 400, [396, 397, 398, 399]),
        (("-10%", None), 14, [13]),
        (("-150%", None), 3, [0, 1, 2]),
        ((None, "-1%"), 3, [0, 1, 2]),
        (("50%", "-25%"), 8, [4, 5]),
        (("-2", None), 5, [3, 4]),
    ],
)
def test_slices_from_the_end(bounds, count, expected):
    assert cut(np.arange(count), bounds).tolist() == expected


def test_a_small_share_of_few_images_is_none():
    """It was all of them: minus nothing is the beginning."""
    with pytest.raises(ValueError, match=r"slice \[-1%:\] must hold an image"):
        cut(np.arange(40), ("-1%", None))


def test_a_sum_names_its_splits():
    assert names_in("train[:50%] + more") == {"train", "more"}
    assert names_in("test[5:]") == {"test"}
