"""Health: closed forms of its numbers, and what it warns of."""

import math

import numpy as np
import pytest

from simclrv2_tf.runs.monitoring import health

RNG = np.random.default_rng(0)


def test_alignment_of_equal_and_opposite_views():
    x = RNG.normal(size=(5, 4))
    assert health.alignment(x, 3 * x) == pytest.approx(0, abs=1e-12)
    assert health.alignment(x, -x) == pytest.approx(4)


def test_uniformity_in_closed_form():
    assert health.uniformity(np.ones((4, 3))) == pytest.approx(0, abs=1e-9)
    assert health.uniformity(np.array([[1, 0], [-2, 0]])) == pytest.approx(-8)
    assert health.uniformity(np.eye(3)) == pytest.approx(-4)


def test_uniformity_equals_its_naive_twin():
    x = RNG.normal(size=(6, 3))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    pairs = [
        math.exp(-2 * np.sum((unit[i] - unit[j]) ** 2))
        for i in range(6)
        for j in range(i)
    ]
    assert health.uniformity(x) == pytest.approx(math.log(np.mean(pairs)))


@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_effective_rank_in_closed_form(scale):
    both = scale * np.concatenate([np.eye(5), -np.eye(5)])
    assert health.effective_rank(both) == pytest.approx(5)
    line = scale * np.outer([-1, 0, 1], [1, 2, 3])
    assert health.effective_rank(line) == pytest.approx(1)
    assert health.effective_rank(scale * np.ones((4, 3))) == 0


def test_inactive_channels_are_counted_over_layers():
    assert (
        health.inactive_share([np.array([0, 1]), np.array([2, 0, 0, 3])]) == 0.5
    )


def test_chance_is_that_of_both_directions():
    assert health.chance_loss(128) == pytest.approx(2 * math.log(255))
    assert health.chance_found(128) == pytest.approx(1 / 128)


def test_neighbours_are_others_of_the_same_direction():
    x = np.array([[1, 0], [5, 0.1], [0, 1], [0.1, 7], [-1, -1]])
    labels = np.array([0, 0, 1, 2, 0])
    assert health.neighbour_accuracy(x, labels) == pytest.approx(3 / 5)
    assert health.neighbour_accuracy(np.full((3, 2), np.nan), labels[:3]) == 0


SOUND = {
    "gradient_norm": 1.0,
    "skipped_since": 0,
    "loss_share_of_chance": 1.2,
    "loss_share_of_chance_at_start": 1.6,
    "positives_found": 0.2,
    "positives_found_at_start": 0.02,
    "uniformity": -2.0,
    "effective_rank": 40.0,
    "most_rank": 63,
    "dead_channels": 0.1,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        (
            {"positives_found": 0.02, "loss_share_of_chance": 1.5},
            "nothing is learnt",
        ),
        ({"uniformity": -0.01}, "collapsed"),
        ({"effective_rank": 1.5}, "1.5 of 63 dimensions"),
        ({"dead_channels": 0.8}, "80% of the channels are inactive"),
        ({"gradient_norm": 100.0}, "100 times the usual"),
        ({"skipped_since": 3}, "3 steps since the last report were not"),
        ({"skipped_since": 1}, "1 step since the last report was not"),
        ({"not_finite": 1}, "NaN or infinity"),
    ],
)
def test_warnings_say_what_is_wrong_and_what_to_try(change, words):
    checks = health.HealthChecks(settled=10)
    for step in range(11, 17):
        assert checks.warnings(step, SOUND) == []
    warnings = checks.warnings(20, {**SOUND, **change})
    assert len(warnings) == (words is not None)
    if words:
        assert words in warnings[0].sentence
        assert "--" in warnings[0].sentence  # names a flag to try


def test_the_beginning_has_no_warnings():
    checks = health.HealthChecks(settled=10)
    bad = {**SOUND, "positives_found": 0.02, "effective_rank": 1.0}
    bad["loss_share_of_chance"] = 1.6
    assert checks.warnings(9, bad) == []
    assert len(checks.warnings(10, bad)) == 2


def test_a_kind_of_warning_does_not_depend_on_its_numbers():
    checks = health.HealthChecks(settled=0)
    one, other = (
        checks.warnings(1, {**SOUND, "uniformity": value})[0]
        for value in (-0.05, 0.0)
    )
    assert one.sentence != other.sentence
    assert one.kind == other.kind
    (rank,) = checks.warnings(1, {**SOUND, "effective_rank": 1.5})
    assert rank.kind != one.kind


@pytest.mark.parametrize(("most", "warned"), [(1, 0), (2, 0), (7, 0), (8, 1)])
def test_few_images_span_few_dimensions(most, warned):
    """Two or three labelled images are no collapse."""
    checks = health.HealthChecks(settled=0)
    few = {**SOUND, "effective_rank": min(1.5, most), "most_rank": most}
    assert len(checks.warnings(1, few)) == warned


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_one_bad_norm_does_not_silence_those_after_it(bad):
    checks = health.HealthChecks(settled=100)
    for step in range(6):
        assert checks.warnings(step, SOUND) == []
    checks.warnings(6, {**SOUND, "gradient_norm": bad})
    (warning,) = checks.warnings(7, {**SOUND, "gradient_norm": 100.0})
    assert "100 times the usual" in warning.sentence
