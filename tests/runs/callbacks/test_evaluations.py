"""Checkpoints that are compared: the best stays, patience ends training."""

import json
import types

import keras
import numpy as np
import pytest
import small_backbone
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import status
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.callbacks import evaluations
from simclrv2_tf.runs.train import train
from simclrv2_tf.session import training

TINY = {
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 32,
    "warmup_epochs": 0,
    "learning_rate": 0.1,
    "train_steps": 8,
    "checkpoint_steps": 1,
    "train_summary_steps": 3,
    "keep_checkpoint_max": 2,
    "check_memory": False,
}
# Of steps 1 to 8: the best is that of step 2, as the later one is no better.
ACCURACY = [0.1, 0.5, 0.3, 0.5, 0.2, 0.4, 0.1, 0.9]
CRASH = "as if killed"


class Scripted:
    """An evaluation that answers what is written down for each step."""

    def __init__(self, metric="label_top_1_accuracy", values=ACCURACY):
        self.metric, self.values, self.steps = metric, values, []

    def __call__(self, network, classes, step):
        self.steps.append(step)
        return {self.metric: self.values[step - 1]}


class Crash(keras.callbacks.Callback):
    """Crashes after a step, None for none."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) == self.after:
            raise RuntimeError(CRASH)


def run(directory, evaluation, crash=None, **options):
    config = Config(
        **{**TINY, **options},
        dataset="digits",
        train_mode="finetune",
        model_dir=str(directory),
    )
    return train(config, callbacks=[Crash(crash)], evaluate=evaluation)


def end_state(directory):
    newest = run_directory.latest(str(directory))
    return {
        "sums": open(f"{newest}.sha256").read(),  # weights, slots and progress
        "best": (directory / "best_checkpoint.json").read_text(),
        "steps": run_directory.steps(str(directory)),
        "planned": json.loads((directory / "flags.json").read_text())[
            "planned_steps"
        ],
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "whole"
    run(directory, Scripted(), patience=3, export_best="label_top_1_accuracy")
    return directory


def test_patience_ends_training_and_the_best_stays(whole):
    assert run_directory.steps(str(whole)) == [2, 4, 5]
    best = json.loads((whole / "best_checkpoint.json").read_text())
    assert best == {
        "metric": "label_top_1_accuracy",
        "value": 0.5,
        "step": 2,
        "checkpoint": "ckpt-2",
    }
    events = journal.read(str(whole))
    noted = [e for e in events if e["event"] == "evaluation"]
    assert [e["step"] for e in noted] == [1, 2, 3, 4, 5]
    assert [e["best_step"] for e in noted] == [1, 2, 2, 2, 2]
    assert "an early end, by --patience (at step 5" in status.describe(
        str(whole)
    )
    flags = json.loads((whole / "flags.json").read_text())
    assert flags["planned_steps"] == 5  # whoever waits for the end goes on


def test_what_has_ended_does_not_go_on(whole, tmp_path):
    before = end_state(whole)
    evaluation = Scripted()
    options = {"patience": 3, "export_best": "label_top_1_accuracy"}
    trained = run(whole, evaluation, **options)
    assert trained.step == 5 and not evaluation.steps
    assert end_state(whole) == before


@pytest.mark.slow
def test_a_run_that_crashes_ends_as_the_whole_one(whole, tmp_path):
    """The best is two steps old then, and one evaluation was waited for."""
    options = {"patience": 3, "export_best": "label_top_1_accuracy"}
    with pytest.raises(RuntimeError, match=CRASH):
        run(tmp_path, Scripted(), crash=4, **options)
    evaluation = Scripted()
    run(tmp_path, evaluation, **options)
    assert evaluation.steps == [4, 5]
    assert end_state(tmp_path) == end_state(whole)


def test_the_error_is_better_lower_and_without_patience_all_is_trained(
    tmp_path,
):
    metric = "expected_calibration_error"
    run(tmp_path, Scripted(metric), train_steps=4, export_best=metric)
    best = json.loads((tmp_path / "best_checkpoint.json").read_text())
    assert (best["step"], best["value"]) == (1, 0.1)
    assert run_directory.steps(str(tmp_path)) == [1, 3, 4]
    config = Config(model_dir=str(tmp_path))
    assert weights.best(config).endswith("ckpt-1")
    run_directory.delete(weights.best(config))
    assert weights.best(config).endswith("ckpt-4")  # the last in its place


@pytest.fixture(scope="module")
def finetuned(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "digits"
    result = simclrv2_tf.finetune(
        "digits",
        directory,
        **{**TINY, "train_steps": 4, "checkpoint_steps": 2},
        mode="train_then_eval",
        eval_split="test",
        export_best="balanced_accuracy",
        patience=5,
    )
    return directory, result


@pytest.mark.slow
def test_the_best_is_evaluated_and_exported_beside_the_last(finetuned):
    directory, result = finetuned
    told = json.loads((directory / "best_checkpoint.json").read_text())
    stored = json.loads((directory / "result_best.json").read_text())
    assert stored["global_step"] == told["step"]
    assert stored["eval/balanced_accuracy"] == pytest.approx(told["value"])
    last = json.loads((directory / "result.json").read_text())
    assert last["global_step"] == 4
    of_the_file = ("global_step", "data", "ema")
    assert result["best"] == {
        k: v for k, v in stored.items() if k not in of_the_file
    }
    assert result["export"] == str(directory / "saved_model" / "4")
    best = directory / "saved_model_best" / str(told["step"])
    assert result["export_best"] == str(best)
    assert (best / "saved_model.pb").exists()
    noted = [
        e for e in journal.read(str(directory)) if e["event"] == "evaluation"
    ]
    assert [e["step"] for e in noted] == [2, 4]
    assert noted[-1]["metrics"]["examples"] == 360


@pytest.mark.parametrize("folds", [0, 2])
def test_figures_on_the_images_that_chose_are_told_of(
    monkeypatch, caplog, folds
):
    monkeypatch.setattr(training.weights, "best", lambda config: "ckpt-2")
    judged = []
    monkeypatch.setattr(
        training.evaluate,
        "evaluate_checkpoint",
        lambda config, *_: judged.append(config.eval_name),
    )
    config = Config(
        train_mode="finetune",
        export_best="balanced_accuracy",
        best_folds=folds,
    )
    training._evaluate_best(config, None, None)
    assert judged == ["best"]
    assert ("its figures are too good" in caplog.text) == (not folds)


@pytest.mark.slow
def test_evaluating_changes_no_number(finetuned, tmp_path, without_export):
    directory, _ = finetuned
    options = {**TINY, "train_steps": 4, "checkpoint_steps": 2}
    with without_export():
        simclrv2_tf.finetune("digits", tmp_path, **options)
    ours, plain = (
        run_directory.read(run_directory.prefix_of(str(d), 4))
        for d in (directory, tmp_path)
    )
    for name, value in plain.items():
        np.testing.assert_array_equal(ours[name], value, name)
    progress = run_directory.read_progress(
        run_directory.prefix_of(str(tmp_path), 4)
    )
    assert "best" not in progress


def test_bad_input_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="one of .*'balanced_accuracy'.*=auc"):
        Config(train_mode="finetune", export_best="auc")
    for name, value in {
        "patience": 2,
        "export_best": "balanced_accuracy",
    }.items():
        with pytest.raises(ValueError, match=f"`{name}` compares checkpoints"):
            Config(train_mode="pretrain", **{name: value})
    with pytest.raises(ValueError, match="eval_split=night must name a split"):
        simclrv2_tf.finetune(
            "digits", tmp_path, **TINY, patience=1, eval_split="night"
        )
    images = np.zeros((40, 8, 8, 3), np.float32)
    labelled = tf.data.Dataset.from_tensor_slices((images, np.arange(40) % 2))
    with pytest.raises(ValueError, match="`eval_dataset` must.*patience=1"):
        simclrv2_tf.finetune(labelled, tmp_path, **TINY, patience=1)
    bare = tf.data.Dataset.from_tensor_slices(images)
    with pytest.raises(ValueError, match="`patience` and .* has no label"):
        simclrv2_tf.finetune(labelled, tmp_path, bare, **TINY, patience=1)
    with pytest.raises(ValueError, match="whose checkpoints were not compared"):
        weights.best(Config(model_dir=str(tmp_path)))
    assert not (tmp_path / "flags.json").exists()


@pytest.mark.parametrize(
    ("options", "judged"),
    [
        ({"export_best": "label_top_1_accuracy"}, "trained"),
        ({"export_best": "label_top_1_accuracy", "eval_ema": True}, "trained"),
        ({"export_best": "label_top_1_accuracy", "export_ema": True}, "mean"),
        ({"patience": 3, "eval_ema": True}, "mean"),
        ({"patience": 3, "export_ema": True}, "trained"),
    ],
)
def test_what_is_exported_is_judged(options, judged):
    average = types.SimpleNamespace(network="mean")
    stage = types.SimpleNamespace(network="trained", average=average)
    config = Config(train_mode="finetune", memory_momentum=0.9, **options)
    run = types.SimpleNamespace(config=config, stage=stage)
    assert evaluations._judged(run) == judged
