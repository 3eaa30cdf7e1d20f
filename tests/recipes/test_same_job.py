"""Whether a command goes on with a job, or asks for another one."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.same_job import check_same

DATA = {"name": "x", "examples": 3}
NOW = {"train_mode": "semi_supervised"}


def test_options_that_did_nothing_may_be_left_out():
    """Of stages: earlier versions took them, and go on without."""
    both = "pretrain.time_limit=00:30 distill.seed=3"
    begun = {"asked": {"seed": 1, "stage_options": both}, "data": DATA}
    now = {**NOW, "seed": 1}
    same = {**now, "stage_options": "distill.seed=3"}
    check_same(begun, same, DATA, "runs/x")
    with pytest.raises(ValueError, match="stage_options=distill.seed=4"):
        other = {**now, "stage_options": "distill.seed=4"}
        check_same(begun, other, DATA, "runs/x")
    alone = "finetune.preemption_exit_code=3"
    begun["asked"]["stage_options"] = alone
    check_same(begun, now, DATA, "runs/x")


def test_a_job_may_export_elsewhere_when_it_goes_on():
    begun = {"asked": {"seed": 1, "export_dir": "old"}, "data": DATA}
    now = {**NOW, "seed": 1}
    check_same(begun, now, DATA, "runs/x")
    check_same(begun, {**now, "export_dir": "new"}, DATA, "runs/x")
    stages = "distill.check_memory=False scratch.eval_batch_size=8"
    other = {"max_corrupt_fraction": 0.1, "stage_options": stages}
    check_same(begun, {**now, **other}, DATA, "runs/x")
    with pytest.raises(ValueError, match="seed=2"):
        check_same(begun, {**now, "seed": 2}, DATA, "runs/x")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("pretrain.learning_rate=1", "pretrain.learning_rate=1.0"),
        (
            "distill.weight_decay=1e-04 pretrain.seed=3 distill.seed=4",
            "pretrain.seed=3 distill.seed=4 distill.weight_decay=0.0001",
        ),
        ("finetune.remat=true", "finetune.remat=True"),
        ("distill.removed=2 distill.seed=4",) * 2,
    ],
)
def test_options_of_stages_are_values_and_no_text(before, now):
    """Python and a command write the same ones otherwise."""
    begun = {"asked": {"stage_options": before}, "data": DATA}
    check_same(begun, {**NOW, "stage_options": now}, DATA, "runs/x")
    other = f"{now} scratch.seed=5"
    with pytest.raises(ValueError, match="flags say stage_options=.*seed=5"):
        check_same(begun, {**NOW, "stage_options": other}, DATA, "x")


@pytest.mark.parametrize("stages", [None, "pretrain.strategy=one_device"])
@pytest.mark.parametrize("before", [{}, {"strategy": "mirrored"}])
def test_a_job_may_train_on_other_devices(before, stages):
    begun = {"asked": before, "data": DATA}
    for now in ({}, {"strategy": "one_device"}):
        check_same(begun, {**NOW, **now, "stage_options": stages}, DATA, "x")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("pretrain.logger=wandb", None),
        ("pretrain.logger=wandb", "pretrain.logger=csv"),
        (None, "pretrain.logger=csv distill.logger="),
    ],
)
def test_metrics_of_a_stage_may_go_elsewhere(before, now):
    begun = {"asked": {"stage_options": before}, "data": DATA}
    check_same(begun, {**NOW, "stage_options": now}, DATA, "runs/x")


DEFAULTS = {"seed": 0, "labels_per_class": 0, "label_seed": 0, "sk_ratio": 0.0}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_a_default_that_is_written_out_is_no_other_job(name, value):
    begun = {"asked": {}, "data": DATA}
    check_same(begun, {**NOW, name: value}, DATA, "runs/x")
    begun = {"asked": {name: value}, "data": DATA}
    check_same(begun, NOW, DATA, "runs/x")
    other = f"begun with {name}={value}, and the flags say {name}=1"
    with pytest.raises(ValueError, match=other):
        check_same(begun, {**NOW, name: 1}, DATA, "runs/x")


CHOSEN = {
    "resnet_depth": 50,  # by the rules
    "keep_checkpoint_max": 5,  # by the plan
    "eval_split": "validation",  # by the data that there are
    "train_epochs": 100,  # by the time
}


@pytest.mark.parametrize(("name", "value"), CHOSEN.items())
def test_a_default_in_the_place_of_what_was_chosen_is_another_job(name, value):
    assert getattr(Config, name) == value
    reasons = [{"stage": "pretrain", "option": "keep_checkpoint_max"}]
    begun = {"asked": {}, "data": DATA, "recipe": {"reasons": reasons}}
    other = f"with {name} not given, and the flags say {name}={value}"
    with pytest.raises(ValueError, match=other):
        check_same(begun, {**NOW, name: value}, DATA, "runs/x")
