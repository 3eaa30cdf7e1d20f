"""Formulas of a job's needs: closed forms, and what was measured."""

import dataclasses
import json
import pathlib

import pytest

from simclrv2_tf import scaling
from simclrv2_tf.config import Config
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.scaling import PlannedJob
from tools import plan
from tools.benchmarks import memory

MEASURED = pathlib.Path(__file__).parents[1] / "benchmarks" / "memory.json"
STEPS = MEASURED.with_name("step.json")
SMALL = PlannedJob(batch=512, resnet_depth=18, image_size=32)


def test_one_device_sends_nothing():
    assert set(scaling.wire(SMALL).values()) == {0.0}
    assert scaling.collectives(SMALL) == 0
    device = scaling.DEVICES["a100"]
    assert scaling.seconds(SMALL, device)["communicating"] == 0


def test_bytes_of_two_devices_in_closed_form():
    job = dataclasses.replace(SMALL, batch=2048, devices=2)
    sent = scaling.wire(job)
    assert sent["gradients"] == 4 * job.whole.parameters
    # Half of all embeddings, and three numbers for each pair of that half.
    assert sent["embeddings"] == 1024 * (2 * 128 * 4 + 3 * 4)
    channels = sum(job.whole.norms)
    assert sent["moments"] == 2 * 2 * channels * 4
    assert scaling.collectives(job) == 3 + 3 * len(job.whole.norms)
    alone = dataclasses.replace(job, global_bn=False)
    assert scaling.wire(alone)["moments"] == 0


def test_micro_batches_bound_the_activations_and_repeat_the_moments():
    part = {"gradient_cache_microbatch": 128}
    few = dataclasses.replace(SMALL, devices=2, **part)
    many = dataclasses.replace(few, batch=4096)
    assert (
        scaling.memory(few)["activations"]
        == scaling.memory(many)["activations"]
    )
    assert scaling.wire(many)["moments"] == 8 * scaling.wire(few)["moments"]


def test_what_saves_memory():
    plain = scaling.activations(SMALL)
    half = dataclasses.replace(SMALL, mixed_precision="bfloat16")
    assert scaling.activations(half) == plain / 2
    again = dataclasses.replace(SMALL, remat=True)
    assert scaling.activations(again) < 0.8 * plain


def test_a_momentum_memory_in_closed_form():
    plain = scaling.memory(SMALL)
    job = dataclasses.replace(SMALL, memory_size=65_536)
    more = {k: v - plain[k] for k, v in scaling.memory(job).items() if v}
    assert more.pop("average of the weights") == 4 * job.whole.parameters
    assert more.pop("memory of keys") == 65_536 * 128 * 4
    assert not any(more.values())
    alone = dataclasses.replace(SMALL, average=True)
    kept = sum(scaling.memory(alone).values()) - sum(plain.values())
    assert kept == 4 * job.whole.parameters
    device = scaling.DEVICES["a100"]  # one more forward pass beside three
    times = [scaling.seconds(j, device)["computing"] for j in (job, SMALL)]
    assert times[0] == pytest.approx(4 / 3 * times[1])


def test_one_view_is_half_the_work_and_is_compared_with_none():
    job = PlannedJob(batch=1024, devices=8)
    alone = dataclasses.replace(job, views=1)
    device = scaling.DEVICES["a100"]
    times = [scaling.seconds(j, device)["computing"] for j in (job, alone)]
    assert times[0] == 2 * times[1]
    sent = scaling.wire(alone)
    assert sent["embeddings"] == 0
    assert sent["gradients"] == scaling.wire(job)["gradients"]
    assert scaling.collectives(job) - scaling.collectives(alone) == 2


def test_what_is_frozen_is_computed_forward_alone():
    device = scaling.DEVICES["a100"]
    job = PlannedJob(batch=1024, devices=8, views=1)
    some, all_parts = (
        dataclasses.replace(job, frozen=n) for n in (2, len(job.parts))
    )
    whole, part, forward = (
        scaling.seconds(j, device)["computing"] for j in (job, some, all_parts)
    )
    assert forward == pytest.approx(whole / 3)
    assert forward < part < whole
    stem, group, *rest = job.parts.values()
    gradients = scaling.wire(some)["gradients"]
    trained = sum(p.parameters for p in rest)
    assert gradients == 2 * 7 / 8 * 4 * trained
    norms = len(stem.norms) + len(group.norms)
    fewer = scaling.collectives(job) - scaling.collectives(some)
    assert fewer == 3 * norms
    assert not any(scaling.wire(all_parts).values())
    again = dataclasses.replace(all_parts, remat=True)
    assert scaling.seconds(again, device)["computing"] == forward


def test_twice_the_work_takes_twice_the_time():
    device = scaling.DEVICES["tpu_v3_core"]
    once = scaling.seconds(SMALL, device)["computing"]
    twice = dataclasses.replace(SMALL, batch=1024)
    assert scaling.seconds(twice, device)["computing"] == 2 * once
    assert scaling.seconds(SMALL, device, 0.3)["computing"] == once / 2


def test_at_the_balance_both_take_the_same():
    device = scaling.DEVICES["v100"]
    job = PlannedJob(batch=1024, devices=8)
    spent = scaling.seconds(job, device)
    least = scaling.balance(job, device)
    assert spent["computing"] * least / job.share == pytest.approx(
        spent["communicating"]
    )


