"""A job that exports the average of its weights stands for that average."""

import json

import averaged_run
import numpy as np
import pytest
import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.job_classifier import load_classifier
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.average_of_job import as_in_its_job
from simclrv2_tf.session.run_of_job import with_run_of_job

KERNEL = f"{averaged_run.HEAD}kernel"
JOB = {
    "asked": {},
    "data": {"name": "these", "examples": 9},
    "recipe": {"seconds": {}, "reasons": []},
}


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def job(network, tmp_path):
    """The directory of a job that is done; its run exports the average."""
    both = {"export_ema": True, "eval_ema": True}  # as jobs have them
    averaged_run.save(network, tmp_path / "distilled", **both)
    record.write_json(str(tmp_path), record.JOB, JOB)
    record.write_json(str(tmp_path), record.PROGRESS, {"distilled": {}})
    record.write_report(str(tmp_path), {"exported_run": "distilled"})
    fitted = json.dumps({"temperature": 1.5, "ema": True})
    (tmp_path / "distilled" / "calibration-7.json").write_text(fitted)
    return tmp_path


def scale(network, loaded):
    """By how much the classifier's weights are those of a network."""
    kernels = (n.named_variables()[KERNEL].numpy() for n in (loaded, network))
    return np.divide(*kernels).mean()


def test_its_classifier_is_the_average_with_its_temperature(
    network, job, caplog
):
    with caplog.at_level("WARNING", "simclrv2_tf"):
        classifier = load_classifier(job)
    assert scale(network, classifier.network) == pytest.approx(3)
    assert classifier.temperature == 1.5
    assert not caplog.messages


@pytest.mark.parametrize("mode", ["eval", "predict", "export", "publish"])
def test_commands_on_the_job_take_the_average(job, mode):
    given = {"mode": mode, "model_dir": str(job), "target": "published"}
    config = with_run_of_job(Config(**given))
    assert config.model_dir == str(job / "distilled")
    assert config.eval_ema and config.export_ema
    config = with_run_of_job(Config(**given, eval_ema=False))
    assert not config.eval_ema and not config.export_ema


@pytest.mark.parametrize("option", ["eval_ema", "export_ema"])
def test_what_is_judged_and_what_is_exported_stay_apart(network, job, option):
    averaged_run.save(network, job / "distilled", **{option: True})
    config = Config(mode="eval", model_dir=str(job / "distilled"))
    taken = as_in_its_job(config)
    assert getattr(taken, option) and taken.eval_ema != taken.export_ema
    of_average = pytest.approx(3 if option == "export_ema" else 1)
    assert scale(network, load_classifier(job).network) == of_average


@pytest.mark.parametrize("mode", ["embed", "probe", "curate"])
def test_features_of_a_job_are_of_its_trained_weights(job, mode):
    config = with_run_of_job(Config(mode=mode, model_dir=str(job)))
    assert not config.eval_ema and not config.export_ema


def test_a_single_run_is_its_trained_weights(network, job, caplog):
    classifier = load_classifier(job / "distilled")
    assert scale(network, classifier.network) == pytest.approx(1)
    assert classifier.temperature == 1.0
    assert "fitted to the averaged weights" in caplog.text


@pytest.mark.parametrize("mode", ["eval", "predict", "export"])
def test_commands_on_a_job_take_it_unless_told(job, mode):
    run = str(job / "distilled")
    config = as_in_its_job(Config(mode=mode, model_dir=run))
    assert config.eval_ema and config.export_ema
    assert weights.takes_average(config, weights.newest(config))
    for name in ("eval_ema", "export_ema"):
        asked = Config(mode=mode, model_dir=run, **{name: False})
        assert as_in_its_job(asked) is asked
    flags = {**small_classifier.FLAGS, "memory_momentum": 0.5}
    (job / "distilled" / "flags.json").write_text(json.dumps(flags))
    config = as_in_its_job(Config(mode=mode, model_dir=run))
    assert not config.eval_ema and not config.export_ema
