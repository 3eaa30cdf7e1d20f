"""A temperature is that of the weights that it was fitted to."""

import json

import averaged_run
import pytest
import small_classifier

from simclrv2_tf.runs.weights_temperature import temperature


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def run(network, tmp_path):
    return averaged_run.save(network, tmp_path / "run")


def calibrated(run, **values):
    values = {"temperature": 1.5, **values}
    (run / "calibration-7.json").write_text(json.dumps(values))


@pytest.mark.parametrize("fitted", [False, True])
def test_a_temperature_is_for_what_it_was_fitted_to(run, caplog, fitted):
    calibrated(run, ema=fitted)
    assert temperature(run, fitted) == 1.5
    assert not caplog.messages
    assert temperature(run / "ckpt-7", not fitted) == 1.0
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
    assert temperature(run, fitted) == 1.5
    assert not caplog.messages
    assert temperature(run, not fitted) == 1.0
    assert "are taken" in caplog.text


def test_a_run_without_flags_has_trained_weights(run):
    (run / "flags.json").unlink()
    calibrated(run)
    assert temperature(run) == 1.5


def test_without_a_temperature_nothing_is_said(run, caplog):
    for ema in (False, True):
        assert temperature(run, ema) == 1.0
    calibrated(run, temperature=1.0, ema=True)
    assert temperature(run) == 1.0
    assert not caplog.messages
