"""The temperature is the likeliest, on a grid and by its definition."""

import logging

import numpy as np
import pytest

from simclrv2_tf.inference.evaluation import temperature_fit

RNG = np.random.default_rng(0)


def drawn(temperature, count=4000, classes=5):
    """Logits, and labels drawn as likely as logits / temperature say."""
    logits = 3 * RNG.normal(size=(count, classes))
    noise = RNG.gumbel(size=logits.shape)
    labels = (logits / temperature + noise).argmax(axis=1)
    return logits.astype(np.float32), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_drawn_labels_is_found(temperature):
    logits, labels = drawn(temperature)
    found = temperature_fit.fit(logits, labels)
    assert found == pytest.approx(temperature, rel=0.07)
    grid = np.exp(np.linspace(*np.log(temperature_fit.BOUNDS), 2000))
    best = min(grid, key=lambda t: naive(logits, labels, t))
    assert found == pytest.approx(best, rel=5e-3)


def naive(logits, labels, temperature):
    shares = np.exp(logits / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    return -np.log(shares[np.arange(len(labels)), labels]).mean()


def test_the_loss_is_the_naive_one():
    logits, labels = drawn(2.0, count=20)
    ours = temperature_fit.negative_log_likelihood(logits, labels, 1.7)
    assert ours == pytest.approx(naive(logits, labels, 1.7))


def test_a_bound_is_told(caplog):
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        found = temperature_fit.fit(np.eye(3), np.arange(3))  # all right
    assert found == pytest.approx(temperature_fit.BOUNDS[0], rel=0.02)
    assert "at the bound" in caplog.text


def test_logits_must_be_finite():
    with pytest.raises(ValueError, match="finite logits"):
        temperature_fit.fit(np.full((2, 2), np.nan), np.arange(2))
