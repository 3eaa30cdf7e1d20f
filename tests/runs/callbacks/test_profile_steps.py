"""A profile of some steps: what is written, and what is said."""

import logging

import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.callbacks.profile_steps import lines
from simclrv2_tf.runs.monitoring.operation_times import OperationTime
from simclrv2_tf.runs.train import train


def run(directory, steps, train_steps=3):
    return train(
        Config(
            **small_backbone.options(),
            image_size=8,
            num_proj_layers=2,
            proj_out_dim=8,
            dataset="digits",
            train_mode="finetune",
            train_batch_size=8,
            train_steps=train_steps,
            warmup_epochs=0,
            model_dir=directory and str(directory),
            profile_steps=steps,
        )
    )


@pytest.mark.slow
def test_a_run_is_profiled(tmp_path, capfd, caplog):
    run(tmp_path / "run", [2, 9])  # training ends before
    told = capfd.readouterr().out
    assert "profile of steps 2 to 3: " in told
    assert "waiting for data" in told and " GB at its peak" in told
    assert "Conv2D" in told
    assert list(tmp_path.glob("run/plugins/profile/*/*.xplane.pb"))
    noted = journal.read(str(tmp_path / "run"), whole=True)
    (noted,) = [each for each in noted if each["event"] == "profile"]
    assert (noted["first"], noted["step"]) == (2, 3)
    assert len(noted["operations"]) == 10
    assert 0 <= noted["waiting"] < 1
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        run(tmp_path / "run", "2,9", train_steps=4)
    assert "no profile: step 2 of --profile_steps is over" in caplog.text


def test_the_table():
    times = [OperationTime("Conv2D", 0.6, 8), OperationTime("Relu", 0.2, 4)]
    assert list(lines(times, 4)) == [
        "  share  ms a step  a step  operation",
        "  75.0%     150.00     2.0  Conv2D",
        "  25.0%      50.00     1.0  Relu",
    ]


@pytest.mark.parametrize("steps", ["10", "0,3", "5,4", "a,b", "1,2,3"])
def test_what_names_no_two_steps_is_refused(steps):
    with pytest.raises(ValueError, match="`profile_steps` must be two steps"):
        Config(profile_steps=steps)


def test_steps_that_never_come_are_refused(tmp_path):
    with pytest.raises(ValueError, match="among the 3 steps of training"):
        run(tmp_path / "run", "4,5")
