"""`--mode=status`: what a directory tells without TensorFlow."""

import fcntl
import json
import subprocess
import sys

import pytest

from simclrv2_tf.runs import status
from simclrv2_tf.runs.journal import Journal

FLAGS = {"train_mode": "pretrain", "dataset": "digits", "seed": 3}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "flags.json").write_text(json.dumps(FLAGS))
    log = Journal(tmp_path)
    log.note("start", step=0)
    log.note(
        "train",
        step=50,
        last_step=200,
        metrics={"train/contrast_loss": 3.25},
        images_per_second=120.4,
        seconds_left=3661.2,
        data_wait_share=0.1,
    )
    log.note("checkpoint", step=50)
    (tmp_path / "ckpt-50.index").write_bytes(b"")
    (tmp_path / "ckpt-8.index").write_bytes(b"")
    log.note(
        "health",
        step=50,
        numbers={"alignment": 0.5},
        warnings=["40% of the channels are inactive."],
    )
    return tmp_path


def test_what_is_told(run):
    text = status.describe(str(run))
    for words in (
        "pretrain on digits, seed 3",
        "step 50 of 200 (25%), 120 images/s, 1:01:01 left, 10% of the time",
        "contrast_loss 3.25",
        "alignment 0.5",
        "ckpt-50 is the newest of 2, written",
        "warning     40% of the channels are inactive.",
        "killed or crashed; the same command goes on",
    ):
        assert words in text, text


def test_counts_are_whole(run):
    values = {"eval/examples": 10_000, "global_step": 12340.0, "loss": 0.12345}
    (run / "result.json").write_text(json.dumps(values))
    text = status.describe(str(run))
    assert "eval/examples 10,000  global_step 12,340  loss 0.1235" in text


@pytest.mark.parametrize(
    ("step", "share"), [(9_960, "99%"), (10_000, "100%"), (99, "0%")]
)
def test_what_still_trains_is_not_all_done(run, step, share):
    Journal(run).note("train", step=step, last_step=10_000)
    text = status.describe(str(run))
    assert f"step {step:,} of 10,000 ({share})" in text


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (("trained", {}), "trained to its end"),
        (("stop", {"kind": "Preempted"}), "asked to stop"),
        (("stop", {"kind": "Diverged", "reason": "x"}), "Diverged: x"),
    ],
)
def test_how_it_ended(run, event, words):
    kind, values = event
    Journal(run).note(kind, step=60, **values)
    assert words in status.describe(str(run))


def test_a_lock_that_is_held_is_a_run_that_lives(run):
    held = {"pid": 12, "host": "h", "since": "today"}
    (run / "lock").write_text(json.dumps(held))
    with open(run / "lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = status.describe(str(run))
    assert "training, process 12 on h since today" in text
    assert "process 12 on h has not left" in status.describe(str(run))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: None, "give --model_dir"),
        (lambda d: str(d), "is empty.*still planned has no files. Ask again"),
        (lambda d: str(d / "nowhere"), "holds no run: expected"),
        (lambda d: "gs://bucket/run", "local directories"),
    ],
)
def test_no_run_is_a_sentence(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        status.describe(make(tmp_path))


def test_files_of_others_are_no_run(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds no run: expected"):
        status.describe(str(tmp_path))


def test_strange_values_are_left_out(run):
    Journal(run).note("train", step="x", last_step=[], metrics=3)
    Journal(run).note("health", numbers=[], warnings=7)
    (run / "environment.json").write_text('{"versions": 3}')
    (run / "result.json").write_text("[")
    assert "pretrain on digits" in status.describe(str(run))


def test_the_command_loads_no_tensorflow(run):
    code = (
        "import sys; from simclrv2_tf.run import main; "
        f"main(['simclrv2', '--mode=status', '--model_dir={run}']); "
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "step 50 of 200" in done.stdout
