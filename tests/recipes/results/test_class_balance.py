"""Unequal classes: when a constant answer has a row, and what is told."""

import types

import numpy as np
import pytest

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.results import class_balance
from simclrv2_tf.recipes.results.job_report import lines


def job(examples=None, labels=(2392, 8), balanced=(0.612, 0.5), **options):
    """A job whose evaluation images and labels are so many of each class."""
    recipe = Recipe()
    for option, value in options.items():
        recipe.choose("finetune", option, value, "why", "source")
    done = {}
    for part, value in zip(("distilled", "scratch"), balanced, strict=True):
        done[part] = {}
        if examples:
            done[part]["classes"] = {"examples": list(examples)}
            done[part]["eval/balanced_accuracy"] = value
    data = types.SimpleNamespace(
        evaluation=examples and "some",
        fewest=min(labels),
        counts=lambda: np.array(labels),
    )
    record = types.SimpleNamespace(done=done)
    return types.SimpleNamespace(recipe=recipe, record=record, data=data)


def test_equal_classes_add_nothing():
    assert class_balance.rows(job([30, 30])) == []
    assert class_balance.notes(job([30, 30])) == []


def test_a_constant_answer_has_a_row():
    (row,) = class_balance.rows(job([598, 2]))
    told = row.values()
    assert told["name"] == "always the largest class"
    assert told["top_1"] == pytest.approx(598 / 600)
    assert (told["parameters"], told["examples"]) == (0, 600)
    assert told["low"] < told["top_1"] < told["high"]
    assert "always the largest class                99.7%" in "\n".join(
        lines([row])
    )


def test_without_an_evaluation_it_is_that_of_the_labels():
    (row,) = class_balance.rows(job(labels=(90, 10)))
    assert (row.top_1, row.examples) == (0.9, 100)
    assert row.measured == "cross-validation"
    assert class_balance.notes(job(labels=(90, 10))) == []
    # Nothing can be left out.
    assert class_balance.rows(job(labels=(90, 1))) == []


def test_jobs_of_earlier_versions_have_not_counted():
    earlier = job([598, 2])
    earlier.record.done = {"distilled": {}, "scratch": {}}
    assert class_balance.rows(earlier) == class_balance.notes(earlier) == []


def test_balanced_accuracy_in_words():
    (said,) = class_balance.notes(job([598, 2], learning_rate=0.1))
    assert said.startswith(
        "balanced accuracy (mean over classes) of the small distilled network "
        "is 61.2%, of the same from scratch 50.0%: of the 600 images 598 are "
        "of the largest class and 2 of the smallest, and a constant answer "
        "has 99.7% top-1. In another job --finetune.class_weights=balanced"
    )


@pytest.mark.parametrize(
    ("options", "labels", "advice"),
    [
        ({"learning_rate": 0.1}, (90, 10), "In another job --finetune.class_"),
        (
            {"learning_rate": 0.1, "class_weights": "balanced"},
            (90, 10),
            "Classes count alike already",
        ),
        ({"learning_rate": 0.0}, (90, 5), "needs --finetune.learning_rate"),
    ],
)
def test_what_to_do(options, labels, advice):
    (said,) = class_balance.notes(job([598, 2], labels, **options))
    assert advice in said.split("constant answer has ")[1]


def test_another_network_is_not_called_the_same():
    other = job([598, 2])
    for part, parameters in (("distilled", 10), ("scratch", 20)):
        other.record.done[part]["parameters"] = parameters
    (said,) = class_balance.notes(other)
    assert "is 61.2%, of another from scratch 50.0%" in said


def test_equal_labels_need_no_weights():
    (said,) = class_balance.notes(job([598, 2], (5, 5), learning_rate=0.1))
    assert said.endswith("99.7% top-1")


def test_a_class_without_images_is_not_the_smallest():
    (said,) = class_balance.notes(job([598, 2, 0], (5, 5, 5)))
    assert "and 2 of the smallest" in said
