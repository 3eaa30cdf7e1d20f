"""The options of each stage, and the config of each run."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.start import unused_options

STUDENT, OTHER = "keras:MobileNetV3Small", "keras:EfficientNetB0"


def job(**options):
    return Config(
        mode="recommend", dataset="digits", model_dir="job", **options
    )


def scratch_of(config):
    recipe = Recipe(given=stage_configs.given(config))
    return stage_configs.config_of(config, recipe, "scratch", {}, True)


def test_the_network_from_scratch_is_the_one_distilled_into():
    own = {"width_multiplier": 1.0, "resnet_depth": 50, "learning_rate": 0.1}
    config = job(stage_options={"distill": own}, sk_ratio=0.0625)
    made = scratch_of(config)
    assert (made.width_multiplier, made.resnet_depth) == (1.0, 50)
    assert made.sk_ratio == 0.0625
    assert "learning_rate" not in stage_configs.given(config)["scratch"]


def test_another_network_from_scratch_may_be_given():
    own = {"width_multiplier": 1.0, "resnet_depth": 50}
    other = {"width_multiplier": 0.5}
    made = scratch_of(job(stage_options={"distill": own, "scratch": other}))
    assert (made.width_multiplier, made.resnet_depth) == (0.5, 50)


@pytest.mark.parametrize("shared", [True, False])
def test_a_keras_student_is_trained_from_scratch_too(shared):
    student = {"student": STUDENT, "student_pixels": "0..1"}
    options = student if shared else {"stage_options": {"distill": student}}
    for backbone in ({}, {"backbone": OTHER, "backbone_pixels": "-1..1"}):
        made = scratch_of(job(**options, **backbone))
        assert (made.backbone, made.backbone_pixels) == (STUDENT, "0..1")


@pytest.mark.parametrize(
    ("own", "backbone"),
    [
        ({"resnet_depth": 18}, None),
        ({"backbone": OTHER}, OTHER),
        ({"student": OTHER}, OTHER),
    ],
)
def test_a_keras_student_gives_way_to_what_is_given(own, backbone):
    student = {"student": STUDENT, "student_weights": "random"}
    made = [
        scratch_of(job(stage_options={"distill": student, "scratch": own})),
        scratch_of(job(**student, stage_options={"scratch": own})),
    ]
    assert [config.backbone for config in made] == [backbone, backbone]


def runs_of(config, recipe=None):
    recipe = recipe or Recipe(given=stage_configs.given(config))
    return {
        stage: stage_configs.config_of(config, recipe, stage, {}, True)
        for stage in stage_configs.STAGES
    }


STUDENTS = {"student": STUDENT, "student_weights": "random"}


@pytest.mark.parametrize("earlier", [False, True])
def test_a_stage_is_given_what_it_heeds(earlier):
    """Or its run, which is given what it would ignore, would be refused."""
    options = {**STUDENTS, "knn_k": 5}
    shared = dict.fromkeys(stage_configs.STAGES, options)
    runs = runs_of(job(**options), Recipe(given=shared) if earlier else None)
    for stage, config in runs.items():
        unused_options.check(config)
        distils, judged = stage == "distill", stage != "pretrain"
        assert config.student == (STUDENT if distils else None)
        assert config.student_weights == ("random" if distils else None)
        assert config.knn_k == (5 if judged else 0)
    assert runs["scratch"].backbone == STUDENT


def test_flagfiles_say_what_their_stage_heeds():
    given = stage_configs.given(job(**STUDENTS, knn_k=5))
    assert [s for s in given if "student" in given[s]] == ["distill"]
    assert "knn_k" not in given["pretrain"]
    own = {"scratch": STUDENTS, "distill": {"student_pixels": "0..1"}}
    given = stage_configs.given(job(stage_options=own))
    assert given["scratch"]["backbone"] == STUDENT
    assert "student" not in given["scratch"]
    for config in runs_of(job(stage_options=own)).values():
        unused_options.check(config)


def test_jobs_of_earlier_versions_go_on_with_their_student():
    config = job(student=STUDENT)
    made = stage_configs.config_of(config, Recipe(), "scratch", {}, True)
    assert made.backbone == STUDENT
    # Their recipes have the teacher's network among the options of all stages.
    config, shared = job(student=STUDENT, backbone=OTHER), {"backbone": OTHER}
    recipe = Recipe(given={"pretrain": shared, "scratch": shared})
    made = stage_configs.config_of(config, recipe, "scratch", {}, True)
    assert made.backbone == STUDENT


def test_the_time_limit_is_the_jobs():
    config = job(time_limit="01:00", preemption_exit_code=3, seed=5)
    for options in stage_configs.given(config).values():
        assert "time_limit" not in options and options["seed"] == 5
        assert "preemption_exit_code" not in options


def test_what_the_job_exports_is_not_a_stages():
    config = job(
        export_dir="served",
        export_formats="onnx",
        stage_options={"distill": {"export_dir": "own"}},
    )
    given = stage_configs.given(config)
    assert given["distill"].pop("export_dir") == "own"
    for options in given.values():
        assert "export_dir" not in options
        assert options["export_formats"] == "onnx"


READING = {"checkpoint_ema": True, "checkpoint_ignore": "projector"}


def test_weights_are_read_by_the_stage_that_begins_with_them():
    config = job(checkpoint="x", **READING)
    given = stage_configs.given(config)
    assert READING.items() <= given["pretrain"].items()
    assert not READING.keys() & given["finetune"].keys()
    given = stage_configs.given(config, pretrained=True)
    assert READING.items() <= given["finetune"].items()
    own = job(stage_options={"finetune": {"checkpoint_ema": True}})
    assert stage_configs.given(own)["finetune"] == {"checkpoint_ema": True}


def test_pretrainings_network_is_fine_tuned():
    own = {"num_proj_layers": 2, "backbone": OTHER, "train_epochs": 9}
    config = job(num_proj_layers=3, stage_options={"pretrain": own})
    given = stage_configs.given(config)["finetune"]
    assert given == {"num_proj_layers": 2, "backbone": OTHER}
    assert stage_configs.given(config)["distill"] == {"num_proj_layers": 3}
    given = stage_configs.given(config, pretrained=True)["finetune"]
    assert given == {"num_proj_layers": 3}  # there is no pretraining
    own = {"pretrain": {"sk_ratio": 0.0625}, "finetune": {"sk_ratio": 0.0}}
    config = job(stage_options=own)
    assert stage_configs.given(config)["finetune"] == own["finetune"]


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        ({"train_steps": 100}, {"train_epochs": 5}),
        ({"train_epochs": 5}, {"train_steps": 100}),
        ({"checkpoint_steps": 10}, {"checkpoint_epochs": 2}),
        ({"checkpoint_epochs": 2}, {"checkpoint_steps": 10}),
    ],
)
@pytest.mark.parametrize("stage", ["pretrain", "finetune", "scratch"])
def test_what_a_stage_says_wins_over_the_same_said_otherwise(
    stage, shared, own
):
    given = stage_configs.given(job(**shared, stage_options={stage: own}))
    assert given.pop(stage) == own
    assert all(options == shared for options in given.values())
    both = {**shared, **own}
    given = stage_configs.given(job(stage_options={stage: both}))
    assert given[stage] == both


def test_metrics_go_where_this_call_says():
    """And not where the first one did; unless a stage has its own place."""
    first = Recipe(given={"distill": {"logger": "wandb"}})

    def logger(stage="distill", **options):
        return stage_configs.config_of(
            job(**options), first, stage, {}, True
        ).logger

    assert logger() == Config.logger  # it is no longer given
    assert logger(logger="csv") == "csv"
    own = {"distill": {"logger": "mlflow"}}
    assert logger(logger="csv", stage_options=own) == "mlflow"
    assert logger("pretrain", logger="csv", stage_options=own) == "csv"


def test_a_job_judges_the_weights_that_it_exports():
    shared = {"memory_momentum": 0.9, "export_ema": True}
    given = stage_configs.given(Config(train_mode="semi_supervised", **shared))
    judged = [s for s in given if given[s].get("eval_ema")]
    assert judged == ["finetune", "distill", "scratch"]
    other = Config(train_mode="semi_supervised", **shared, eval_ema=False)
    given = stage_configs.given(other)
    assert not any(given[s].get("eval_ema") for s in given)


def test_what_an_error_asks_for_is_taken_from_the_present_call():
    recipe = Recipe(given={"distill": {"max_corrupt_fraction": 0.01}})

    def asked(**options):
        config = job(train_mode="semi_supervised", **options)
        return stage_configs.config_of(config, recipe, "distill", {}, False)

    assert asked().max_corrupt_fraction == 0.01
    assert asked(max_corrupt_fraction=0.05).max_corrupt_fraction == 0.05
    own = {"stage_options": {"distill": {"check_memory": False}}}
    assert not asked(**own).check_memory
    assert asked(strategy="one_device").strategy == "one_device"
