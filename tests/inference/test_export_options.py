"""A run that is exported again is exported as it was."""

import json
import logging

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.inference.export_options import as_in_its_run

FLAGS = {
    "export_formats": "onnx,litert_int8",
    "export_top_k": 5,
    "export_ema": True,
    "max_image_bytes": 1_000_000,
    "learning_rate": 7.0,
}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "flags.json").write_text(json.dumps(FLAGS))
    return str(tmp_path)


def test_options_are_those_of_the_run(run, caplog):
    caplog.set_level(logging.INFO, "simclrv2_tf")
    asked = Config(mode="export", model_dir=run)
    config = as_in_its_run(asked)
    assert config.export_formats == "onnx,litert_int8"
    assert config.export_ema and config.max_image_bytes == 1_000_000
    assert config.learning_rate == asked.learning_rate
    assert config.given == asked.given
    (line,) = caplog.messages
    assert line == (
        "exported as the run is: --export_formats=onnx,litert_int8 "
        "--export_ema --max_image_bytes=1000000; give others to change that"
    )


def test_what_is_given_stays(run):
    given = {"export_formats": "", "export_ema": False, "max_image_bytes": 5}
    asked = Config(mode="export", model_dir=run, **given)
    assert as_in_its_run(asked) == asked


def test_the_average_that_is_evaluated_decides_for_the_export(run):
    asked = Config(mode="export", model_dir=run, eval_ema=False)
    assert not as_in_its_run(asked).export_ema


@pytest.mark.parametrize("mode", ["train", "eval", "train_then_eval"])
def test_other_modes_export_nothing_again(run, mode):
    asked = Config(mode=mode, model_dir=run)
    assert as_in_its_run(asked) is asked


def test_there_may_be_no_run(tmp_path, caplog):
    caplog.set_level(logging.INFO, "simclrv2_tf")
    for place in (None, str(tmp_path), str(tmp_path / "none")):
        asked = Config(mode="export", model_dir=place)
        assert as_in_its_run(asked) is asked
    assert not caplog.messages
