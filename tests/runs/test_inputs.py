"""What a run reads beside its batches."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs import inputs


def data_of(source):
    config = Config(train_mode="pretrain", image_size=16)
    return inputs.TrainingData(config, source)


@pytest.fixture(scope="module")
def digits():
    return sources.open_source("digits", "train")


def test_labelled_images_are_of_all_classes_as_evaluation_sees_them(digits):
    images, labels = data_of(digits).labelled_images()
    assert images.shape == (250, 16, 16, 3)
    assert 0 <= images.min() < images.max() <= 1
    assert np.bincount(labels).tolist() == [25] * 10


def test_too_few_labels_are_none(digits):
    few = digits.with_labels(np.arange(inputs.LEAST_NEIGHBOURS - 1))
    assert data_of(few).labelled_images() is None
    assert data_of(digits.with_labels(np.arange(0))).labelled_images() is None
