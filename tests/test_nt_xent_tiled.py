"""Tiled NT-Xent against the dense form and a float64 twin.

Errors are relative, of the norm of all values and of all gradients. Found in
float32 with 1 to 1,000 pairs and nine seeds: of either form up to 9e-7 from the
twin, and between the two up to 7e-7, and 1.0e-6 with 5 pairs.
"""

import numpy as np
import pytest
import reference
import tensorflow as tf

from simclrv2_tf import losses
from simclrv2_tf import nt_xent_tiled
from simclrv2_tf.nt_xent_tiled.row_blocks import cut

# (pairs, dim, temperature, tile): tiles that divide the batch and that do
# not, larger than it and of one column; even and odd numbers of blocks.
SHAPES = [
    (1, 4, 0.1, 8),
    (2, 4, 0.5, 1),
    (5, 8, 0.1, 2),
    (16, 8, 0.5, 4),
    (17, 8, 0.1, 4),
    (33, 16, 1.0, 256),
    (90, 32, 0.07, 9),
    (1000, 128, 0.1, 256),
]


def views(count, dim=8):
    normal = np.random.default_rng(count).normal(size=(2, count, dim))
    a, noise = normal.astype(np.float32)
    return a, a + noise


def with_gradient(function, a, b):
    """Results, and the gradient of an uneven mean of the first."""
    a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)
    weights = tf.linspace(0.5, 1.5, a.shape[0]) / a.shape[0]
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        results = function(a, b)
        total = tf.reduce_sum(tf.cast(weights, tf.float32) * results[0])
    return results, tf.concat(tape.gradient(total, [a, b]), axis=0)


def relative_error(ours, twin):
    error = np.linalg.norm(np.float64(ours) - np.float64(twin))
    return error / max(np.linalg.norm(twin), 1e-12)


def in_tiles(a, b, temperature, tile):
    return losses.compare(a, b, temperature, tile=tile)


@pytest.mark.parametrize(("count", "dim", "temperature", "tile"), SHAPES)
def test_equals_float64_twin(count, dim, temperature, tile):
    a, b = views(count, dim)
    ours, gradient = with_gradient(
        lambda a, b: in_tiles(a, b, temperature, tile), a, b
    )
    weights = np.linspace(0.5, 1.5, count) / count
    value, twin = reference.nt_xent_gradient(a, b, temperature, weights)
    assert relative_error(ours[0], value) < 1e-6
    assert relative_error(gradient, twin) < 1e-6


@pytest.mark.parametrize(("count", "dim", "temperature", "tile"), SHAPES)
def test_equals_dense_form(count, dim, temperature, tile):
    a, b = views(count, dim)
    ours, gradient = with_gradient(
        lambda a, b: in_tiles(a, b, temperature, tile), a, b
    )
    dense, expected = with_gradient(
        lambda a, b: losses.compare(a, b, temperature, tile=0), a, b
    )
    # The mean, as it is logged, and the vector of all values; single small
    # values of the dense form have fewer digits than ours.
    np.testing.assert_allclose(
        np.mean(ours[0]), np.mean(dense.loss), rtol=1e-6, atol=1e-7
    )
    assert relative_error(ours[0], dense.loss) < 1e-6
    np.testing.assert_array_equal(ours[1], dense.accuracy)
    np.testing.assert_allclose(ours[2], dense.entropy, rtol=1e-5, atol=1e-5)
    assert relative_error(gradient, expected) < 1e-6


