"""What a job can spare of its labels, and which class is too small for it."""

import json

import numpy as np
import pytest

from simclrv2_tf.data.holdout import held_out
from simclrv2_tf.recipes.images import job_data
from simclrv2_tf.recipes.images import spare_labels
from tests.recipes.images.test_job_data import opened


def classes(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def test_a_class_of_two_takes_accuracy_away_from_itself_alone():
    labels = classes(200, 90, 2)
    data = opened(labels)
    assert data.note == (
        "accuracy is measured on 58 labelled images set aside before training, "
        "20% of each class but the class 'c' with 2 labels, which can spare "
        "none: it is not measured there"
    )
    assert np.bincount(data.evaluation.labels).tolist() == [40, 18]
    assert data.evaluation.class_names == tuple("abc")
    assert data.counts().tolist() == [160, 72, 2]
    # Each stage's own command sets the same images aside.
    assert data.options == {"holdout_fraction": 0.2, "eval_split": "holdout"}
    assert data.evaluation.num_examples == len(held_out(labels, 0.2))


@pytest.mark.parametrize(
    ("counts", "options", "why"),
    [
        (  # a share that is given stays
            [*[50] * 9, 5],
            {"labels_per_class": 5, "holdout_fraction": 0.2},
            "(the class 'j' with 5 labels would keep 4 of them, and "
            "--labels_per_class=5 needs more: label more of it, or give "
            "--labels_per_class=4 or an evaluation split)",
        ),
        (  # and --labels_per_class=6 would set too few aside
            [7] * 10,
            {"labels_per_class": 7},
            "(the class 'a' with 7 labels would keep 6 of them, and "
            "--labels_per_class=7 needs more: label more of it, or give an "
            "evaluation split)",
        ),
        (
            [80, 40, 1],
            {"holdout_fraction": 0.9},
            "(the class 'c' with 1 label would keep 0 of them, and one of each "
            "needs more: label more of it, or give a smaller --holdout_",
        ),
        (
            [40, 40, 3],
            {},
            "(17 would be set aside, and 20 are the least; the smallest is the "
            "class 'c' with 3 labels: label more, or give a larger --holdout_",
        ),
        (
            [60, 60, 2, 1, 2, 2],
            {},
            "(20% of the class 'd' with 1 label are none, nor of 3 more: label",
        ),
        (  # on a single class it tells nothing
            [400, 2],
            {},
            "(20% of the class 'b' with 2 labels are none: label more of it, ",
        ),
    ],
)
def test_the_smallest_class_is_named_with_what_to_do(counts, options, why):
    names = "abcdefghij"[: len(counts)]
    data = opened(classes(*counts), names, **options)
    assert data.evaluation is None
    assert why in data.note and "accuracy is not measured" in data.note


def test_what_is_advised_helps():
    labels, names = classes(*[50] * 9, 5), "abcdefghij"
    data = opened(labels, names, labels_per_class=4)
    assert data.evaluation.num_examples == 91


def test_a_class_that_can_spare_none_takes_accuracy_from_itself_alone():
    """The usual fifth of three labels is one, and two would be left."""
    counts = [3, 4, 10, 20, *[60] * 6]
    labels, names = classes(*counts), "abcdefghij"
    data = opened(labels, names, labels_per_class=3)
    assert data.note == (
        "accuracy is measured on 66 labelled images set aside before training, "
        "16% of each class but the class 'a' with 3 labels, which can spare "
        "none: it is not measured there (20% would not leave "
        "--labels_per_class=3)"
    )
    assert (data.counts() == 3).all()
    assert data.evaluation.num_examples == 66
    # Every command that reads the stages' flags sets the same images aside.
    assert data.options == {"holdout_fraction": 0.16, "eval_split": "holdout"}
    assert data.evaluation.num_examples == len(held_out(labels, 0.16))


def test_a_share_that_leaves_one_class_alone_measures_nothing():
    """Two hundredths of 900, 80 and 20 are 18, 2 and none."""
    data = opened(classes(900, 80, 20), "abc", labels_per_class=20)
    assert data.evaluation is None
    assert "or give --labels_per_class=16 or an evaluation split" in data.note


def test_a_job_that_set_them_aside_goes_on(monkeypatch):
    monkeypatch.setattr(
        job_data, "_began", lambda config, with_evaluation: with_evaluation
    )
    data = opened(classes(900, 80, 20), "abc", labels_per_class=20)
    assert data.evaluation.num_examples == 20


@pytest.mark.parametrize("per_class", [1, 2, 3, 5, 7, 20, 40])
def test_a_smaller_share_leaves_what_is_asked_for(per_class):
    for smallest in range(per_class, 2 * per_class + 1):
        labels = classes(400, 300, smallest)
        share = spare_labels._allowed(labels, per_class)
        for more in (0.0, 0.01):
            aside = np.bincount(labels[held_out(labels, share + more)])
            left = np.bincount(labels) - np.pad(aside, (0, 3 - len(aside)))
            assert (left.min() >= per_class) == (not more)


def test_small_classes_may_hold_a_twentieth_of_the_labels():
    names, few = "abcdef", {"labels_per_class": 3}
    spared = opened(classes(80, 80, 3, 3), names[:4], **few)
    assert spared.evaluation.num_examples == 26
    data = opened(classes(80, 80, 3, 3, 3, 3), names, **few)
    assert data.evaluation is None
    assert "would keep 2 of them, and --labels_per_class=3 needs" in data.note


def test_a_job_that_began_without_accuracy_goes_on_without(tmp_path):
    labels, names = classes(*[50] * 9, 5), "abcdefghij"
    begun = {
        "asked": {},
        "data": {"name": "these", "examples": 455, "evaluation": None},
        "recipe": {"seconds": {}, "reasons": []},
    }
    (tmp_path / "job.json").write_text(json.dumps(begun))
    where = {"model_dir": str(tmp_path), "labels_per_class": 5}
    assert opened(labels, names, **where).evaluation is None
