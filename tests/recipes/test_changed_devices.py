"""A job that goes on with more or fewer devices."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import changed_devices
from simclrv2_tf.recipes import job as jobs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import read_job

BATCHES = {"pretrain": 32, "finetune": 30, "distill": 32, "scratch": 30}


@pytest.fixture
def planned(job):
    """A job of 30 labels that was planned for one device."""
    job.recipe = Recipe()
    for stage, batch in BATCHES.items():
        options = {"train_batch_size": batch, "train_steps": 9}
        for name, value in {**options, "warmup_epochs": 0.0}.items():
            job.recipe.choose(stage, name, value, "why", "source")
    job.record.begin(
        asked={},
        data=job.data.about(),
        recipe=job.recipe.to_json(),
        devices=1,
    )
    return job


@pytest.fixture
def four(monkeypatch):
    """Four devices, of which one that is asked for alone is taken."""
    monkeypatch.setattr(
        changed_devices.devices,
        "num_replicas",
        lambda config: 1 if config.strategy == "one_device" else 4,
    )


def test_the_same_devices_go_on(planned):
    changed_devices.check(planned)


def test_devices_that_share_no_batch_are_told(planned, four):
    message = (
        "planned for 1 device, and the 4 of now .*stage finetune: give "
        "--strategy=one_device, or .*CUDA_VISIBLE_DEVICES.* multiple of the 4"
    )
    with pytest.raises(ValueError, match=message):
        changed_devices.check(planned)
    planned.record.done["finetuned"] = {}
    with pytest.raises(ValueError, match="of its stage scratch"):
        changed_devices.check(planned)
    planned.record.done["scratch"] = {}
    changed_devices.check(planned)


def test_an_earlier_version_counted_no_devices(planned, four, monkeypatch):
    monkeypatch.setattr(type(planned.record), "begun", lambda _: {})
    with pytest.raises(ValueError, match="planned for other devices, and"):
        changed_devices.check(planned)


@pytest.mark.parametrize(
    "given",
    [
        {"strategy": "one_device"},
        {
            "stage_options": "finetune.strategy=one_device "
            "scratch.strategy=one_device"
        },
    ],
)
def test_one_of_the_devices_goes_on(planned, four, given):
    asked = planned.config
    options = {name: getattr(asked, name) for name in asked.given}
    planned.config = type(asked)(**options, **given)
    changed_devices.check(planned)


def test_what_one_device_cannot_train_either_is_told_by_its_run(planned, four):
    planned.recipe.choose("finetune", "train_batch_size", 31, "why", "source")
    planned.record.done["scratch"] = {}
    changed_devices.check(planned)


def test_a_job_without_labels_has_one_stage(planned, four):
    planned.data = dataclasses.replace(planned.data, labelled=[])
    changed_devices.check(planned)
    planned.recipe.left_out.append("pretrain")
    planned.recipe.choose("pretrain", "train_batch_size", 30, "why", "source")
    changed_devices.check(planned)


def test_devices_are_looked_at_before_anything_is_trained(
    tmp_path, monkeypatch
):
    order = []
    monkeypatch.setattr(jobs.make_recipe, "make_recipe", lambda *_: Recipe())
    monkeypatch.setattr(
        changed_devices, "check", lambda job: order.append("devices")
    )
    monkeypatch.setattr(jobs, "to_the_end", lambda _: order.append("run"))
    config = Config(
        train_mode="semi_supervised",
        dataset="digits",
        model_dir=str(tmp_path),
    )
    jobs.semi_supervised(config, None)
    assert order == ["devices", "run"]
    assert read_job(str(tmp_path))[changed_devices.DEVICES] == 1
