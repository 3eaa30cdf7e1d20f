"""Means over the steps of a report, where some or all are not finite."""

import math

import keras
import pytest

from simclrv2_tf.stages import metric_means

NAN = float("nan")


def means(*names):
    return {name: keras.metrics.Mean(name=f"train/{name}") for name in names}


def test_a_mean_of_nothing_finite_is_nan():
    kept = means("loss")
    for value in (NAN, math.inf):
        logs = metric_means.note(kept, {"loss": value})
        assert math.isnan(float(logs["train/loss"]))


def test_what_is_not_finite_is_left_out_of_a_mean():
    kept = means("loss", "accuracy")
    for loss in (NAN, 1.0, 3.0, NAN):
        values = {"loss": (loss, 4.0), "accuracy": 0.5}
        logs = metric_means.note(kept, values)
    assert float(logs["train/loss"]) == pytest.approx(2.0)
    assert float(logs["train/accuracy"]) == pytest.approx(0.5)


def test_a_mean_is_anew_after_a_reset():
    kept = means("loss")
    metric_means.note(kept, {"loss": 1.0})
    kept["loss"].reset_state()
    logs = metric_means.note(kept, {"loss": NAN})
    assert math.isnan(float(logs["train/loss"]))


def test_a_mean_without_examples_is_zero():
    kept = means("accuracy", "loss")
    logs = metric_means.note(kept, {"accuracy": (0.0, 0.0), "loss": 1.0})
    assert float(logs["train/accuracy"]) == 0


def test_what_is_not_noted_in_a_step_stays():
    kept = means("loss", "decay")
    metric_means.note(kept, {"loss": 1.0, "decay": 2.0})
    logs = metric_means.note(kept, {"loss": NAN})
    assert (float(logs["train/loss"]), float(logs["train/decay"])) == (1, 2)
