"""Int8 exports of runs: which images calibrate them, what they lose."""

import re

import keras
import numpy as np
import pytest
import small_classifier

from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.sources.digits import open_digits
from simclrv2_tf.export import runtimes
from simclrv2_tf.inference.calibration_images import calibration_images
from simclrv2_tf.inference.int8_accuracy import tell_accuracy
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import inputs

DIGITS = {"dataset": "digits", "eval_split": "test"}
SIZE = {**small_classifier.SIZE, "width_multiplier": 0.125, "image_size": 16}


def images_of(source, size):
    batches = pipeline.eval_dataset(source, 256, size)
    return np.concatenate([images for images, _ in batches])


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    return Network(**SIZE, num_classes=10)


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    """A small classifier's run, and a folder of photographs."""
    folder = tmp_path_factory.mktemp("run")
    network = small_classifier.classifier()
    run = small_classifier.save_run(network, folder)
    return run, small_classifier.photographs(folder / "photos"), network


def test_images_are_drawn_from_those_of_training(classifier, caplog):
    every = images_of(open_digits("train"), SIZE["image_size"])
    known = {image.tobytes() for image in every}
    drawn = [
        calibration_images(
            Config(**DIGITS, export_calibration_images=count, seed=seed),
            "none",
            classifier,
        )
        for count, seed in ((20, 0), (20, 0), (20, 1), (5000, 0))
    ]
    assert drawn[0].shape == (20, 16, 16, 3)
    assert all(image.tobytes() in known for image in drawn[0])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    np.testing.assert_array_equal(drawn[3], every)
    assert "may give wrong ranges" not in caplog.text


def test_few_images_are_told(classifier, run_of, caplog):
    config = Config(dataset=f"folder:{run_of[1]}")
    calibration_images(config, "none", classifier)
    assert re.search("on [0-9]+ images, of 200 asked for", caplog.text)


def test_weights_of_no_run_need_data_by_name(classifier):
    with pytest.raises(ValueError, match="name them with --dataset"):
        calibration_images(Config(), "some.keras", classifier)


def test_images_that_cannot_be_read(run_of, tmp_path):
    (tmp_path / "ant").mkdir()
    for number in range(40):
        (tmp_path / "ant" / f"{number}.png").write_bytes(b"none")
    config = Config(
        dataset=f"folder:{tmp_path}",
        export_calibration_images=2,
        max_corrupt_fraction=0.9,
    )
    with pytest.raises(ValueError, match="none of 2 can be read; ask for more"):
        calibration_images(config, "none", run_of[-1])


@pytest.mark.slow
def test_a_run_is_exported_in_int8(run_of, tmp_path, capsys):
    pytest.importorskip("ai_edge_litert")
    run, photographs, _ = run_of
    result = session.run(
        Config(
            mode="export",
            model_dir=str(run),
            export_dir=str(tmp_path),
            dataset=f"folder:{photographs}",
            eval_split="train",
            export_formats="litert_int8",
            export_calibration_images=4,
        )
    )
    told = capsys.readouterr().out
    assert re.search(r"top-1 accuracy [01].*float32 [01].*on 7 images", told)
    answer = runtimes.open_file(f"{result['export']}/network_int8.tflite")
    images = images_of(
        inputs.open_source(Config(dataset=f"folder:{photographs}")), 8
    )
    assert answer(images)["logits_sup"].shape == (7, 3)


@pytest.mark.slow
def test_a_trained_classifier_loses_at_most_a_point(tmp_path, capsys):
    """On the test split of the digits, in both formats."""
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    training = {
        **DIGITS,
        "train_mode": "finetune",
        "resnet_depth": 18,
        "width_multiplier": 0.25,
        "image_size": 16,
        "train_batch_size": 64,
        "train_steps": 100,
        "warmup_epochs": 0.0,
        "optimizer": "adam",
        "learning_rate": 0.02,  # times batch / 256
        "crop_area_min": 0.6,
        "random_flip": False,
        "model_dir": str(tmp_path),
    }
    session.run(Config(**training, mode="train"))
    asked = {"export_formats": "litert_int8,onnx_int8"}
    session.run(Config(**training, mode="export", **asked))
    told = capsys.readouterr().out
    found = re.findall(
        r"(\w+)_int8\.\w+: top-1 accuracy ([\d.]+), in float32 ([\d.]+), on",
        told,
    )
    assert len(found) == 2, told
    for _, int8, exact in found:
        assert float(exact) > 0.9
        assert float(int8) >= float(exact) - 0.01


def test_what_is_not_judged_is_told(classifier, tmp_path, caplog, monkeypatch):
    def told(network):
        caplog.clear()
        path = str(tmp_path / "none.tflite")
        tell_accuracy(Config(**DIGITS), "none", network, [path])
        return caplog.text

    assert "no trained classifier" in told(Network(**SIZE, num_classes=0))
    monkeypatch.setattr(runtimes, "is_installed", lambda name: False)
    assert "pip install 'simclrv2_tf[onnx,litert]'" in told(classifier)


def test_a_split_that_is_not_there_is_told(classifier, caplog):
    config = Config(dataset="digits", eval_split="none")
    tell_accuracy(config, "none", classifier, [])
    assert "--eval_split=none must name a split" in caplog.text
