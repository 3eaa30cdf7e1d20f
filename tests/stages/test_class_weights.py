"""Weights of classes: what scikit-learn calls balanced, and in the loss."""

import keras
import numpy as np
import pytest
import small_classifier
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from simclrv2_tf.config import Config
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import build
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.finetune import balanced_weights

SMALL = {**small_classifier.SMALL, "num_proj_layers": 1}
RNG = np.random.default_rng(0)
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, -1], np.int32)
IMAGES = RNG.random((8, 8, 8, 3), np.float32)


def step(weights):
    """A step of fine-tuning: its metrics, and the weights after it."""
    keras.utils.set_random_seed(0)
    stage = FineTune(Network(**SMALL), class_weights=weights, weight_decay=0.0)
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    logits = stage.network(IMAGES, training=True)["logits_sup"].numpy()
    metrics = stage.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    after = [v.numpy() for v in stage.network.trainable_variables]
    return {k: float(v) for k, v in metrics.items()}, after, logits


def test_balanced_weights_are_scikit_learns():
    labels = RNG.choice(3, 100, p=[0.7, 0.2, 0.1])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    given = np.append(labels, -1)
    np.testing.assert_allclose(balanced_weights(given, 3), expected, rtol=1e-6)
    # A class without images takes nothing away from the others.
    np.testing.assert_allclose(
        balanced_weights(given, 4), [*expected, 1], rtol=1e-6
    )


def test_the_loss_is_the_naive_one():
    weights = balanced_weights(LABELS, 3)
    metrics, _, logits = step(weights)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    known = LABELS >= 0
    each = -np.log(shares[known, LABELS[known]]) * weights[LABELS[known]]
    expected = each.sum() / known.sum()
    assert metrics["train/supervised_loss"] == pytest.approx(expected, rel=1e-5)
    assert metrics["train/total_loss"] == pytest.approx(expected, rel=1e-5)


def test_none_is_one_and_others_move_otherwise():
    plain, after, _ = step(None)
    ones, same, _ = step(np.ones(3))
    assert plain == ones
    for one, other in zip(after, same, strict=True):
        np.testing.assert_array_equal(one, other)
    _, moved, _ = step(balanced_weights(LABELS, 3))
    assert any((a != b).any() for a, b in zip(after, moved, strict=True))


def test_the_option_reaches_the_stage():
    config = Config(train_mode="finetune", class_weights="balanced")
    stage = build.make_stage(config, Network(**SMALL), labels=LABELS)
    np.testing.assert_array_equal(
        stage._class_weights, balanced_weights(LABELS, 3)
    )
    plain = build.make_stage(Config(train_mode="finetune"), Network(**SMALL))
    assert plain._class_weights is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="each of the 3 classes. Received: 2"):
        FineTune(Network(**SMALL), class_weights=[1, 2])
    for stage, way in {
        "pretrain": "train_mode=finetune",
        "distill": "train_mode=finetune",
        "semi_supervised": "finetune.class_weights=balanced",
    }.items():
        with pytest.raises(ValueError, match=f"give {way}"):
            Config(train_mode=stage, class_weights="balanced", teacher="t")
    with pytest.raises(ValueError, match="must be one of"):
        Config(train_mode="finetune", class_weights="even")
