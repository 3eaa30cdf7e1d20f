"""A temperature from one half, judged on the other, in all that tells."""

import dataclasses
import inspect
import json

import averaged_run
import numpy as np
import pytest
import tensorflow as tf
from reference import softmax
from tables import rows_of

import simclrv2_tf
from simclrv2_tf import export
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference.evaluation import calibration
from simclrv2_tf.inference.evaluation import reliability
from simclrv2_tf.inference.evaluation import temperature_fit
from simclrv2_tf.runs import weights_temperature

NAMES = ("ant", "bee", "cat")
RNG = np.random.default_rng(0)


@pytest.fixture
def pictures():
    """Images whose labels the network answers now rightly, now wrongly."""
    images = RNG.integers(0, 255, (40, 8, 8, 3), np.uint8)
    labels = RNG.integers(0, 3, 40).astype(np.int32)
    labels[::8] = -1
    return Source("pictures", labels, InMemory(images), NAMES)


def logits_of(network, source):
    images = source.storage.array.astype(np.float32) / 255
    return network(images)["logits_sup"].numpy()


def evaluated(run, pictures):
    result = simclrv2_tf.evaluate(pictures, run, calibrate=True)
    return result, result["eval/temperature"]


def test_it_is_fitted_on_one_half_and_judged_on_the_other(
    network, run, pictures
):
    plain = simclrv2_tf.evaluate(pictures, run)
    assert not (run / "calibration-7.json").exists()
    result, temperature = evaluated(run, pictures)
    assert {k: result[k] for k in plain if k != "calibration"} == {
        k: plain[k] for k in plain if k != "calibration"
    }
    labels, logits = pictures.labels, logits_of(network, pictures)
    fitted = calibration.part_to_fit(labels)
    counts = np.bincount(labels[labels >= 0])
    np.testing.assert_array_equal(
        np.bincount(labels[fitted]), np.floor(counts / 2 + 0.5)
    )
    assert temperature == pytest.approx(
        temperature_fit.fit(logits[fitted], labels[fitted]), rel=1e-3
    )
    others = np.setdiff1d(np.flatnonzero(labels >= 0), fitted)
    report = result["calibration"]
    assert (report["fitted_on"], report["judged_on"]) == (
        len(fitted),
        len(others),
    )
    right = logits[others].argmax(axis=1) == labels[others]
    for name, scale in (("error_before", 1), ("error_after", temperature)):
        shares = softmax(logits[others] / scale).max(axis=1)
        error = reliability.expected_calibration_error(
            reliability.curve(shares, right)
        )
        assert report[name] == pytest.approx(error, abs=1e-5)
    stored = json.loads((run / "calibration-7.json").read_text())
    known = weights_temperature.temperature(run)
    assert stored["temperature"] == temperature == known
    assert (run / "reliability_after.csv").exists()


@pytest.mark.slow
def test_exports_classifiers_and_predictions_have_it(network, run, pictures):
    before = simclrv2_tf.load_classifier(run)
    _, temperature = evaluated(run, pictures)
    assert temperature != 1
    path = simclrv2_tf.export_model(run)
    scaled = probabilities(path, pictures)
    logits = logits_of(network, pictures)
    np.testing.assert_allclose(
        scaled["probabilities"], softmax(logits / temperature), atol=1e-5
    )
    order = np.argsort(-logits, axis=1)
    np.testing.assert_array_equal(
        scaled["classes"].astype(str), np.array(NAMES)[order]
    )
    np.testing.assert_array_equal(
        scaled["probabilities"].argmax(1), order[:, 0]
    )
    np.testing.assert_array_equal(
        scaled["scores"], np.sort(scaled["probabilities"])[:, ::-1]
    )
    for source in (run, path):  # the run and its export
        after = simclrv2_tf.load_classifier(source)
        assert after.temperature == temperature
        images = list(pictures.storage.array)
        predictions = after.predict(images)
        assert [p.class_name for p in predictions] == [
            p.class_name for p in before.predict(images)
        ]
        assert predictions[0].probability == pytest.approx(
            scaled["scores"][0, 0], abs=1e-5
        )
    rows = rows_of(simclrv2_tf.predict(pictures, run, predict_top_k=1))
    np.testing.assert_allclose(
        [float(row["probability_1"]) for row in rows],
        scaled["scores"][:, 0],
        atol=1e-5,
    )


@pytest.fixture
def averaged(network, tmp_path):
    return averaged_run.save(network, tmp_path / "averaged")


@pytest.fixture
def exported(monkeypatch):
    """Arguments of the exports that are asked for, none of which is written."""
    exports = []
    signature = inspect.signature(export.export_network)

    def export_network(*arguments, **options):
        exports.append(signature.bind(*arguments, **options).arguments)
        return exports[-1]["directory"]

    monkeypatch.setattr(export, "export_network", export_network)
    return exports


