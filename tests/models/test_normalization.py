"""Normalization: few channels in bfloat16, and by moving statistics."""

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


def trained(channels, dtype, sides=(5, 4)):
    """A layer whose statistics and weights are those of no new one."""
    layer = BatchNorm(dtype=dtype)
    layer.build((None, *sides, channels))
    values = RNG.uniform(0.5, 2.0, (4, channels))
    for variable, value in zip(layer.variables, values, strict=True):
        variable.assign(value)
    return layer


def naive(layer, inputs):
    gamma, beta, mean, variance = (np.float64(v) for v in layer.variables)
    return (np.float64(inputs) - mean) / np.sqrt(
        variance + layer.epsilon
    ) * gamma + beta


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    ("dtype", "channels", "tolerance"),
    [
        ("float32", 16, 2e-6),
        ("float32", 5, 2e-6),
        ("mixed_bfloat16", 16, 1e-2),
        ("mixed_bfloat16", 8, 1e-2),
        ("mixed_float16", 16, 2e-3),
    ],
)
def test_moving_statistics(dtype, channels, tolerance, jit):
    layer = trained(channels, dtype)
    inputs = normal(channels, layer.compute_dtype)
    before = [np.array(v) for v in layer.variables]

    @tf.function(jit_compile=jit)
    def answer(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=False)
            total = tf.reduce_sum(tf.cast(outputs, tf.float32))
        return outputs, tape.gradient(total, x)

    outputs, slope = answer(inputs)
    assert outputs.dtype == slope.dtype == inputs.dtype
    expected = naive(layer, inputs)
    np.testing.assert_allclose(
        np.float64(outputs), expected, tolerance, 2 * tolerance
    )
    gamma, _, _, variance = (np.float64(v) for v in layer.variables)
    of_x = np.broadcast_to(
        gamma / np.sqrt(variance + layer.epsilon), slope.shape
    )
    np.testing.assert_allclose(np.float64(slope), of_x, tolerance, tolerance)
    for variable, value in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_moving_statistics_of_no_image_and_of_vectors():
    layer = trained(16, "float32")
    assert layer(tf.zeros([0, 5, 4, 16]), training=False).shape == (0, 5, 4, 16)
    layer, vectors = trained(16, "float32", ()), normal(16, "float32")[:, 0, 0]
    np.testing.assert_allclose(
        layer(vectors, training=False), naive(layer, vectors), 2e-6, 4e-6
    )


def test_gradients_of_weights_by_moving_statistics():
    layer = trained(16, "float32")
    inputs = normal(16, "float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs, training=False) ** 2)
    of_gamma, of_beta = tape.gradient(
        loss, [layer.gamma.value, layer.beta.value]
    )
    outputs = naive(layer, inputs)
    gamma, beta, *_ = (np.float64(v) for v in layer.variables)
    np.testing.assert_allclose(of_beta, 2 * outputs.sum((0, 1, 2)), 1e-5)
    centred = (outputs - beta) / gamma
    np.testing.assert_allclose(
        of_gamma, 2 * (outputs * centred).sum((0, 1, 2)), 1e-5
    )