@pytest.mark.parametrize(
    "compiled", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_eager_equals_compiled(compiled):
    a, b = views(21)
    call = lambda a, b: in_tiles(a, b, 0.1, 4)  # noqa: E731
    eager, gradient = with_gradient(call, a, b)
    function = tf.function(
        lambda a, b: with_gradient(call, a, b),
        jit_compile=compiled,
        autograph=False,
    )
    graph, of_graph = function(a, b)
    for one, other in zip(eager, graph, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, of_graph, rtol=1e-4, atol=1e-6)


def test_batch_of_unknown_size():
    a, b = views(21)
    signature = [tf.TensorSpec([None, 8])] * 2
    function = tf.function(
        lambda a, b: in_tiles(a, b, 0.1, 4), input_signature=signature
    )
    for one, other in zip(function(a, b), in_tiles(a, b, 0.1, 4), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_logits_without_bounds():
    a, b = views(12)
    a, b = 30 * a, 30 * b  # exp of these logits is no float32
    ours, gradient = with_gradient(
        lambda a, b: losses.compare(a, b, 1.0, hidden_norm=False, tile=5), a, b
    )
    twin = reference.nt_xent(a, b, 1.0, hidden_norm=False)
    np.testing.assert_allclose(ours.loss, twin, rtol=1e-5, atol=1e-3)
    assert np.isfinite(gradient).all()


def test_small_losses_keep_their_digits():
    a, b = np.eye(8, dtype=np.float32), np.eye(8, dtype=np.float32)
    expected = 2 * np.log1p(14 * np.exp(-1 / 0.05))  # 5.8e-8
    loss = in_tiles(a, b, 0.05, 3).loss
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_equal_embeddings_are_chance_and_no_hit():
    same = np.ones((10, 4), np.float32)
    loss, accuracy, entropy = in_tiles(same, same, 0.1, 4)
    np.testing.assert_allclose(loss, 2 * np.log(19), rtol=1e-5)
    np.testing.assert_array_equal(accuracy, 0)
    np.testing.assert_allclose(entropy, np.log(10), rtol=1e-5)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
@pytest.mark.parametrize("norm", [True, False])
def test_half_precision_is_summed_in_float32(dtype, norm):
    a, b = (tf.cast(x, dtype) for x in views(40))

    def compare(a, b):
        return losses.compare(a, b, hidden_norm=norm, tile=16)

    ours, gradient = with_gradient(compare, a, b)
    same, exact = with_gradient(
        compare, tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    )
    assert ours.loss.dtype == tf.float32
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(ours.loss, same.loss)
    np.testing.assert_array_equal(gradient, tf.cast(exact, dtype))


def test_auto_chooses_by_size(monkeypatch):
    chosen = []

    def compare(a, b, *_):
        chosen.append(len(a))
        return [tf.zeros(len(a))] * 3

    monkeypatch.setattr(nt_xent_tiled, "compare", compare)
    monkeypatch.setattr(losses, "DENSE_PAIRS", 6)
    loss = losses.NTXent()
    loss.call(*views(6))
    loss.call(*views(7))
    assert chosen == [7]


def test_refuses_a_strange_tile():
    with pytest.raises(ValueError, match="`tile` must be 'auto', 0 for none"):
        losses.NTXent(tile=-1)


@pytest.mark.parametrize(("count", "tile"), [(1, 8), (9, 2), (10, 5), (7, 7)])
def test_blocks_hold_every_row_and_then_zeros(count, tile):
    x = 1 + tf.reshape(tf.range(3 * count), (count, 3))
    blocks = cut(x, tile)
    assert blocks.shape[1] <= tile
    joined = tf.reshape(blocks, [-1, 3])
    np.testing.assert_array_equal(joined[:count], x)
    np.testing.assert_array_equal(joined[count:], 0)


def test_a_gpu_leaves_no_comparison_to_the_host():
    """TensorFlow has `Equal` of int32 for the memory of the host alone."""
    spec = tf.TensorSpec([16, 8], tf.float32)
    loss = tf.function(lambda a, b: in_tiles(a, b, 0.5, 4))
    graph = loss.get_concrete_function(spec, spec).graph.as_graph_def()
    nodes = [n for f in graph.library.function for n in f.node_def]
    kinds = [n.attr["T"].type for n in [*nodes, *graph.node] if n.op == "Equal"]
    assert kinds and tf.int32.as_datatype_enum not in kinds
