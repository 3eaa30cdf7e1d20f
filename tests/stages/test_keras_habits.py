"""Stages as Keras models: `fit` with validation, `evaluate`, `predict`."""

import types

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf
from perturbed import perturb
from small_classifier import network

import simclrv2_tf
from simclrv2_tf.stages.distill import Distill
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
IMAGES = RNG.random((10, 8, 8, 3), np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, -1, -1], np.int32)
VIEWS = (IMAGES, np.roll(IMAGES, 1, axis=1))


def compiled(stage):
    stage.compile(optimizer=keras.optimizers.SGD(0.01))
    return stage


def batches(*parts, size=4):
    return tf.data.Dataset.from_tensor_slices(parts).batch(size)


def logits_of(network, images=IMAGES):
    return network(images, training=False)["logits_sup"].numpy()


def cross_entropy(logits):
    """Of the labelled images, naively."""
    known = LABELS >= 0
    shares = reference.softmax(np.float64(logits))[known]
    return -np.log(shares[np.arange(known.sum()), LABELS[known]]).mean()


def top_1(logits):
    known = LABELS >= 0
    return (logits.argmax(1) == LABELS)[known].mean()


def test_finetune_evaluates_what_is_labelled():
    """Batches of four, four and two, which holds no label."""
    tuned = compiled(FineTune(network()))
    result = tuned.evaluate(batches(IMAGES, LABELS), return_dict=True)
    logits = logits_of(tuned.network)
    assert set(result) == {"loss", "top_1_accuracy"}
    assert result["loss"] == pytest.approx(cross_entropy(logits), rel=1e-4)
    assert result["top_1_accuracy"] == pytest.approx(top_1(logits))
    again = tuned.evaluate(batches(IMAGES, LABELS), return_dict=True)
    assert again == result


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_distill_evaluates_equation_3(alpha):
    teacher, student = perturb(network()), network()
    stage = compiled(Distill(student, teacher, 0.5, alpha))
    result = stage.evaluate(batches(IMAGES, LABELS, size=10), return_dict=True)
    taught, logits = logits_of(teacher), logits_of(student)
    expected = (1 - alpha) * cross_entropy(logits)
    expected += alpha * reference.distillation(taught, logits, 0.5).mean()
    assert result["loss"] == pytest.approx(expected, rel=1e-3)
    assert result["top_1_accuracy"] == pytest.approx(top_1(logits))


def test_distill_evaluates_and_predicts_at_the_size_of_each_network():
    teacher, student = network(image_size=16), network()
    large = RNG.random((10, 16, 16, 3), np.float32)
    stage = compiled(Distill(student, teacher))
    small = stage.sized(tf.constant(large))
    assert small.shape == (10, 8, 8, 3)
    answer = stage.predict(large, verbose=0)
    np.testing.assert_allclose(answer, logits_of(student, small), atol=1e-5)
    assert np.isfinite(stage.evaluate(batches(large, LABELS))).all()


def test_pretrain_evaluates_the_contrastive_loss():
    stage = compiled(Pretrain(network(), 0.5))
    data = batches(VIEWS, LABELS, size=10)
    loss = stage.evaluate(data)
    parts = [
        stage.network(view, training=False)["proj_head_output"].numpy()
        for view in VIEWS
    ]
    expected = reference.nt_xent(*parts, 0.5).mean()
    assert loss == pytest.approx(expected, rel=1e-3)
    unlabelled = tf.data.Dataset.from_tensors((VIEWS,))
    assert stage.evaluate(unlabelled) == pytest.approx(loss)


def test_validation_sees_the_same_views_after_any_step():
    def noise(images, seed, first, total):
        drawn = tf.random.stateless_uniform(tf.shape(images), seed)
        return images * drawn

    stage = compiled(Pretrain(network(), augment=noise))
    data = batches(VIEWS, LABELS, size=10)
    before = stage.evaluate(data)
    stage.optimizer.build(stage.trainable_variables)
    stage.optimizer.iterations.assign(7)
    assert stage.evaluate(data) == before


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("pretrain", marks=pytest.mark.slow),
        "finetune",
        "distill",
    ],
)
def test_fit_with_validation(kind):
    stage = compiled(
        {
            "pretrain": lambda: Pretrain(network()),
            "finetune": lambda: FineTune(network()),
            "distill": lambda: Distill(network(), network()),
        }[kind]()
    )
    data = batches(VIEWS if kind == "pretrain" else IMAGES, LABELS, size=5)
    patience = keras.callbacks.EarlyStopping("val_loss", patience=5)
    history = stage.fit(
        data, validation_data=data, epochs=2, verbose=0, callbacks=[patience]
    ).history
    named = {name for name in history if name.startswith("val_")}
    both = {"val_loss", "val_top_1_accuracy"}
    assert named == ({"val_loss"} if kind == "pretrain" else both)
    last = stage.evaluate(data, return_dict=True)
    assert history["val_loss"][-1] == pytest.approx(last["loss"], rel=1e-5)
    assert len(history["train/total_loss"]) == 2


