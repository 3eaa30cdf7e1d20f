"""Answers of a classifier: what is refused, and what is blamed for it."""

import numpy as np
import pytest
import small_classifier

from simclrv2_tf.inference.classifier import Classifier

IMAGES = np.full((3, 9, 9, 3), 120, np.uint8)


def test_answers_that_are_not_finite_are_the_networks():
    network = small_classifier.classifier()
    kernel = network.supervised_head.linear.kernel
    kernel.assign(kernel * np.nan)
    with pytest.raises(ValueError, match="answer with finite numbers") as error:
        Classifier(network, small_classifier.NAMES).predict(IMAGES)
    assert "readable" not in str(error.value)
    assert "for example 0 of the images given, " in str(error.value)


@pytest.fixture
def folder(tmp_path):
    """Seven photographs, one of which is none."""
    folder = small_classifier.photographs(tmp_path / "photos")
    (folder / "bee" / "1.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def classifier():
    return Classifier(small_classifier.classifier())


def test_images_that_cannot_be_read_are_named(folder, classifier):
    bad, good = folder / "bee" / "1.png", folder / "bee" / "2.png"
    for images in (bad, [good, bad]):
        with pytest.raises(ValueError, match="must be readable.*bee/1.png$"):
            classifier.predict(images)


def test_of_a_folder_they_are_left_out(folder, classifier, caplog):
    predictions = classifier.predict(folder)
    bad = str(folder / "bee" / "1.png")
    paths = sorted(map(str, folder.rglob("*.png")))
    assert [p.image for p in predictions] == [p for p in paths if p != bad]
    assert f"left out, as it cannot be read: {bad}" in caplog.text
    apart = classifier.predict([p.image for p in predictions])
    for one, other in zip(predictions, apart, strict=True):
        assert one.class_name == other.class_name
        np.testing.assert_allclose(
            one.probability, other.probability, rtol=1e-5
        )


def test_a_folder_of_which_none_can_be_read(folder, classifier):
    for path in folder.rglob("*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(ValueError, match="photos'.*whose 7 images all cannot"):
        classifier.predict(folder)
