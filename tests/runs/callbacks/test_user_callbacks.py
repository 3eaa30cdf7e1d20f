"""Callbacks of the caller beside our own: their order, and early ends."""

import functools

import keras
import numpy as np
import pytest
import small_backbone

import simclrv2_tf
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import status
from simclrv2_tf.runs.callbacks.user_callbacks import check_callbacks
from simclrv2_tf.session import dispatch

pytestmark = pytest.mark.usefixtures("unexported")

OPTIONS = {
    **small_backbone.options(),
    "image_size": 8,
    "proj_out_dim": 8,
    "train_batch_size": 32,
    "warmup_epochs": 0,
    "train_steps": 4,
    "checkpoint_steps": 2,
    "train_summary_steps": 2,
    "keep_checkpoint_max": 9,
}
finetune = functools.partial(simclrv2_tf.finetune, "digits", **OPTIONS)
BIAS = "head_supervised/linear_layer/dense/bias"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "whole"
    return directory, finetune(directory)


class Marker(keras.callbacks.Callback):
    """Writes a number into the network, and notes what was told before it."""

    def __init__(self, directory):
        super().__init__()
        self.directory = directory
        self.told = {}

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.optimizer.iterations.numpy())
        bias = self.model.network.supervised_head.linear.bias
        bias.assign(np.full(bias.shape, step, np.float32))
        events = journal.read(str(self.directory))
        self.told[step] = [e["event"] for e in events if e.get("step") == step]


class StopAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == self.step:
            self.model.stop_training = True


def test_they_act_after_the_metrics_and_before_the_checkpoint(tmp_path):
    marker = Marker(tmp_path)
    finetune(tmp_path, callbacks=[marker])
    assert list(marker.told) == [1, 2, 3, 4]
    assert marker.told[2] == marker.told[4] == ["train", "health"]
    for step in (2, 4):
        arrays = run_directory.read(
            run_directory.prefix_of(str(tmp_path), step)
        )
        (bias,) = [v for n, v in arrays.items() if n.endswith(BIAS)]
        np.testing.assert_array_equal(bias, np.full(10, step))


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 3])
def test_one_that_ends_training_leaves_a_checkpoint(
    whole, tmp_path, caplog, step
):
    result = finetune(tmp_path, callbacks=[StopAt(step)])
    assert f"ends training at step {step} of 4; its checkpoint is" in (
        caplog.text
    )
    assert "train/supervised_loss" in result
    assert run_directory.steps(str(tmp_path))[-1] == step
    assert result["export"] == str(tmp_path / "saved_model" / str(step))
    assert "a callback ended training" in status.describe(str(tmp_path))
    again = finetune(tmp_path)
    sums = "ckpt-4.sha256"  # covers weights, slots, statistics and means
    assert (tmp_path / sums).read_text() == (whole[0] / sums).read_text()
    assert again["train/supervised_acc"] == whole[1]["train/supervised_acc"]
    assert "trained to its end" in status.describe(str(tmp_path))


@pytest.mark.slow
def test_the_usual_ones_change_nothing(whole, tmp_path):
    ends = []
    finetune(
        tmp_path / "run",
        callbacks=(
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.TensorBoard(tmp_path / "board"),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.LambdaCallback(on_train_end=ends.append),
        ),
    )
    assert len(ends) == 1
    assert "train/supervised_loss" in (tmp_path / "log.csv").read_text()
    sums = "ckpt-4.sha256"
    assert (tmp_path / "run" / sums).read_text() == (
        whole[0] / sums
    ).read_text()


@pytest.mark.parametrize(
    ("callbacks", "words"),
    [
        ([print], r"callbacks\[0\] is builtin_function_or_method"),
        ([StopAt], "the class StopAt, not an object made of it"),
        ([StopAt(1), "CSVLogger"], r"callbacks\[1\] is str"),
        (StopAt(1), "must be a list"),
        (None, "must be a list .*Received: NoneType"),
    ],
)
def test_other_things_are_refused(tmp_path, callbacks, words):
    with pytest.raises(ValueError, match=words) as error:
        finetune(tmp_path / "run", callbacks=callbacks)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_they_are_for_training_alone(tmp_path):
    with pytest.raises(ValueError, match="training alone.*mode='eval'"):
        finetune(tmp_path, mode="eval", callbacks=[StopAt(1)])
    assert check_callbacks([]) == ()


def test_those_of_a_job_are_for_its_runs_that_train(monkeypatch):
    seen = []
    monkeypatch.setattr(
        dispatch, "run", lambda *given, callbacks: seen.append(callbacks)
    )
    for mode in ("train", "train_then_eval", "embed"):
        dispatch._run_of_job(["mine"], Config(mode=mode), None, None, None)
    assert seen == [["mine"], ["mine"], ()]