def test_fit_on_arrays_as_keras_loads_them():
    """Labels of shape (batch, 1) and of uint8, as `keras.datasets` has them."""
    labels = np.maximum(LABELS, 0).astype(np.uint8)[:, np.newaxis]
    tuned = compiled(FineTune(network()))
    history = tuned.fit(
        IMAGES, labels, batch_size=5, validation_split=0.5, verbose=0
    ).history
    assert np.isfinite(history["val_loss"]).all()


def test_predict_answers_logits_or_features():
    tuned = FineTune(network())
    logits = logits_of(tuned.network)
    for data in (IMAGES, batches(IMAGES), batches(IMAGES, LABELS)):
        answer = tuned.predict(data, verbose=0)
        np.testing.assert_allclose(answer, logits, atol=1e-5)
    stage = Pretrain(network())
    features = stage.network(IMAGES)["final_avg_pool"]
    answer = stage.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(answer, features, atol=1e-5)


@pytest.mark.slow
def test_pretrain_on_views_of_a_data_set():
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    stage = compiled(Pretrain(network()))
    pairs = simclrv2_tf.views(data, 8, batch_size=5)
    history = stage.fit(pairs, validation_data=pairs, verbose=0).history
    assert np.isfinite(history["train/contrast_loss"]).all()
    assert np.isfinite(history["val_loss"]).all()


@pytest.fixture(scope="module")
def untrained():
    """A network for stages that refuse their data, which changes nothing."""
    return network()


ONE_HOT = np.eye(3, dtype=np.float32)[np.maximum(LABELS, 0)]
WRONG = {
    "images for pretraining": (
        Pretrain,
        (IMAGES, LABELS),
        r"takes pairs of views.*simclrv2_tf\.views.*\(10, 8, 8, 3\)",
    ),
    "two views and no pair": (Pretrain, VIEWS, "takes pairs of views"),
    "images alone for pretraining": (Pretrain, (IMAGES,), "pairs of views"),
    "one view": (Pretrain, ((IMAGES,), LABELS), "takes pairs of views"),
    "images without labels": (FineTune, (IMAGES,), "images without labels"),
    "one-hot labels": (
        FineTune,
        (IMAGES, ONE_HOT),
        r"whole numbers of classes.*float32 of shape \(10, 3\)",
    ),
    "floats": (FineTune, (IMAGES, LABELS / 1.0), "whole numbers of classes"),
    "weights": (FineTune, (IMAGES, LABELS, LABELS), "no weights of examples"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_messages(untrained, method, case):
    make, data, message = WRONG[case]
    stage = compiled(make(untrained))
    data = tf.data.Dataset.from_tensors(data)
    with pytest.raises(ValueError, match=f"(?s){message}") as caught:
        getattr(stage, method)(data, verbose=0)
    assert len(str(caught.value).splitlines()) == 1


def test_predict_refuses_pairs():
    data = tf.data.Dataset.from_tensors((VIEWS, LABELS))
    with pytest.raises(ValueError, match="`predict` takes images"):
        Pretrain(network()).predict(data, verbose=0)


def test_beside_a_gpu_keras_is_not_left_to_choose_xla(monkeypatch):
    devices = [
        types.SimpleNamespace(device_type=kind) for kind in ("CPU", "GPU")
    ]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda: devices)
    for make in (FineTune, Pretrain):
        assert not make(network()).jit_compile  # as `predict` needs no more
        assert not compiled(make(network())).jit_compile
    stage = FineTune(network())
    stage.compile(optimizer=keras.optimizers.SGD(0.01), jit_compile=True)
    assert stage.jit_compile
    plain = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    plain.compile()  # what Keras would have chosen
    assert plain.jit_compile


@pytest.mark.parametrize(
    "stage",
    [
        lambda: FineTune(network(), memory_momentum=0.9),
        lambda: Pretrain(network(), memory_momentum=0.9, memory_size=8),
        lambda: Distill(network(), network(), memory_momentum=0.9),
    ],
)
def test_all_variables_can_be_on_a_gpu(stage):
    """TensorFlow keeps int32 on the host, where XLA cannot reach it."""
    stage = compiled(stage())
    stage.optimizer.build(stage.trainable_variables)
    variables = {id(v): v for v in stage.variables}
    variables |= {id(v): v for v in stage.nonfinite.variables}
    variables |= {id(v): v for v in stage.optimizer.variables}
    assert len(variables) > 20
    assert "int32" not in {str(v.dtype) for v in variables.values()}
