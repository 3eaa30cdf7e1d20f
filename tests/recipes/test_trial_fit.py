"""Trials have as many images and as much memory as there are."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import trial_fit


@pytest.mark.parametrize(
    ("scaling", "rate"), [("linear", 1.0), ("sqrt", 0.5 * 2**0.5)]
)
def test_batches_are_shared_by_all_replicas(monkeypatch, scaling, rate):
    monkeypatch.setattr(trial_fit.distribution, "num_replicas", lambda: 8)
    config = Config(
        train_batch_size=64, learning_rate=0.5, learning_rate_scaling=scaling
    )
    fitted = trial_fit.fitting(config, 37)
    assert fitted.train_batch_size == 32
    assert fitted.learning_rate == pytest.approx(rate)


def test_memory(caplog):
    config = Config(resnet_depth=18, image_size=8, train_batch_size=2)
    assert trial_fit.fits(config, "all weights")
    assert not trial_fit.fits(config, "all weights", memory_budget=1e-6)
    assert "'all weights' is not tried, as it is expected" in caplog.text
    given = Config(check_memory=False, train_batch_size=2)
    assert trial_fit.fits(given, "all weights", memory_budget=1e-6)
