"""Normalization in bfloat16 of few channels: float32 inside, the same out."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.models import normalization
from simclrv2_tf.models.normalization import BatchNorm

RNG = np.random.default_rng(0)


def normal(channels, dtype="bfloat16"):
    return tf.cast(tf.constant(RNG.normal(2, 3, (6, 5, 4, channels))), dtype)


def answers(layer, inputs):
    """Outputs, the gradients of their squares, and the moving statistics."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 3)
    watched = [inputs, *(v.value for v in layer.trainable_variables)]
    gradients = tape.gradient(loss, watched)
    moving = [v.value for v in layer.non_trainable_variables]
    return [outputs, *gradients, *moving]


@pytest.mark.parametrize(
    ("channels", "dtype", "slow"),
    [
        (8, "bfloat16", True),
        (24, "bfloat16", True),
        (16, "bfloat16", False),
        (64, "bfloat16", False),
        (8, "float32", False),
    ],
)
def test_where_float32_is_quicker(monkeypatch, channels, dtype, slow):
    inputs = normal(channels, dtype)
    assert normalization.is_slow(inputs) == slow
    kinds = {"GPU": ["a GPU"], "TPU": []}
    monkeypatch.setattr(tf.config, "list_logical_devices", kinds.get)
    assert not normalization.is_slow(inputs)


@pytest.mark.parametrize("channels", [8, 20])
def test_the_same_as_in_bfloat16(monkeypatch, channels):
    """The kernel of bfloat16 adds up in float32 as well, and rounds the end."""
    inputs, found = normal(channels), []
    for slow in (True, False):
        monkeypatch.setattr(normalization, "is_slow", lambda _, slow=slow: slow)
        layer = BatchNorm(dtype="mixed_bfloat16")
        found.append(answers(layer, inputs))
    for ours, kernels in zip(*found, strict=True):
        assert ours.dtype == kernels.dtype
        ours, kernels = (np.float32(x) for x in (ours, kernels))
        np.testing.assert_allclose(ours, kernels, 2e-2, 2e-2)


def test_moments_are_those_of_float32():
    inputs = normal(8)
    layer, exact = (BatchNorm(dtype=d) for d in ("mixed_bfloat16", "float32"))
    found = answers(layer, inputs)
    expected = answers(exact, tf.cast(inputs, tf.float32))
    assert found[0].dtype == tf.bfloat16
    rounded = tf.cast(expected[0], tf.bfloat16)
    np.testing.assert_array_equal(found[0], rounded)
    for ours, theirs in zip(found[-2:], expected[-2:], strict=True):
        np.testing.assert_array_equal(ours, theirs)
