"""Losses against naive twins, closed forms, symmetries, parity figures."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from simclrv2_tf import losses

RNG = np.random.default_rng(0)


def views(count=6, dim=5):
    return RNG.normal(size=(2, count, dim)).astype(np.float32)


@pytest.mark.parametrize("hidden_norm", [True, False])
@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_equals_naive_twin(temperature, hidden_norm):
    a, b = views()
    ours = losses.NTXent(temperature, hidden_norm).call(a, b)
    twin = reference.nt_xent(a, b, temperature, hidden_norm)
    np.testing.assert_allclose(ours, twin, rtol=1e-5)


def test_nt_xent_of_equal_embeddings_is_chance():
    same = np.ones((8, 4), np.float32)
    ours = losses.NTXent(0.1).call(same, same)
    np.testing.assert_allclose(ours, np.full(8, 2 * np.log(15)), rtol=1e-5)


def test_nt_xent_of_orthogonal_pairs_in_closed_form():
    eye = np.eye(4, dtype=np.float32)
    expected = 2 * np.log(1 + 6 / np.exp(1 / 0.5))
    ours = losses.NTXent(0.5).call(eye, eye)
    np.testing.assert_allclose(ours, np.full(4, expected), rtol=1e-5)


def test_nt_xent_is_symmetric_and_follows_a_permutation():
    a, b = views()
    loss = losses.NTXent(0.2)
    order = RNG.permutation(len(a))
    np.testing.assert_allclose(loss.call(a, b), loss.call(b, a), rtol=1e-5)
    np.testing.assert_allclose(
        loss.call(a[order], b[order]),
        tf.gather(loss.call(a, b), order),
        rtol=1e-5,
    )


def test_nt_xent_ignores_lengths_when_normalised():
    a, b = views()
    loss = losses.NTXent(0.2)
    np.testing.assert_allclose(loss.call(a, b), loss.call(7 * a, b), rtol=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_nt_xent_eager_equals_graph(compiled):
    a, b = views()
    loss = losses.NTXent(0.2)
    graph = tf.function(loss.call, jit_compile=compiled)
    np.testing.assert_allclose(graph(a, b), loss.call(a, b), rtol=1e-5)


def test_nt_xent_stays_float32_for_half_precision():
    a, b = views()
    half = losses.NTXent(0.1).call(
        tf.cast(a, tf.bfloat16), tf.cast(b, tf.bfloat16)
    )
    assert half.dtype == tf.float32
    assert np.isfinite(half).all()


def test_nt_xent_config_round_trip():
    loss = losses.NTXent(0.3, hidden_norm=False)
    again = losses.NTXent.from_config(loss.get_config())
    a, b = views()
    np.testing.assert_array_equal(again.call(a, b), loss.call(a, b))


def test_nt_xent_refuses_a_temperature_of_zero():
    with pytest.raises(ValueError, match="`temperature` must be above 0"):
        losses.NTXent(temperature=0)


def test_accuracy_and_entropy():
    eye = np.eye(4, dtype=np.float32)
    right = losses.compare(eye, eye)
    wrong = losses.compare(eye, np.roll(eye, 1, axis=0))
    assert right.accuracy.numpy().tolist() == [1.0] * 4
    assert wrong.accuracy.numpy().tolist() == [0.0] * 4
    same = losses.compare(np.ones((4, 2)), np.ones((4, 2)))
    np.testing.assert_allclose(same.entropy, np.full(4, np.log(4)), rtol=1e-5)


def test_nt_xent_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "nt_xent.npz")
    for key in sorted({name.split("/")[0] for name in figures}):
        _, _, temperature, norm = key.split("_")
        hidden = tf.constant(figures[f"{key}/hidden"])
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            pairs = losses.compare(
                *tf.split(hidden, 2), float(temperature[1:]), norm == "norm1"
            )
            loss = tf.reduce_mean(pairs.loss)
        gradient, expected = tape.gradient(loss, hidden), figures[f"{key}/grad"]
        np.testing.assert_allclose(loss, figures[f"{key}/loss"], rtol=1e-5)
        error = np.linalg.norm(gradient - expected)
        assert error <= 1e-5 * np.linalg.norm(expected)


def test_supervised_cross_entropy_passes_over_the_unlabelled():
    logits = RNG.normal(size=(3, 4)).astype(np.float32)
    ours = losses.supervised_cross_entropy(np.array([1, -1, 3]), logits)
    p = reference.softmax(logits)
    expected = [-np.log(p[0, 1]), 0.0, -np.log(p[2, 3])]
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 4.0])
def test_distillation_equals_naive_twin(temperature):
    teacher, student = RNG.normal(size=(2, 5, 7)).astype(np.float32)
    ours = losses.distillation_cross_entropy(teacher, student, temperature)
    twin = reference.distillation(teacher, student, temperature)
    np.testing.assert_allclose(ours, twin, rtol=1e-4)


def test_distillation_gradient_vanishes_at_the_teacher_and_spares_it():
    logits = tf.constant(RNG.normal(size=(5, 7)).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        student, teacher = tf.identity(logits), tf.identity(logits)
        tape.watch([student, teacher])
        loss = losses.distillation_cross_entropy(teacher, student, 0.5)
    np.testing.assert_allclose(tape.gradient(loss, student), 0, atol=1e-6)
    assert tape.gradient(loss, teacher) is None


def test_weight_decay_is_half_the_squares():
    variable = tf.Variable([3.0, 4.0])
    assert float(losses.weight_decay_loss([variable], 0.1)) == 1.25
    assert float(losses.weight_decay_loss([], 0.1)) == 0.0
