"""What the command writes to the error output: its own lines alone."""

import os
import pathlib
import re
import subprocess
import sys

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
    kept = {k: v for k, v in os.environ.items() if "MIN_LOG_LEVEL" not in k}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_training_tells_its_own_lines_alone(tmp_path):
    done = run("simclrv2_tf.run", *TINY, f"--model_dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    health, loaded = done.stderr.splitlines()
    assert re.match(r"health  .*dead channels \d+\.\d%", health)
    assert "loaded 121 variables" in loaded
    assert "\nstep 2/2  " in done.stdout


def test_a_mistake_is_one_line(tmp_path):
    done = run(
        "simclrv2_tf.run", "--dataset=folder:nowhere", f"--model_dir={tmp_path}"
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith("simclrv2: ") and done.returncode == 2


def test_the_list_of_models_needs_no_tensorflow():
    done = run("simclrv2_tf.hub")
    assert "simclrv2/pretrained/r50_1x_sk0" in done.stdout
    assert not done.stderr
