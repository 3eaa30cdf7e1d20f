"""What an exported version says of the `network.keras` that lies in it."""

import json

import numpy as np
import pytest
import small_classifier

from simclrv2_tf.recipes.job_classifier import load_classifier
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_temperature
from simclrv2_tf.runs.export_beside import find_export
from simclrv2_tf.runs.start.decoding_choice import trained_with


@pytest.fixture
def version(tmp_path):
    """An exported version, as far as it is looked at."""
    directory = tmp_path / "saved_model" / "1297"
    (directory / "assets").mkdir(parents=True)
    network = small_classifier.classifier()
    network.save(directory / "network.keras")
    (directory / "saved_model.pb").write_bytes(b"")
    config = network.get_config()
    (directory / "network.json").write_text(json.dumps(config))
    label(directory, small_classifier.NAMES)
    (directory / "calibration.json").write_text('{"temperature": 2.0}')
    (directory / "decoding.json").write_text('{"apply_orientation": true}')
    return directory


def label(directory, names):
    text = "".join(f"{name}\n" for name in names)
    (directory / "assets" / "labels.txt").write_text(text)


def test_the_keras_file_is_told_what_its_export_tells(version):
    file = str(version / "network.keras")
    assert find_export(file) == find_export(str(version)) == str(version)
    assert weights_classes.class_names(file) == small_classifier.NAMES
    assert weights_temperature.temperature(file) == 2.0
    assert trained_with(file).apply_orientation
    classifier = load_classifier(file)
    assert classifier.class_names == small_classifier.NAMES
    assert classifier.temperature == 2.0
    assert classifier.apply_orientation


def test_numbers_of_an_export_without_names_are_no_names(version):
    """So that its Keras file meets named data by number, as before."""
    label(version, "012")
    assert weights_classes.class_names(version / "network.keras") is None
    assert weights_classes.class_names(version) == ["0", "1", "2"]


def test_other_files_have_nothing_beside_them(version):
    (version / "network.keras").rename(version / "mine.keras")
    (version / "network.json").unlink()
    for name in ("mine.keras", "network.keras"):
        file = str(version / name)
        assert find_export(file) is None
        assert weights_classes.class_names(file) is None
        assert weights_temperature.temperature(file) == 1.0
        assert trained_with(file) is None


def test_a_classifier_of_a_damaged_run_is_of_one_checkpoint(tmp_path, caplog):
    network = small_classifier.classifier()
    run = small_classifier.save_run(network, tmp_path / "run")
    for step, temperature in ((7, 2.0), (9, 3.0)):
        text = json.dumps({"temperature": temperature})
        (run / f"calibration-{step}.json").write_text(text)
    for path in [*run.glob("ckpt-7.*")]:
        name = path.name.replace("ckpt-7", "ckpt-9")
        (run / name).write_bytes(path.read_bytes())
    (run / "checkpoint").write_text('model_checkpoint_path: "ckpt-9"\n')
    with open(run / "ckpt-9.data-00000-of-00001", "ab") as file:
        file.write(b"more")
    classifier = load_classifier(run)
    assert classifier.temperature == 2.0
    kernel = network.supervised_head.linear.kernel
    loaded = classifier.network.supervised_head.linear.kernel
    np.testing.assert_array_equal(loaded, kernel)
    assert "ckpt-9 is damaged and passed over" in caplog.text
