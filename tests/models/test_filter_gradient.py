"""The quick filter gradient: the same numbers, where it is quicker."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.models import filter_gradient
from simclrv2_tf.models.convolution import Conv2D

RNG = np.random.default_rng(0)


def normal(*shape, dtype="float32"):
    return tf.cast(tf.constant(RNG.normal(size=shape)), dtype)


@pytest.mark.parametrize("kernel", [(3, 3), (1, 3), (5, 1)])
def test_gradients_are_those_of_the_convolution(kernel):
    inputs, weights = normal(3, 4, 5, 7), normal(*kernel, 7, 2)
    found = []
    for convolve in (
        filter_gradient.convolve,
        lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"),
    ):
        with tf.GradientTape() as tape:
            tape.watch([inputs, weights])
            outputs = convolve(inputs, weights)
            loss = tf.reduce_sum(outputs**2)
        found.append([outputs, *tape.gradient(loss, [inputs, weights])])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-4)


@pytest.mark.parametrize(
    ("shape", "kernel", "dtype", "slow"),
    [
        ((2, 4, 4, 128), 3, "bfloat16", True),
        ((2, 4, 4, 127), 3, "bfloat16", False),
        ((2, 8, 8, 512), 3, "bfloat16", True),
        ((2, 8, 8, 256), 3, "bfloat16", False),
        ((2, 4, 4, 128), 3, "float32", False),
        ((2, 4, 4, 128), 1, "bfloat16", False),
        ((2, 4, 4, 128), 2, "bfloat16", False),
    ],
)
def test_where_it_is_quicker(shape, kernel, dtype, slow):
    weights = normal(kernel, kernel, shape[-1], 2, dtype=dtype)
    assert filter_gradient.is_slow(normal(*shape, dtype=dtype), weights) == slow


def test_images_of_unknown_size_and_accelerators(monkeypatch):
    inputs = normal(2, 3, 3, 72, dtype="bfloat16")
    weights = normal(3, 3, 72, 72, dtype="bfloat16")
    assert filter_gradient.is_slow(inputs, weights)
    known = []

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, None, 72], "bfloat16")]
    )
    def trace(x):
        known.append(filter_gradient.is_slow(x, weights))

    trace.get_concrete_function()
    assert known == [False]
    kinds = {"GPU": ["a GPU"], "TPU": []}
    monkeypatch.setattr(tf.config, "list_logical_devices", kinds.get)
    assert not filter_gradient.is_slow(inputs, weights)


@pytest.mark.parametrize("strides", [1, 2])
def test_a_layer_in_bfloat16_takes_it(monkeypatch, strides):
    taken = []
    convolve = filter_gradient.convolve
    monkeypatch.setattr(
        filter_gradient,
        "convolve",
        lambda *given: taken.append(len(given)) or convolve(*given),
    )
    layer = Conv2D(8, 3, strides, dtype="mixed_bfloat16")
    inputs = normal(4, 2, 2, 32)
    with tf.GradientTape() as tape:
        outputs = layer(inputs)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 2)
    gradient = tape.gradient(loss, layer.kernel.value)
    assert len(taken) == (strides == 1)
    assert gradient.dtype == "float32"
    exact = Conv2D(8, 3, strides, dtype="float32")
    exact.build(inputs.shape)
    exact.kernel.assign(layer.kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(exact(inputs) ** 2)
    theirs = tape.gradient(loss, exact.kernel.value)
    error = tf.norm(gradient - theirs) / tf.norm(theirs)
    assert error < 0.02
