"""Images and labels in the ranges that stages take them in."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_classifier import SMALL

from simclrv2_tf.models.network import Network
from simclrv2_tf.stages import value_ranges
from simclrv2_tf.stages.distill import Distill
from simclrv2_tf.stages.elements import images_alone
from simclrv2_tf.stages.elements import labelled_images
from simclrv2_tf.stages.elements import labelled_views
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.host_checks import checked
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (6, 8, 8, 3), np.uint8)
FLOATS = np.float32(BYTES) / 255
LABELS = np.array([0, 1, 2, 0, -1, -1], np.int32)
BEYOND = np.array([0, 1, 3, 0, -1, -1], np.int32)
DIVIDE = "must lie in .*divide those in 0 to 255 by 255"
CLASSES = "below the 3 classes of the network, or -1 for unlabelled.*3"
SENTENCES = pytest.mark.parametrize(
    ("images", "labels", "words"),
    [(FLOATS, BEYOND, CLASSES), (FLOATS * 255, LABELS, DIVIDE)],
)


@pytest.fixture(scope="module")
def stages():
    keras.utils.set_random_seed(0)
    network = Network(**SMALL)
    made = {
        "finetune": FineTune(network),
        "distill": Distill(Network(**SMALL), network),
        "pretrain": Pretrain(network),
    }
    for stage in made.values():
        stage.compile(optimizer=keras.optimizers.SGD(0.0))
    return made


def parts_of(kind, images, labels):
    return ((images, images) if kind == "pretrain" else images), labels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_whole_numbers_are_scaled(dtype):
    images = np.array([0, np.iinfo(dtype).max], dtype).reshape(1, 1, 2, 1)
    for found in (
        images_alone(images),
        labelled_images((images, LABELS[:1]), 3).images,
        *labelled_views(((images, images), LABELS[:1]), 3).views,
    ):
        assert found.dtype == tf.float32
        np.testing.assert_array_equal(found[0, 0, :, 0], [0, 1])


def test_a_network_sees_the_same_of_bytes_and_of_floats(stages):
    for kind in ("finetune", "pretrain"):
        of_bytes, of_floats = (
            stages[kind].predict(images, verbose=0)
            for images in (BYTES, FLOATS)
        )
        np.testing.assert_allclose(of_bytes, of_floats, 1e-5, 1e-6)


@pytest.mark.parametrize("kind", ["finetune", "distill", "pretrain"])
def test_bytes_are_evaluated_as_floats_are(stages, kind):
    of_bytes, of_floats = (
        {
            name: float(value)
            for name, value in stages[kind]
            .test_step(parts_of(kind, images, LABELS))
            .items()
        }
        for images in (BYTES, FLOATS)
        if not stages[kind].reset_metrics()
    )
    assert of_bytes == pytest.approx(of_floats, rel=1e-5)


def test_floats_stay_as_they_are():
    """Also those that are standardised, or hold NaN, of which steps tell."""
    images = tf.constant([[-3.0, 4.5, np.nan]])
    np.testing.assert_array_equal(value_ranges.pixels(images), images)
    half = tf.constant([0.5], tf.float16)
    assert value_ranges.pixels(half).dtype == tf.float16


def test_other_numbers_are_refused():
    words = "uint8 or uint16, or float in .* Received: int32"
    with pytest.raises(ValueError, match=words):
        images_alone(np.int32(BYTES))


def test_pairs_are_no_images(stages):
    words = r"takes elements \(images, labels\)\. Received: \(\(shape"
    with pytest.raises(ValueError, match=words):
        stages["finetune"].train_step(((FLOATS, FLOATS), LABELS))


@SENTENCES
@pytest.mark.parametrize("kind", ["finetune", "distill", "pretrain"])
@pytest.mark.parametrize("eager", [False, True])
def test_the_step_fails_in_a_sentence(
    stages, kind, eager, images, labels, words
):
    def step(images, labels):
        return tuple(stages[kind].elements(parts_of(kind, images, labels)))

    step = step if eager else tf.function(step, autograph=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){words}"):
        step(tf.constant(images), tf.constant(labels))
    step(tf.constant(FLOATS), tf.constant(LABELS))


def test_pretraining_without_a_probe_has_no_classes():
    stage = Pretrain(Network(**SMALL), linear_evaluation=False)
    _, labels = stage.elements(((FLOATS, FLOATS), BEYOND))
    np.testing.assert_array_equal(labels, BEYOND)


@SENTENCES
@pytest.mark.parametrize("method", ["fit", "evaluate", "validation"])
@pytest.mark.parametrize("dataset", [False, True])
def test_under_xla_they_are_checked_before_the_step(
    images, labels, words, method, dataset, monkeypatch
):
    """XLA leaves assertions out; Keras's own methods are not called here."""
    stage = FineTune(Network(**SMALL))
    stage.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=True)

    def through(self, x=None, y=None, validation_data=None):
        for data in (x, validation_data):
            list(data if isinstance(data, tf.data.Dataset) else ())

    for name in ("fit", "evaluate"):
        monkeypatch.setattr(keras.Model, name, through)
    data = (images, labels)
    if dataset:
        data = tf.data.Dataset.from_tensors(data)
    good = tf.data.Dataset.from_tensors((FLOATS, LABELS))
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){words}"):
        if method == "validation":
            stage.fit(good, validation_data=data)
        else:
            getattr(stage, method)(*([data] if dataset else data))
    stage.fit(FLOATS, LABELS, validation_data=good)


def test_what_is_mapped_is_as_the_step_takes_it(stages):
    data = tf.data.Dataset.from_tensors(((BYTES, BYTES),))
    mapped = checked(stages["pretrain"].elements, data)
    ((views, labels),) = mapped
    np.testing.assert_allclose(views[1], FLOATS, 1e-6)
    np.testing.assert_array_equal(labels, np.full(6, -1))
    again = stages["pretrain"].elements((views, labels))
    np.testing.assert_array_equal(again.views[0], views[0])


@pytest.mark.parametrize("compiled", [False, True])
def test_views_given_as_arrays_are_a_pair_under_xla_too(compiled, monkeypatch):
    """In `fit` a tuple is a pair of views; validation has (x, y)."""
    seen = []
    monkeypatch.setattr(
        keras.Model,
        "fit",
        lambda self, x, y=None, **kwargs: seen.append((x, y)),
    )
    stage = Pretrain(Network(**SMALL))
    stage.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=compiled)
    views = tuple(np.zeros((2, 4, 16, 16, 3), np.float32))
    labels = np.zeros(4, np.int32)
    stage.fit(views, labels, validation_data=(views, labels))
    assert seen[0][0] is views and seen[0][1] is labels
