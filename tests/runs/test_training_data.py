"""Batches of training: views, and labelled images beside them."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.pipeline import eval_dataset
from simclrv2_tf.runs.training_data import LEAST_NEIGHBOURS
from simclrv2_tf.runs.training_data import TrainingData


def data_of(source):
    config = Config(train_mode="pretrain", image_size=16)
    return TrainingData(config, source)


@pytest.fixture(scope="module")
def digits():
    return sources.open_source("digits", "train")


@pytest.mark.parametrize(
    "stage",
    [
        "pretrain",
        pytest.param("finetune", marks=pytest.mark.slow),
        "distill",
    ],
)
def test_views_of_each_stage_are_mirrored_only_where_asked_for(digits, stage):
    usual, plain = (
        view_of(digits, train_mode=stage, random_flip=flip)
        for flip in (True, False)
    )
    same = np.isclose(usual, plain, atol=1e-5).all((1, 2, 3))
    np.testing.assert_allclose(
        usual[~same], plain[~same][:, :, ::-1], atol=1e-5
    )
    assert 0.2 < same.mean() < 0.8


@pytest.mark.slow
def test_crops_are_as_large_as_is_asked_for(digits):
    whole = view_of(digits, crop_area_min=1.0, random_flip=False)
    again = view_of(digits, crop_area_min=1.0, random_flip=False, seed=5)
    each = [{view.tobytes() for view in views} for views in (whole, again)]
    every = eval_dataset(digits, 2000, 16)
    images = next(iter(every))[0].numpy()
    for view in whole[:8]:  # nothing is cut off
        assert np.isclose(images, view, atol=1e-5).all((1, 2, 3)).any()
    assert each[0] != each[1]  # another batch


def view_of(source, **options):
    options = {"image_size": 16, "teacher": "a run", **options}
    data = TrainingData(Config(**options), source)
    view, _ = next(iter(data.batches(64, 0, 1)))
    return (view[0] if data.views > 1 else view).numpy()


def test_labelled_images_are_of_all_classes_as_evaluation_sees_them(digits):
    images, labels = data_of(digits).labelled_images()
    assert images.shape == (250, 16, 16, 3)
    assert 0 <= images.min() < images.max() <= 1
    assert np.bincount(labels).tolist() == [25] * 10


def test_too_few_labels_are_none(digits):
    few = digits.with_labels(np.arange(LEAST_NEIGHBOURS - 1))
    assert data_of(few).labelled_images() is None
    assert data_of(digits.with_labels(np.arange(0))).labelled_images() is None
