"""How much work a probe of the features is."""

import pytest

from simclrv2_tf.recipes.rules import probe_effort


@pytest.mark.parametrize(
    ("shape", "classes", "repeats"),
    [
        ((50, 3072), 10, 5),
        ((500, 3072), 10, 5),
        ((500, 6144), 10, 5),
        ((992, 512), 62, 5),
        ((992, 1024), 62, 2),
        ((992, 3072), 62, 1),
        ((1000, 512), 10, 1),
    ],
)
def test_large_cross_validations_are_repeated_less(shape, classes, repeats):
    assert probe_effort.repeats(shape, classes) == repeats


def test_a_probe_takes_two_labels_of_a_class_or_more():
    assert probe_effort.of_class(10) == 100
    assert probe_effort.of_class(5_000) == 2
