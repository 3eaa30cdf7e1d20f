"""What a run's network says of images, and which of its weights say it."""

import json

import averaged_run
import numpy as np
import pytest
import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.reports import network_answers
from simclrv2_tf.reports.report_images import Images
from simclrv2_tf.reports.report_images import Thumbnails

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


def images(count=6):
    pixels = RNG.integers(0, 255, (count, 8, 8, 3), np.uint8)
    labels = np.arange(count, dtype=np.int32) % 3
    return Source("these", labels, InMemory(pixels), small_classifier.NAMES)


@pytest.mark.parametrize(
    ("flags", "given", "averaged"),
    [
        pytest.param({}, {}, False, marks=pytest.mark.slow),
        ({"export_ema": True}, {}, True),
        pytest.param(
            {"eval_ema": True, "export_ema": False},
            {},
            True,
            marks=pytest.mark.slow,
        ),
        ({"eval_ema": True, "export_ema": True}, {"eval_ema": False}, False),
        pytest.param({}, {"eval_ema": True}, True, marks=pytest.mark.slow),
    ],
)
def test_the_weights_are_those_that_the_run_exports(
    network, tmp_path, flags, given, averaged
):
    run = averaged_run.save(network, tmp_path / "run", **flags)
    config = Config(mode="report", model_dir=str(run), **given)
    source = images()
    seen = network_answers.look(Images(config, source, source))
    logits = small_classifier.answers(network, source, "logits_sup")
    odds = np.exp(logits * (averaged_run.SCALE if averaged else 1.0))
    np.testing.assert_allclose(
        seen.judged.confidence,
        (odds / odds.sum(axis=1, keepdims=True)).max(axis=1),
        rtol=1e-4,
    )


def test_probabilities_are_those_that_the_classifier_gives(network, tmp_path):
    run = averaged_run.save(network, tmp_path / "run")
    config = Config(mode="report", model_dir=str(run))
    source = images()
    before = network_answers.look(Images(config, source, source))
    (checkpoint,) = {path.stem for path in run.glob("ckpt-*.index")}
    kept = run / checkpoint.replace("ckpt", "calibration")
    kept.with_suffix(".json").write_text('{"temperature": 2.5}')
    seen = network_answers.look(Images(config, source, source))
    assert (before.temperature, seen.temperature) == (1.0, 2.5)
    assert (before.fitted, seen.fitted) == ("", "")
    logits = small_classifier.answers(network, source, "logits_sup")
    odds = np.exp(logits / 2.5)
    np.testing.assert_allclose(
        seen.judged.confidence,
        (odds / odds.sum(axis=1, keepdims=True)).max(axis=1),
        rtol=1e-4,
    )
    np.testing.assert_array_equal(seen.judged.answers, before.judged.answers)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("these", "to 1,200 of these images"),
        ("others", "to 1,200 images of others"),
    ],
)
def test_what_a_temperature_was_fitted_to(tmp_path, data, words):
    kept = {"temperature": 2.5, "data": data, "fitted_on": 1200}
    (tmp_path / "calibration-7.json").write_text(json.dumps(kept))
    prefix = str(tmp_path / "ckpt-7")
    assert network_answers._fitted(prefix, "these") == words
    assert network_answers._fitted(str(tmp_path / "ckpt-8"), "these") == ""


def test_images_are_called_by_their_numbers_in_the_data_set(network, tmp_path):
    """Also where others of it were set aside."""
    run = averaged_run.save(network, tmp_path / "run")
    config = Config(mode="report", model_dir=str(run))
    aside = images(12).subset(np.array([2, 3, 5, 7, 8, 11]))
    seen = network_answers.look(Images(config, aside, aside))
    small = Thumbnails(seen.source)
    assert [small.name(n) for n in range(6)] == [
        *("#2", "#3", "#5", "#7", "#8", "#11")
    ]
    assert small.tile(3)["name"] == "#7"
    assert Thumbnails(images()).name(4) == "#4"
    assert Thumbnails(images(2), ["a", "b"]).tile(1)["name"] == "b"
