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
    with pytest.raises(ValueError, match="answer with finite numbers") as told:
        Classifier(network, small_classifier.NAMES).predict(IMAGES)
    assert "readable" not in str(told.value)
    assert "example 0" in str(told.value) or "#0" in str(told.value)


def test_images_that_cannot_be_read_are_named(tmp_path):
    network = small_classifier.classifier()
    folder = small_classifier.photographs(tmp_path / "photos")
    (folder / "bee" / "1.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="must be readable.*bee/1.png$"):
        Classifier(network).predict(folder)