def test_operations_of_a_step_in_closed_form():
    """He et al. count 4.1 billion multiplications with the step on the 3x3."""
    job = PlannedJob(batch=4096, devices=128, hosts=16)
    forward = 2 * 32 * 2 * 4.1e9  # views, images of a core, with additions
    device = scaling.DEVICES["tpu_v3_core"]
    step = scaling.seconds(job, device, efficiency=1)["computing"]
    assert step == pytest.approx(3 * forward / 61.5e12, rel=0.02)


def test_efficiency_is_that_of_the_simclr_paper():
    """ResNet-50, 100 epochs, batch 4,096, 128 cores of TPU v3: 1.5 hours."""
    operations = 3 * 2 * 2 * 4.1e9 * 1_281_167 * 100
    reached = operations / (1.5 * 3600) / (128 * 61.5e12)
    assert reached == pytest.approx(scaling.EFFICIENCY, rel=0.1)


def test_seconds_of_a_network_that_nothing_was_fitted_to():
    """ResNet-50 at 224 pixels; the speed of a core is from ResNet-18 at 32."""
    measured = json.loads(STEPS.read_text())["cases"]["ResNet-50, 224 px"]
    job = PlannedJob(batch=measured["batch"])
    told = scaling.seconds(job, scaling.this_machine(2, 8e9))["computing"]
    assert told == pytest.approx(measured["bare"], rel=0.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": 0}, "`devices` must be at least 1"),
        ({"devices": 3}, r"batch \(4096\) must be a multiple of devices \(3\)"),
        ({"devices": 8, "hosts": 3}, r"devices \(8\) must .* hosts \(3\)"),
        ({"gradient_cache_microbatch": 5}, "multiple of a micro-batch"),
        ({"mixed_precision": "int8"}, "`mixed_precision` must be one of"),
        ({"optimizer": "sgd"}, "`optimizer` must be one of"),
    ],
)
def test_messages(options, message):
    with pytest.raises(ValueError, match=message):
        PlannedJob(**options)


def test_memory_is_within_a_fifth_of_what_was_measured():
    rows = json.loads(MEASURED.read_text())["rows"]
    beyond = {*memory.SMALL, *memory.LATER}
    checked = [row for row in rows if row["case"] not in beyond]
    assert checked
    for row in checked:
        options, _ = memory.CASES[row["case"]]
        paper = memory.on_paper(options) / 2**20
        assert paper == pytest.approx(row["peak_mib"], rel=0.2), row["case"]


def test_the_plan_is_printed(capsys):
    plan.main(["--devices=16", "--batch=4096", "--images_per_host=1000"])
    text = capsys.readouterr().out
    assert "4,096 images on 16 devices, 2 hosts" in text
    assert "of 80: it fits" in text
    assert "the input is slower at 1,000 images/s" in text


def test_the_plan_of_this_machine(capsys):
    plan.main(["--device=cpu", "--batch=32", "--resnet_depth=18"])
    text = capsys.readouterr().out
    assert "32 images on 1 device, 1 host\n" in text
    with pytest.raises(SystemExit, match="^2$"):
        plan.main(["--device=gpu"])
    assert "--device: invalid choice: 'gpu'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("share", "room"),
    [(0.91, "it fits"), (0.89, "too much: see --remat")],
)
def test_the_plan_of_this_machine_is_what_a_run_judges(
    share, room, capsys, monkeypatch
):
    options = {"resnet_depth": 18, "image_size": 32}
    needed = sum(scaling.memory(PlannedJob(batch=256, **options)).values())
    peak = memory_check.GROWTH * needed + memory_check.COMPILED
    free = peak / memory_check.MOST * share / 0.9
    monkeypatch.setattr(memory_check, "free_memory", lambda: free)
    monkeypatch.setattr(
        "simclrv2_tf.machine.free_memory.free_memory", lambda: free
    )
    plan.main(
        ["--device=cpu", "--batch=256", "--resnet_depth=18", "--image_size=32"]
    )
    text = capsys.readouterr().out
    assert f"a run expects at its peak{peak / 1e9:>15,.2f}" in text
    assert f"{free / 1e9:.1f} free, 90% of which it may take: {room}" in text
    config = Config(**options, train_batch_size=256, warmup_epochs=0)
    assert memory_check.expect(config).fits == (room == "it fits")
    assert memory_check.expect(config).peak == pytest.approx(peak)


def test_the_plan_says_what_is_wrong(capsys):
    with pytest.raises(SystemExit) as stopped:
        plan.main(["--devices=3"])
    assert stopped.value.code == 2
    assert "must be a multiple of devices (3)" in capsys.readouterr().err
    for option in (
        "--efficiency=0",
        "--image_size=-5",
        "--gradient_cache_microbatch=-1",
        "--proj_out_dim=0",
    ):
        with pytest.raises(SystemExit):
            plan.main(["--devices=8", option])
        name = option.removeprefix("--").split("=")[0]
        assert f"`{name}` must be" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        plan.main(["--resnet_depth=42"])
    assert "`resnet_depth` must be one of" in capsys.readouterr().err
