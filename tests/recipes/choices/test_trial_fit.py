"""Trials have as much memory as there is."""

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.choices import trial_fit


def test_memory(caplog):
    config = Config(resnet_depth=18, image_size=8, train_batch_size=2)
    assert trial_fit.fits(config, "all weights")
    assert not trial_fit.fits(config, "all weights", memory_budget=1e-6)
    assert "'all weights' is not tried, as it is expected" in caplog.text
    given = Config(check_memory=False, train_batch_size=2)
    assert trial_fit.fits(given, "all weights", memory_budget=1e-6)
