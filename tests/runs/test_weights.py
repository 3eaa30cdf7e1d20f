"""Which of a run's weights are taken, and the temperature that is theirs."""

import json

import averaged_run
import numpy as np
import pytest
import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.runs import weights

KERNEL = f"{averaged_run.HEAD}kernel"


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def run(network, tmp_path):
    return averaged_run.save(network, tmp_path / "run")


def calibrated(run, **told):
    held = {"temperature": 1.5, **told}
    (run / "calibration-7.json").write_text(json.dumps(held))


def config(**options):
    return Config(mode="predict", **options)


@pytest.mark.parametrize("ema", [False, True])
@pytest.mark.parametrize("name", ["model_dir", "checkpoint"])
def test_what_is_told_to_be_taken_is_loaded(network, run, name, ema):
    """A run's own weights are as `eval_ema` says, others by both flags."""
    prefix = str(run / "ckpt-7")
    given = {"model_dir": str(run), "checkpoint": prefix}
    flag = "eval_ema" if name == "model_dir" else "checkpoint_ema"
    asked = config(**{name: given[name], flag: ema})
    newest = weights.newest(asked)
    assert weights.takes_average(asked, newest) == ema
    kernel = weights.load(asked, newest).named_variables()[KERNEL]
    expected = network.named_variables()[KERNEL].numpy()
    expected = expected * (averaged_run.SCALE if ema else 1)
    np.testing.assert_array_equal(kernel.numpy(), expected)


def test_what_a_caller_says_is_before_eval_ema(run):
    asked = config(model_dir=str(run), eval_ema=True, checkpoint_ema=True)
    assert not weights.takes_average(asked, weights.newest(asked), False)
    asked = config(checkpoint=str(run), checkpoint_ema=True)
    assert weights.takes_average(asked, weights.newest(asked), False)


@pytest.mark.parametrize("fitted", [False, True])
def test_a_temperature_is_for_what_it_was_fitted_to(run, caplog, fitted):
    calibrated(run, ema=fitted)
    assert weights.temperature(run, fitted) == 1.5
    assert not caplog.messages
    assert weights.temperature(run / "ckpt-7", not fitted) == 1.0
    (warning,) = caplog.messages
    names = ["trained", "averaged"]
    words = f"fitted to the {names[fitted]} weights, and the "
    assert words + f"{names[not fitted]} ones are taken" in warning
    no = "no" if fitted else ""
    assert f"--mode=eval --calibrate --{no}eval_ema first" in warning


@pytest.mark.parametrize("fitted", [False, True])
def test_a_file_of_an_earlier_version_is_as_the_runs_flags(
    network, tmp_path, caplog, fitted
):
    run = averaged_run.save(network, tmp_path / "run", eval_ema=fitted)
    calibrated(run)
    assert weights.temperature(run, fitted) == 1.5
    assert not caplog.messages
    assert weights.temperature(run, not fitted) == 1.0
    assert "are taken" in caplog.text


def test_a_run_without_flags_has_trained_weights(run):
    (run / "flags.json").unlink()
    calibrated(run)
    assert weights.temperature(run) == 1.5


def test_the_best_is_that_by_the_metric_that_was_compared(run):
    told = {"metric": "label_top_1_accuracy", "value": 0.5, "step": 7}
    (run / "best_checkpoint.json").write_text(json.dumps(told))
    prefix = str(run / "ckpt-7")
    assert weights.best(config(model_dir=str(run))) == prefix
    asked = config(model_dir=str(run), export_best="label_top_1_accuracy")
    assert weights.best(asked) == prefix
    asked = config(model_dir=str(run), export_best="balanced_accuracy")
    message = (
        "compared by, 'label_top_1_accuracy' in .*Received: export_best="
        "'balanced_accuracy': give --export_best=label_top_1_accuracy, or"
    )
    with pytest.raises(ValueError, match=message):
        weights.best(asked)
    (run / "best_checkpoint.json").write_text("[]")
    with pytest.raises(ValueError, match="must name a run's best checkpoint"):
        weights.best(asked)


def test_without_a_temperature_nothing_is_said(run, caplog):
    for ema in (False, True):
        assert weights.temperature(run, ema) == 1.0
    calibrated(run, temperature=1.0, ema=True)
    assert weights.temperature(run) == 1.0
    assert not caplog.messages
