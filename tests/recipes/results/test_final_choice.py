"""The network that is exported, and what is said of the choice."""

import pytest

from simclrv2_tf.recipes.results.final_choice import Balanced
from simclrv2_tf.recipes.results.final_choice import better
from simclrv2_tf.recipes.results.final_choice import verdict
from simclrv2_tf.recipes.results.job_report import Row


def row(right, examples=360, parameters=10):
    return Row("small", right and right / examples, examples, parameters, 1.0)


@pytest.mark.parametrize(
    ("distilled", "scratch", "run"),
    [(300, 100, "distilled"), (100, 101, "scratch"), (100, 100, "distilled")],
)
def test_the_better_one_is_exported(distilled, scratch, run):
    assert better(row(distilled), row(scratch)) == run


@pytest.mark.parametrize(
    ("distilled", "scratch", "balanced", "run"),
    [
        (297, 300, (0.4, 0.3), "distilled"),  # 0.8 points of top-1
        (300, 297, (0.3, 0.4), "scratch"),
        (297, 300, (0.3, 0.4), "scratch"),
        (290, 300, (0.9, 0.1), "distilled"),  # 2.8 points, within chance
        (240, 300, (0.9, 0.1), "scratch"),  # 16.7 points
        (None, 300, (0.3, 0.4), "distilled"),
    ],
)
def test_unequal_classes_decide_between_networks_alike_in_top_1(
    distilled, scratch, balanced, run
):
    chosen = better(row(distilled), row(scratch), Balanced(*balanced))
    assert chosen == run


def test_a_choice_by_balanced_accuracy_is_told():
    said = verdict(row(297), row(300), Balanced(0.397, 0.313))
    assert said.startswith("The distilled network (82.5%) and the same network")
    assert "(83.3%) differ in top-1 by no more than chance, and the" in said
    assert "the former is exported for its balanced accuracy" in said
    assert "balanced accuracy (39.7% and 31.3%)" in said
    assert "within chance" in said and "a little too high" in said
    assert "the latter is exported" in verdict(
        row(300), row(297), Balanced(0.3, 0.4)
    )
    assert "is worse than" in verdict(row(297), row(300), Balanced(0.3, 0.4))


def test_what_was_not_measured_says_nothing():
    assert verdict(row(None), row(300)) is None
    assert better(row(None), row(300)) == "distilled"
    assert better(row(300), row(None)) == "distilled"


def test_where_the_method_is_surely_better_nothing_is_said():
    assert verdict(row(320), row(180)) is None


def test_one_surely_worse_is_told_with_what_chose():
    said = verdict(row(180), row(320))
    assert said.startswith("The distilled network (50.0%) is worse than the")
    assert "(88.9%): the latter is exported" in said
    assert "within chance" not in said
    assert (
        "The 360 images that accuracy is measured on made this choice" in said
    )
    assert "figure is a little too high: another --eval_split" in said


@pytest.mark.parametrize("right", [100, 296, 297])
def test_two_architectures_are_not_called_the_same_network(right):
    said = verdict(row(right), row(296, parameters=2_000))
    assert "another network (2,000 parameters) trained from scratch on" in said
    assert "same network" not in said


def test_a_single_image_is_chance():
    said = verdict(row(296), row(297))
    assert "is worse than" in said and "the latter is exported" in said
    assert "within chance (-5.9 to +5.3 points for the distilled one" in said
    assert "a little too high" in said


@pytest.mark.parametrize(
    ("scratch", "words"),
    [(296, "is as good as"), (295, "is exported, and not")],
)
def test_the_distilled_one_is_kept_with_a_word_if_it_is_chance(scratch, words):
    said = verdict(row(296), row(scratch))
    assert said.startswith(f"The distilled network (82.2%) {words}")
    assert "within chance" in said and "a little too high" in said
    assert "is worse than" not in said


def test_a_constant_answer_is_not_exported_for_two_of_60_images():
    """40, 14 and 6 images of three classes: one is 1.7 points of top-1."""
    distilled, constant = row(38, 60), row(40, 60)
    assert better(distilled, constant) == "scratch"
    balanced = Balanced(0.5, 1 / 3)
    assert better(distilled, constant, balanced) == "distilled"
    said = verdict(distilled, constant, balanced)
    assert "differ in top-1 by no more than chance, and the former is" in said
    assert "balanced accuracy (50.0% and 33.3%)" in said


def test_a_point_of_many_images_is_alike_and_no_chance():
    one, other = row(89_500, 100_000), row(90_000, 100_000)
    assert better(one, other, Balanced(0.4, 0.3)) == "distilled"
    said = verdict(one, other, Balanced(0.4, 0.3))
    assert "(90.0%) are alike in top-1, and the former is exported" in said
    assert "within chance" not in said


def test_a_nearly_constant_answer_is_not_exported_for_its_top_1():
    """540 of 600 images are of one class, of which the other misses some."""
    distilled, constant = row(360, 600), row(534, 600)
    assert better(distilled, constant, Balanced(0.62, 0.4, 0.5)) == "scratch"
    balanced = Balanced(0.62, 0.4, 0.9)
    assert better(distilled, constant, balanced) == "distilled"
    said = verdict(distilled, constant, balanced)
    assert (
        "do not surely have more right than a constant answer (90.0%)" in said
    )
    assert "the former is exported for its balanced accuracy" in said
    useful = row(575, 600)  # surely more than 90 %
    assert better(distilled, useful, balanced) == "scratch"