@pytest.mark.parametrize(
    "ema", [pytest.param(False, marks=pytest.mark.slow), True]
)
def test_it_is_for_the_weights_that_it_was_fitted_to(
    network, averaged, pictures, exported, ema
):
    """Of trained and averaged weights, whose logits differ by a factor."""
    result = simclrv2_tf.evaluate(
        pictures, averaged, calibrate=True, eval_ema=ema
    )
    temperature = result["eval/temperature"]
    stored = json.loads((averaged / "calibration-7.json").read_text())
    assert stored["ema"] is ema and stored["temperature"] == temperature != 1
    for taken in (False, True):
        expected = temperature if taken == ema else 1.0
        logits = logits_of(network, pictures)
        logits = logits * (averaged_run.SCALE if taken else 1)
        simclrv2_tf.export_model(averaged, export_ema=taken)
        assert exported[-1]["temperature"] == expected
        np.testing.assert_allclose(
            logits_of(exported[-1]["network"], pictures), logits, rtol=1e-4
        )
        rows = rows_of(simclrv2_tf.predict(pictures, averaged, eval_ema=taken))
        predicted = [float(row["probability_1"]) for row in rows]
        shares = softmax(logits / expected).max(axis=1)
        np.testing.assert_allclose(predicted, shares, atol=1e-5)
    trained = simclrv2_tf.load_classifier(averaged)
    assert trained.temperature == (1.0 if ema else temperature)


@pytest.mark.slow
def test_each_use_of_other_weights_warns_once(
    averaged, pictures, exported, caplog
):
    simclrv2_tf.evaluate(pictures, averaged, calibrate=True, eval_ema=True)
    uses = [
        lambda: simclrv2_tf.export_model(averaged),
        lambda: simclrv2_tf.load_classifier(averaged),
        lambda: simclrv2_tf.predict(pictures, averaged),
    ]
    for use in uses:
        caplog.clear()
        use()
        (warning,) = [m for m in caplog.messages if "temperature in" in m]
        assert "--mode=eval --calibrate --noeval_ema first" in warning


def test_the_average_of_a_checkpoint_by_its_name_has_it(
    averaged, pictures, exported, tmp_path
):
    """`checkpoint_ema` takes the average as `export_ema` does."""
    temperature = simclrv2_tf.evaluate(
        pictures, averaged, calibrate=True, eval_ema=True
    )["eval/temperature"]
    for ema in (False, True):
        config = Config(
            mode="export",
            checkpoint=str(averaged),
            checkpoint_ema=ema,
            export_dir=str(tmp_path / "exported"),
        )
        session.run(config)
    first, second = (call["temperature"] for call in exported)
    assert (first, second) == (1.0, temperature)


def probabilities(path, source):
    """What an export answers to the images, as PNG."""
    model = tf.saved_model.load(path)
    encoded = [tf.io.encode_png(image) for image in source.storage.array]
    answer = model.signatures["serving_default"](tf.stack(encoded))
    return {name: value.numpy() for name, value in answer.items()}


def test_labels_must_be_there(run, pictures):
    bare = dataclasses.replace(
        pictures, labels=np.full(40, -1, np.int32), class_names=None
    )
    with pytest.raises(ValueError, match="pictures with 0 labels: give an ev"):
        simclrv2_tf.evaluate(bare, run, calibrate=True)
    one = dataclasses.replace(
        pictures, labels=np.where(np.arange(40) < 1, 0, -1).astype(np.int32)
    )
    with pytest.raises(ValueError, match="pictures with 1 labels"):
        simclrv2_tf.evaluate(one, run, calibrate=True)
    assert not (run / "calibration-7.json").exists()


def test_it_belongs_to_a_run_that_is_evaluated(run, pictures, tmp_path):
    with pytest.raises(ValueError, match="mode='eval' or 'train_then_eval'"):
        Config(mode="export", calibrate=True)
    with pytest.raises(ValueError, match="training did not see"):
        Config(mode="eval", eval_split="train", calibrate=True)
    Config(mode="train", train_mode="semi_supervised", calibrate=True)
    with pytest.raises(ValueError, match="a run's own checkpoint"):
        simclrv2_tf.evaluate(
            pictures, tmp_path / "new", checkpoint=run, calibrate=True
        )


def test_a_broken_file_is_one_sentence(run):
    (run / "calibration-7.json").write_text('{"temperature": -1}')
    with pytest.raises(ValueError, match="must hold a temperature above 0"):
        simclrv2_tf.load_classifier(run)


def test_a_large_split_is_fitted_on_few():
    labels = np.repeat(np.arange(100), 1000)
    fitted = calibration.part_to_fit(labels)
    assert len(fitted) == calibration.MOST
    assert set(np.bincount(labels[fitted])) == {100}
