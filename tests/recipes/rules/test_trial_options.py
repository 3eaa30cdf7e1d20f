"""In which ways a teacher may learn from the labels, and which are tried."""

import pytest

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import trial_options
from simclrv2_tf.recipes.rules.teacher_ways import ALONE
from simclrv2_tf.recipes.rules.teacher_ways import PROBE
from simclrv2_tf.recipes.rules.teacher_ways import USUAL
from simclrv2_tf.recipes.rules.teacher_ways import WHOLE
from simclrv2_tf.recipes.rules.teacher_ways import ways

FINETUNE = {
    "train_batch_size": 32,
    "learning_rate": 0.0,
    "fine_tune_after_block": 4,
    "linear_probe_init": True,
    "train_steps": 1,
}


def with_labels(recipe, **options):
    """The recipe with what its stages on the labels and its trials do."""
    for option, value in {**FINETUNE, **options}.items():
        recipe.choose("finetune", option, value, "why", "source")
    recipe.choose("scratch", "learning_rate", 2.0, "why", "source")
    recipe.choose("trial", "train_steps", 5, "why", "source")
    return recipe


def test_few_labels_are_probed_or_learned_from_alone():
    recipe = with_labels(Recipe())
    assert list(ways(recipe)) == [USUAL, ALONE]
    assert trial_options.runs(recipe, 50) == 2  # two parts are left out
    assert trial_options.runs(recipe, 750) == 1


def test_more_labels_may_change_all_weights():
    recipe = with_labels(Recipe(), learning_rate=0.002)
    tried = ways(recipe)
    assert list(tried) == [USUAL, PROBE, WHOLE, ALONE]
    assert tried[PROBE]["learning_rate"] == 0.0
    assert tried[PROBE]["fine_tune_after_block"] == 4
    assert tried[WHOLE]["learning_rate"] == pytest.approx(0.01 * 256 / 32)
    assert tried[WHOLE]["fine_tune_after_block"] == -1
    assert trial_options.runs(recipe, 200) == 6  # the probe takes none
    assert trial_options.probes(recipe, 200) == 2
    assert trial_options.probes(with_labels(Recipe()), 200) == 0


@pytest.mark.parametrize(
    "given", [{"train_steps": 9}, {"class_weights": "balanced"}]
)
def test_a_probe_that_would_not_heed_what_is_given_is_not_tried(given):
    recipe = with_labels(Recipe(given={"finetune": given}), learning_rate=0.002)
    assert list(ways(recipe)) == [USUAL, WHOLE, ALONE]


def test_weights_that_are_given_are_not_left_out():
    recipe = with_labels(Recipe(left_out=["pretrain"]))
    assert list(ways(recipe)) == [USUAL]
    assert not trial_options.wanted(recipe, 50, 5)


@pytest.mark.parametrize(
    ("labelled", "fewest", "wanted"),
    [(50, 5, True), (10, 1, False), (500, 50, False), (10, 5, False)],
)
def test_trials_need_labels_to_leave_out(labelled, fewest, wanted):
    recipe = with_labels(Recipe())
    assert trial_options.wanted(recipe, labelled, fewest) is wanted


def test_rates_are_the_same_after_scaling():
    recipe = with_labels(Recipe(), learning_rate=0.002)
    recipe.choose("scratch", "train_batch_size", 16, "why", "source")
    recipe.choose("scratch", "optimizer", "adam", "why", "source")
    alone = ways(recipe)[ALONE]
    assert alone["learning_rate"] == pytest.approx(2.0 * 16 / 32)
    assert alone["optimizer"] == "adam"
    for stage in ("finetune", "scratch"):
        recipe.choose(stage, "learning_rate_scaling", "sqrt", "why", "source")
    tried = ways(recipe)
    assert tried[WHOLE]["learning_rate"] == pytest.approx(0.01 / 32**0.5)
    assert tried[ALONE]["learning_rate"] == pytest.approx(2.0 * 0.5**0.5)


OPTIONS = ["learning_rate", "train_epochs", "optimizer"]


@pytest.mark.parametrize("option", OPTIONS)
def test_what_the_user_decides_is_not_tried(option):
    recipe = with_labels(Recipe(given={"finetune": {option: 1}}))
    assert not trial_options.wanted(recipe, 50, 5)
