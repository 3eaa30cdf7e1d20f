"""A run that is killed again and again ends as the one that never was.

The short form kills pretraining of a small network twice; the long one all
three stages, at 54 moments in all. What is compared is named in
`harness.end_state`.
"""

import json
import os
import signal

import pytest
import small_backbone
from crash import harness

from simclrv2_tf.checkpoints import run_directory

# Most seconds after a phase began, most checkpoints of that life before.
PHASES = {
    "start-up": (4.0, 0),
    "training": (0.2, 2),
    "writing": (0.02, 3),
}
LATE = {"evaluation": (2.0, 0), "export": (0.5, 0)}
STEPS = ("--train_steps=9", "--checkpoint_steps=2", "--train_summary_steps=5")
SHORT = (*harness.RESNET, *STEPS)
LONG = (
    *harness.RESNET,
    "--train_steps=50",
    "--checkpoint_steps=2",
    "--train_summary_steps=7",
)


@pytest.fixture(scope="module")
def server():
    with harness.Server() as started:
        yield started


def command(directory, stage, *options):
    return [
        *harness.TINY,
        f"--train_mode={stage}",
        f"--model_dir={directory}",
        *options,
    ]


def small():
    """Options of few steps of a small network, without distorted colours.

    That distortion is compiled again in each life; slow tests have it.
    """
    network = [f"--{k}={v}" for k, v in small_backbone.options().items()]
    steps = ("--train_steps=5", "--checkpoint_steps=1")
    return (*STEPS, *steps, "--color_jitter_strength=0", *network)


def test_two_kills_leave_no_trace(server, tmp_path):
    whole, log = tmp_path / "whole", tmp_path / "log"
    assert server.run(command(whole, "pretrain", *small()), log) == 0
    plan = [
        harness.Moment("writing", 0.001, 1),
        harness.Moment("export", 0.05),
    ]
    for parted in (tmp_path / "parted", tmp_path / "again"):
        argv = command(parted, "pretrain", *small())
        kills = harness.run_and_kill(server, argv, parted, plan, log)
        if "writing" in kills:  # which passes quickly, and may be missed once
            break
    assert kills == {"writing": 1, "export": 1}, harness.tail(log)
    assert harness.end_state(parted) == harness.end_state(whole)
    assert not harness.left_overs(parted)


@pytest.mark.slow
def test_kills_leave_memory_and_average_as_they_were(server, tmp_path):
    whole, parted, log = tmp_path / "whole", tmp_path / "parted", tmp_path / "l"
    options = (*SHORT, "--memory_size=100", "--memory_momentum=0.9")
    assert server.run(command(whole, "pretrain", *options), log) == 0
    plan = [
        harness.Moment("writing", 0.001, 1),
        harness.Moment("training", 0.01, 1),
    ]
    argv = command(parted, "pretrain", *options)
    kills = harness.run_and_kill(server, argv, parted, plan, log)
    assert sum(kills.values()) == 2, (kills, harness.tail(log))
    assert harness.end_state(parted) == harness.end_state(whole)
    held = run_directory.read(f"{parted}/ckpt-9")
    assert held["memory_written"] == 9 * 64
    assert "ema_model/base_model/conv2d/kernel" in held


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["pretrain", "finetune", "distill"])
def test_many_kills_in_every_stage(server, tmp_path_factory, stage, record):
    base = tmp_path_factory.getbasetemp() / "crash"
    base.mkdir(exist_ok=True)
    options = {
        "pretrain": [],
        "finetune": [f"--checkpoint={base}/pretrain", "--labels_per_class=20"],
        "distill": [f"--teacher={base}/finetune", "--labels_per_class=20"],
    }[stage]
    whole, parted, log = base / stage, base / f"{stage}-parted", base / "log"
    assert server.run(command(whole, stage, *LONG, *options), log) == 0
    seed = len(stage)
    plan = [
        *harness.moments(seed, 12, PHASES),
        *harness.moments(seed + 1, 6, LATE),
    ]
    argv = command(parted, stage, *LONG, *options)
    kills = harness.run_and_kill(server, argv, parted, plan, log)
    record(stage, kills)
    assert sum(kills.values()) >= 14, (kills, harness.tail(log))
    assert harness.end_state(parted) == harness.end_state(whole)
    assert not harness.left_overs(parted)


@pytest.mark.slow
def test_kills_between_evaluations(server, tmp_path):
    """The best checkpoint and an early end are those of the whole run."""
    whole, parted, log = tmp_path / "whole", tmp_path / "parted", tmp_path / "l"
    options = [*LONG, "--patience=2", "--export_best=label_top_5_accuracy"]
    options += ["--learning_rate=3", "--keep_checkpoint_max=2"]
    assert server.run(command(whole, "finetune", *options), log) == 0
    assert not (whole / "ckpt-50.index").exists()  # it has ended early
    plan = [
        *harness.moments(5, 4, {k: PHASES[k] for k in ("training", "writing")}),
        *harness.moments(6, 2, LATE),
    ]
    argv = command(parted, "finetune", *options)
    kills = harness.run_and_kill(server, argv, parted, plan, log)
    assert sum(kills.values()) >= 3, (kills, harness.tail(log))
    assert harness.end_state(parted) == harness.end_state(whole)
    assert not harness.left_overs(parted)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_with_42_and_goes_on(server, tmp_path, number):
    whole, parted, log = tmp_path / "whole", tmp_path / "parted", tmp_path / "l"
    assert server.run(command(whole, "pretrain", *SHORT), log) == 0
    argv = command(parted, "pretrain", *SHORT)
    process = server.start(argv, log)
    assert harness.Moment("training", 0.0, 1).wait(parted, process)
    os.kill(process, number)
    assert server.wait() == 42, harness.tail(log)
    assert "its checkpoint is written" in harness.tail(log)
    assert server.run(argv, log) == 0
    assert harness.end_state(parted) == harness.end_state(whole)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Keeps count of the kills, in a file that is named at the end."""
    path = tmp_path_factory.getbasetemp() / "kills.json"
    counted = {}

    def note(stage, kills):
        counted[stage] = kills
        path.write_text(json.dumps(counted, indent=1))

    yield note
    print(f"kills: {json.dumps(counted)}")
