"""What is said against a job's stages before anything is trained."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.models.keras_build import canonical
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


R50 = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}


@pytest.mark.parametrize(
    ("given", "left_out", "message"),
    [
        ({"channels": 1}, ["pretrain"], r"finetune .*\(channels 3\)"),
        ({"width_multiplier": 2}, [], r"pretrain .*the flags say width 2"),
    ],
)
def test_flags_do_not_contradict_the_weights(given, left_out, message):
    made = Recipe(given=dict.fromkeys(RATES, given), left_out=left_out)
    with pytest.raises(ValueError, match=f"The stage {message}"):
        stage_checks.check_weights(made, R50)
    stage_checks.check_weights(made, {})
    same = {"resnet_depth": 50, "image_size": 160, "channels": 3}
    made.given = dict.fromkeys(RATES, same)
    stage_checks.check_weights(made, R50)


def test_what_is_passed_over_hides_no_contradiction():
    given = {"checkpoint_ignore": "projector", "width_multiplier": 2}
    with pytest.raises(ValueError, match="the flags say width 2"):
        stage_checks.check_weights(Recipe(given={"pretrain": given}), R50)


TEACHER = {"resnet_depth": 18, "width_multiplier": 0.25, "image_size": 16}


def check_networks(options, initial=None, left_out=(), **chosen):
    config = job(labels_per_class=5, **options)
    chosen = {**TEACHER, "num_proj_layers": 3, "channels": 1, **chosen}
    made = recipe_of(config, **chosen)
    made.left_out = list(left_out)
    stage_checks.check_networks(config, made, open_data(config), initial or {})


def own(**stages):
    return {"stage_options": stages}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (own(finetune={"width_multiplier": 2}), "width 0.25 for .*, width 2"),
        (own(finetune={"resnet_depth": 50}), "depth 18 for pre.*, depth 50"),
        (own(finetune={"image_size": 64}), "image_size 16 .*image_size 64"),
        (own(pretrain={"image_size": 64}), "image_size 64 .*image_size 16"),
        (own(finetune={"num_proj_layers": 2}), "num_proj_layers 3 .*layers 2"),
        (own(finetune={"channels": 3}), "channels 1 .*channels 3"),
        (own(finetune={"backbone": "keras:MobileNetV2"}), "keras:MobileNetV2"),
        (
            own(pretrain={"resnet_depth": 34}, finetune={"resnet_depth": 18}),
            "--pretrain.NAME.*Received: depth 34 for pretraining, depth 18 for",
        ),
    ],
)
def test_a_teacher_has_one_network(options, message):
    with pytest.raises(ValueError, match=f"network of pretraining.*{message}"):
        check_networks({"image_size": 16} | options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        own(finetune={"image_size": 24}),
        own(pretrain={"num_proj_layers": 2, "width_multiplier": 2}),
        own(pretrain={"backbone": "keras:MobileNetV2"}),
        own(finetune={"ft_proj_selector": 1}),
        own(distill={"width_multiplier": 2, "image_size": 64}),
        {"proj_head_mode": "linear"},
    ],
)
def test_networks_that_go_together_are_no_contradiction(options):
    check_networks(options)


def test_a_network_is_that_of_the_weights_where_nothing_is_given():
    initial = {**R50, "proj_head_mode": "nonlinear", "num_proj_layers": 3}
    chosen = {**R50, "channels": 3}
    check_networks({}, initial, **chosen)
    sk_ratio = own(finetune={"sk_ratio": 0.0})
    with pytest.raises(ValueError, match="sk_ratio 0.0625 for pretraining"):
        check_networks(sk_ratio, {**initial, "sk_ratio": 0.0625}, **chosen)
    wider = own(finetune={"width_multiplier": 2})
    wider["checkpoint"] = "x"  # see `check_weights`
    check_networks(wider, initial, ["pretrain"])


def test_a_student_sees_its_teachers_channels():
    with pytest.raises(ValueError, match="Received: 1 for fine-tuning, 3 for"):
        check_networks(own(distill={"channels": 3}))


@pytest.mark.parametrize("stage", ["pretrain", "finetune", "distill"])
@pytest.mark.parametrize("name", ["input_mean", "input_std"])
def test_each_channel_has_a_mean_and_a_deviation(stage, name):
    message = f"stage {stage} .*`{name}` must be 1 .*number"
    with pytest.raises(ValueError, match=message):
        check_networks(own(**{stage: {name: "0.5,0.5,0.5"}}))
    check_networks(own(**{stage: {name: [0.5]}}))


def test_a_student_takes_the_channels_of_the_images():
    options = {"student": "keras:VGG16", "image_size": 32}
    message = "distill .*VGG16 takes images of 3.*--student_pixels which"
    with pytest.raises(ValueError, match=f"The stage {message}"):
        check_networks(options)
    check_networks({**options, "student_pixels": "0..255"})


def test_a_keras_backbone_may_be_written_otherwise_than_the_weights_have_it():
    initial = {"backbone": canonical("keras:MobileNetV2(alpha=0.5)")}
    for text in ("keras:MobileNetV2(alpha = 0.5)", initial["backbone"]):
        given = {"pretrain": {"backbone": text}}
        stage_checks.check_weights(Recipe(given=given), initial)
    other = {"pretrain": {"backbone": "keras:MobileNetV2(alpha=0.75)"}}
    with pytest.raises(ValueError, match="The stage pretrain"):
        stage_checks.check_weights(Recipe(given=other), initial)


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
            {"optimizer": "adam"},
            "is for all stages.*--pretrain.learning_rate and "
            "--distill.learning_rate and --scratch.learning_rate too.*"
            "--pretrain.optimizer=adam.*2 is for lars",
        ),
        (
            {"stage_options": {"distill": {"optimizer": "lars"}}},
            "--distill.optimizer=lars needs.*0.2 is for momentum",
        ),
        (
            {"stage_options": {"finetune": {"optimizer": "adam"}}},
            "is a linear probe of its features.*--finetune.optimizer needs",
        ),
        (
            {"stage_options": {"finetune": {"train_epochs": 60}}},
            "--finetune.train_epochs needs --finetune.learning_rate",
        ),
        ({"linear_probe_init": False}, "--finetune.linear_probe_init needs"),
    ],
)
def test_what_needs_a_rate_asks_for_it(options, message):
    config = job(**options)
    made = recipe_of(job())
    with pytest.raises(ValueError, match=message):
        stage_checks.check_rates(config, made, [])
    stage_checks.check_rates(job(**options, learning_rate=0.1), made, [])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"train_epochs": 60},
        {"stage_options": {"pretrain": {"optimizer": "lars"}}},
    ],
)
def test_what_changes_no_optimizer_needs_no_rate(options):
    stage_checks.check_rates(job(**options), recipe_of(job()), [])


def test_a_stage_that_is_left_out_needs_no_rate():
    config, made = job(optimizer="momentum"), recipe_of(job())
    with pytest.raises(ValueError, match="no learning rate for pretrain"):
        stage_checks.check_rates(config, made, [])
    stage_checks.check_rates(config, made, ["pretrain"])


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
