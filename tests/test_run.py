"""What the command writes to the error output: its own lines alone."""

import pathlib
import re

import pytest
import tensorflow as tf
from processes import run_python

from simclrv2_tf import run as command

ROOT = pathlib.Path(__file__).resolve().parents[1]
TINY = (
    "--dataset=digits",
    "--resnet_depth=18",
    "--width_multiplier=0.0625",
    "--image_size=8",
    "--proj_out_dim=8",
    "--train_batch_size=48",
    "--train_steps=2",
    "--warmup_epochs=0",
)


def run(*arguments):
    return run_python("-m", *arguments)


@pytest.mark.slow
def test_training_tells_its_own_lines_alone(tmp_path):
    done = run("simclrv2_tf.run", *TINY, f"--model_dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    health, loaded = done.stderr.splitlines()
    assert re.match(r"health  .*inactive channels \d+\.\d%", health)
    assert "loaded 121 variables" in loaded
    assert "\nstep 2/2  " in done.stdout


@pytest.mark.slow
def test_a_mistake_is_one_line(tmp_path):
    done = run(
        "simclrv2_tf.run", "--dataset=folder:nowhere", f"--model_dir={tmp_path}"
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith("simclrv2: ") and done.returncode == 2


def check_unknown_file_system(errors, status):
    (line,) = errors.splitlines()
    assert line.startswith("simclrv2: File system scheme 's3' not implemented")
    assert "give a path of this machine" in line and status == 2


@pytest.mark.slow
def test_a_directory_of_a_file_system_that_is_not_known_is_one_line():
    done = run("simclrv2_tf.run", *TINY, "--model_dir=s3://bucket/run")
    check_unknown_file_system(done.stderr, done.returncode)


def test_weights_of_a_file_system_that_is_not_known_are_one_line(
    tmp_path, capfd
):
    places = ("--checkpoint=s3://bucket/run", f"--model_dir={tmp_path}")
    with pytest.raises(SystemExit) as end:
        command.main(["simclrv2", *TINY, *places])
    check_unknown_file_system(capfd.readouterr().err, end.value.code)


def test_memory_that_is_used_up_is_one_line(monkeypatch, capsys):
    def fails(config):
        raise tf.errors.ResourceExhaustedError(
            None, None, "OOM when allocating tensor with shape[9]\n\t[[x]]"
        )

    monkeypatch.setattr(command, "_run", fails)
    with pytest.raises(SystemExit) as end:
        command.main(["simclrv2"])
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(
        r"simclrv2: The memory is used up \(OOM when .*\[9\]\): .*--remat", line
    )
    assert end.value.code == 2


def test_what_is_no_mistake_of_the_user_keeps_its_traceback(monkeypatch):
    def fails(config):
        raise KeyError("ours")

    monkeypatch.setattr(command, "_run", fails)
    with pytest.raises(KeyError, match="ours"):
        command.main(["simclrv2"])


def test_the_list_of_models_needs_no_tensorflow():
    done = run("simclrv2_tf.hub")
    assert "simclrv2/pretrained/r50_1x_sk0" in done.stdout
    assert not done.stderr
