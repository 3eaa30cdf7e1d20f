"""What a job concludes: intervals, pilots, a start that does not learn."""

import numpy as np
import pytest

from simclrv2_tf.probing import intervals
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.nearest import neighbours
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.choices.learning_monitor import why_not_learning
from simclrv2_tf.recipes.results.job_report import Row
from simclrv2_tf.recipes.results.job_report import beaten
from simclrv2_tf.recipes.results.job_report import lines


def test_wilson_on_known_values():
    # Wilson 1927 by way of R's binom.confint(8, 10) and (0, 20).
    assert intervals.wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), 1e-3)
    low, high = intervals.wilson(0.0, 20)
    assert low == 0 and high == pytest.approx(0.1611, 1e-3)


def events(step, accuracy, uniformity=-2.0):
    return [
        {
            "event": "train",
            "step": step,
            "metrics": {"train/contrast_acc": accuracy},
        },
        {
            "event": "health",
            "step": step,
            "numbers": {"uniformity": uniformity},
        },
    ]


def test_a_start_that_learns_is_left_alone():
    assert why_not_learning(events(100, 0.01), 60, 1 / 511) is None
    assert (
        why_not_learning(events(10, 0.0), 60, 1 / 511) is None
    )  # not settled yet
    assert why_not_learning([], 60, 1 / 511) is None


def test_numbers_that_are_text_as_nan_is_are_not_judged():
    assert why_not_learning(events(100, "nan", "nan"), 60, 1 / 511) is None


def test_chance_and_collapse_are_seen():
    assert "by chance" in why_not_learning(events(100, 0.002), 60, 1 / 511)
    assert "one point" in why_not_learning(events(100, 0.5, -0.01), 60, 1 / 511)


def test_the_usual_stays_unless_another_is_surely_better():
    usual = np.random.default_rng(0).random(50)
    assert not intervals.surely_better(usual, usual)
    assert not intervals.surely_better(np.roll(usual, 1), usual)
    assert intervals.surely_better(np.minimum(usual + 0.3, 1), usual)


@pytest.mark.parametrize(
    ("more", "fewer", "surely"),
    [(1, 0, False), (2, 0, False), (3, 0, True), (4, 1, False), (6, 2, True)],
)
def test_a_few_images_more_of_twenty_are_chance(more, fewer, surely):
    usual = np.repeat([0.0, 1.0], 10)
    other = usual.copy()
    other[:more] = 1
    other[10 : 10 + fewer] = 0
    assert intervals.surely_better(other, usual) == surely


def test_classifiers_tell_clusters_apart():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    rows = np.eye(3)[labels] + 0.05 * rng.normal(size=(60, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for classify in (neighbours, linear_probe.classify):
        told, count = baselines.accuracy(classify, (rows, labels))
        assert (told, count) == (1.0, 60)
        told, count = baselines.accuracy(
            classify, (rows[::2], labels[::2]), (rows[1::2], labels[1::2])
        )
        assert (told, count) == (1.0, 30)


def test_one_label_a_class_cannot_be_left_out():
    known = np.eye(3), np.arange(3)
    told, count = baselines.accuracy(neighbours, known)
    assert np.isnan(told) and count == 0


def test_what_is_cheap_and_surely_better_is_told():
    def row(name, top_1, measured="evaluation"):
        return Row(name, top_1, 360, 0, 1.0, measured)

    cheap = [
        row("logistic regression", 0.892),
        row("nearest neighbours", 0.844),  # within the interval
        row("neighbours by folds", 0.99, "cross-validation"),
        row("raw pixels", None),
    ]
    (said,) = beaten(row("small", 0.822), cheap)
    assert said.startswith(
        "The distilled network (82.2%) tells less than logistic regression "
        "(89.2%). More"
    )
    assert not list(beaten(row("small", None), cheap))


def test_the_table_in_words():
    good = Row("small", 0.9, 100, 10, 1.0)
    text = "\n".join(lines([good, Row("x", None, 0, 0, 1, "evaluation")]))
    assert "90.0%" in text and "82.6% - 94.5%" in text


def test_the_columns_of_the_table_stand_below_each_other():
    name = "logistic regression on frozen features"
    rows = [
        Row("small, distilled", None, 0, 176_482, 74.0),
        Row(name, 2499 / 2500, 2500, 700_464, 1.0, "cross-validation"),
    ]
    head, small, marked, last = lines(rows)
    assert len(head) == len(small) == len(marked)
    assert marked.startswith(f"{name} *  99.9%")  # a hundred are all of them
    assert last.startswith("* cross-validated")
    first, _ = lines(rows[:1])
    assert first.index("top-1") == 40 and not list(lines([]))[1:]
