"""The job that is killed in every part ends as the one that never was."""

import json
import os
import signal

import pytest
from crash import harness

PARTS = ("scratch", "finetuned", "distilled")  # that are evaluated
# A part of the job, and when in it to kill.
PLAN = (
    ("pretrained", harness.Moment("training", 0.05, 2)),
    ("scratch", harness.Moment("export", 0.05)),
    ("trials/labels_alone_1", harness.Moment("training", 0.05, 2)),
    ("finetuned", harness.Moment("writing", 0.001, 1)),
    ("distilled", harness.Moment("evaluation", 0.5)),
)
STEPS = ("--train_steps=9", "--checkpoint_steps=2", "--warmup_epochs=0")


@pytest.fixture(scope="module")
def server():
    with harness.Server() as started:
        yield started


def command(directory):
    size = ("--resnet_depth=18", "--width_multiplier=0.125", "--image_size=16")
    return [
        "--train_mode=semi_supervised",
        "--dataset=digits",
        "--labels_per_class=2",
        f"--model_dir={directory}",
        "--pretrain.train_batch_size=32",
        *size,
        *STEPS,
    ]


def table(directory):
    """The accuracies of a job, its seconds aside."""
    report = json.loads((directory / "report.json").read_text())
    return [(row["name"], row["top_1"]) for row in report["rows"]]


@pytest.mark.slow
def test_a_kill_in_every_part_leaves_no_trace(server, tmp_path):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    log = tmp_path / "log"
    assert server.run(command(whole), log) == 0, harness.tail(log)
    kills = 0
    for part, moment in PLAN:
        process = server.start(command(parted), log)
        if moment.wait(parted / part, process):
            os.kill(process, signal.SIGKILL)
        kills += server.wait() == -signal.SIGKILL
    assert server.run(command(parted), log) == 0, harness.tail(log)
    assert kills == len(PLAN)
    assert table(parted) == table(whole)
    digest = "pretrained/ckpt-9.sha256"
    assert (parted / digest).read_text() == (whole / digest).read_text()
    for part in PARTS:
        ours, theirs = (harness.end_state(d / part) for d in (parted, whole))
        assert ours == theirs, part
    assert not harness.left_overs(parted)
