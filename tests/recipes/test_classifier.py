"""A classifier takes whatever images come in."""

import numpy as np
import pytest
import small_classifier
import tensorflow as tf

from simclrv2_tf.recipes.classifier import Classifier
from simclrv2_tf.recipes.classifier import load_classifier


@pytest.fixture(scope="module")
def classifier():
    return Classifier(small_classifier.classifier(), None)


@pytest.fixture
def folder(tmp_path):
    return small_classifier.photographs(tmp_path / "photos")


def test_one_file_and_many(classifier, folder):
    files = sorted(str(p) for p in folder.rglob("*.*"))
    one = classifier.predict(files[0])
    many = classifier.predict(files)
    assert one.image == files[0]
    assert one.probabilities == pytest.approx(many[0].probabilities, abs=1e-5)
    assert one.class_name == max(one.probabilities, key=one.probabilities.get)
    assert one.probability == one.probabilities[one.class_name]
    assert sum(one.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_a_folder_is_all_its_images(classifier, folder):
    files = sorted(str(p) for p in folder.rglob("*.*"))
    assert [p.image for p in classifier.predict(folder)] == files


def test_arrays_are_as_files(classifier, folder):
    file = sorted(folder.rglob("*.*"))[0]
    pixels = tf.io.decode_image(tf.io.read_file(str(file))).numpy()
    expected = classifier.predict(file).probabilities
    for image in (pixels, pixels.astype(np.float32) / 255):
        told = classifier.predict(image).probabilities
        assert told == pytest.approx(expected, abs=1e-5)
    both = classifier.predict([pixels, pixels[:-3]])  # of two sizes
    assert both[0].probabilities == pytest.approx(expected, abs=1e-5)
    assert len(classifier.predict(np.stack([pixels, pixels]))) == 2


def test_what_is_no_image(classifier, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    with pytest.raises(ValueError, match="must be readable.*bad.png"):
        classifier.predict(bad)
    with pytest.raises(ValueError, match="Expected a file.*gone.png"):
        classifier.predict(tmp_path / "gone.png")
    with pytest.raises(ValueError, match="which holds none"):
        (tmp_path / "empty").mkdir()
        classifier.predict(tmp_path / "empty")
    with pytest.raises(ValueError, match="of four axes.*shape"):
        classifier.predict(np.zeros((3, 3)))


def test_a_run_holds_a_classifier(tmp_path):
    network = small_classifier.classifier()
    run = small_classifier.save_run(network, tmp_path / "run")
    loaded = load_classifier(run)
    image = np.random.default_rng(0).random((20, 20, 3), np.float32)
    told, expected = (
        c.predict(image).probabilities.values()
        for c in (loaded, Classifier(network))
    )
    assert list(told) == pytest.approx(list(expected), abs=1e-5)
