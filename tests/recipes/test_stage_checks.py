"""What is said against a job's stages before anything is trained."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_checks
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe

RATES = {"pretrain": 2.0, "finetune": 0.0, "distill": 0.2, "scratch": 0.5}
OPTIMIZERS = {"pretrain": "lars"}


def job(**options):
    return Config(mode="recommend", dataset="digits", **options)


def recipe_of(config, **chosen):
    """The rules' optimizers and rates; with the user's options over them."""
    made = Recipe()
    for stage, rate in RATES.items():
        options = {
            "learning_rate": rate,
            "optimizer": OPTIMIZERS.get(stage, "momentum"),
            "train_batch_size": 32,
            "train_steps": 1 if stage == "finetune" else 100,
            "warmup_epochs": 0.0,
            **chosen,
        }
        for option, value in options.items():
            made.choose(stage, option, value, "why", "source")
    made.choose("finetune", "linear_probe_init", True, "why", "source")
    made.given = stage_configs.given(config)
    return made


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            "finetune.zero_init_logits_layer=true",
            "stage finetune of the job cannot be .*`linear_probe_init`, not",
        ),
        ("distill.fine_tune_after_block=2", "stage distill .*distillation"),
    ],
)
def test_stages_that_cannot_be_are_told_before_the_plan(option, message):
    config = Config(mode="recommend", dataset="digits", stage_options=option)
    made = Recipe()
    made.choose("finetune", "linear_probe_init", True, "why", "source")
    made.give(stage_configs.given(config))
    data = open_data(config)
    with pytest.raises(ValueError, match=message):
        stage_checks.check_options(config, made, data)
    made.given = {}
    stage_checks.check_options(config, made, data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"train_batch_size": 256},
            r"stage finetune .* --finetune.NAME\). There must be at least as "
            "many labelled images as a batch",
        ),
        (
            {"warmup_epochs": 1.0},
            "stage finetune .*The warm-up of 1 steps .* shorter than training",
        ),
    ],
)
def test_flags_for_all_stages_hold_for_those_of_few_labels(options, message):
    config = job(labels_per_class=5, **options)
    data, made = open_data(config), recipe_of(config)
    stage_checks.check_options(config, made, data)
    with pytest.raises(ValueError, match=message):
        stage_checks.check_steps(config, made, data, 1)
    (name, value), *_ = options.items()
    own = job(labels_per_class=5, stage_options={"pretrain": {name: value}})
    stage_checks.check_steps(own, recipe_of(own), data, 1)


@pytest.mark.parametrize(
    ("stage", "own", "message"),
    [
        ("distill", {"patience": 3}, "`patience` needs labelled images"),
        (
            "scratch",
            {"export_best": "label_top_1_accuracy"},
            "`export_best` needs labelled images to evaluate on, and there are",
        ),
        (
            "finetune",
            {"patience": 3, "best_folds": 5},
            "`best_folds` must be at most .*give 2 to 3.*best_folds=5",
        ),
    ],
)
def test_how_stages_are_judged_is_checked_before_the_plan(stage, own, message):
    config = job(labels_per_class=3, stage_options={stage: own})
    data = dataclasses.replace(open_data(config), evaluation=None)
    with pytest.raises(ValueError, match=f"The stage {stage} .*{message}"):
        stage_checks.check_options(config, recipe_of(config), data)


def test_folds_of_the_labels_need_no_evaluation():
    folds = {"patience": 3, "best_folds": 3}
    config = job(labels_per_class=3, stage_options={"finetune": folds})
    data = dataclasses.replace(open_data(config), evaluation=None)
    stage_checks.check_options(config, recipe_of(config), data)
    own = {"distill": {"patience": 3}}
    config = job(labels_per_class=3, stage_options=own)
    data = open_data(config)
    assert data.evaluation is not None
    stage_checks.check_options(config, recipe_of(config), data)


def test_a_profile_is_of_steps_that_pretraining_has():
    config = job(labels_per_class=5, profile_steps="101,110")
    data, made = open_data(config), recipe_of(config)
    message = "stage pretrain .*`profile_steps` must be among the 100 steps.*'"
    with pytest.raises(ValueError, match=message + "101,110'; give earlier"):
        stage_checks.check_steps(config, made, data, 1)
    config = job(labels_per_class=5, profile_steps="100,110")
    stage_checks.check_steps(config, recipe_of(config), data, 1)


def test_replicas_share_every_batch():
    config = job(labels_per_class=5)
    data, made = open_data(config), recipe_of(config)
    stage_checks.check_steps(config, made, data, 4)
    with pytest.raises(ValueError, match="stage pretrain .*replicas"):
        stage_checks.check_steps(config, made, data, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"stage_options": {"finetune": {"labels_per_class": 3}}},
            "share .* give --labels_per_class for all.*--finetune.labels_per",
        ),
        (
            {"stage_options": {"pretrain": {"train_split": "unlabelled"}}},
            "give --train_split for all",
        ),
        (
            {"stage_options": {"distill": {"teacher": "/x"}}},
            "goes on from .*--checkpoint gives.*--distill.teacher=/x",
        ),
        (
            {"stage_options": {"finetune": {"checkpoint": "/x"}}},
            "goes on from .*--finetune.checkpoint=/x",
        ),
        ({"teacher": "/x"}, "makes its teacher itself.*Received: --teacher=/x"),
    ],
)
def test_what_a_job_would_not_heed_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stage_checks.check_given(job(**options))
    stage_checks.check_given(job(labels_per_class=3, eval_split="test"))


def notes(config, trials=False, left_out=(), labelled=True):
    made = recipe_of(config)
    made.trials, made.left_out = trials, list(left_out)
    return stage_checks.notes(config, made, labelled)


def test_steps_that_leave_a_linear_probe_as_it_is_are_told():
    asked = job(stage_options={"finetune": {"train_steps": 60}})
    (note,) = notes(asked)
    assert "the 60 steps of fine-tuning that are given change nothing" in note
    assert not notes(asked, trials=True)  # they are for these
    assert not notes(job())
    rate = {"train_steps": 60, "learning_rate": 0.1}
    assert not notes(job(stage_options={"finetune": rate}))


def test_options_of_a_stage_that_the_job_lacks_are_told():
    own = {"train_epochs": 20}
    pretrain = job(stage_options={"pretrain": own})
    (note,) = notes(pretrain, left_out=["pretrain"])
    assert note == (
        "--pretrain.train_epochs has no effect: the job has no stage "
        "pretrain, as weights are given"
    )
    distill = job(stage_options={"distill": own})
    (note,) = notes(distill, labelled=False)
    assert "--distill.train_epochs has no effect" in note
    assert note.endswith("as no image has a label")
    assert not notes(pretrain) and not notes(pretrain, labelled=False)
    assert not notes(distill)


def few_labels(**own):
    """Ten labels on 16 devices; what is chosen shares all other batches."""
    config = job(labels_per_class=1, stage_options=own)
    made = recipe_of(config)
    for stage in ("finetune", "scratch"):
        made.choose(stage, "train_batch_size", 10, "why", "source")
    return config, made, open_data(config)


def test_fewer_labels_than_devices_train_on_one():
    config, made, data = few_labels()
    message = "finetune .*that is fewer than 16 replicas: --strategy=one_device"
    with pytest.raises(ValueError, match=message):
        stage_checks.check_steps(config, made, data, 16)
    alone = {"strategy": "one_device"}
    config, made, data = few_labels(finetune=alone, scratch=alone)
    stage_checks.check_steps(config, made, data, 16)


def test_folds_have_a_label_for_each_device():
    folds = {"best_folds": 2, "patience": 3}
    config = job(labels_per_class=2, stage_options={"finetune": folds})
    made, data = recipe_of(config), open_data(config)
    for stage in ("finetune", "scratch"):
        made.choose(stage, "train_batch_size", 16, "why", "source")
    stage_checks.check_steps(config, made, data, 8)
    message = "stage finetune .*leaves 10 of 20 labels for 16 replicas"
    with pytest.raises(ValueError, match=message):
        stage_checks.check_steps(config, made, data, 16)
    made.choose("finetune", "strategy", "one_device", "why", "source")
    stage_checks.check_steps(config, made, data, 16)
