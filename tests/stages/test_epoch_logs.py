"""What Keras's callbacks and history get at the end of an epoch."""

import csv

import keras
import numpy as np
import pytest
from small_classifier import SMALL

from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune

RNG = np.random.default_rng(0)
IMAGES = RNG.random((8, 8, 8, 3), np.float32)
LABELS = np.arange(8, dtype=np.int32) % 3
LOSS = "train/total_loss"


class Resets(keras.callbacks.Callback):
    """Resets the means after the last step, as the report of a run does."""

    def __init__(self):
        super().__init__()
        self.last = None

    def on_train_batch_end(self, batch, logs=None):
        self.last = float(logs[LOSS])
        self.model.reset_metrics()


@pytest.fixture
def stage():
    keras.utils.set_random_seed(0)
    tuned = FineTune(Network(**SMALL))
    tuned.compile(optimizer=keras.optimizers.SGD(0.01))
    return tuned


def test_means_that_are_reset_at_the_last_step_are_in_the_log(stage, tmp_path):
    stage.run_eagerly = True  # sooner than a graph is made
    resets = Resets()
    log = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    history = stage.fit(
        IMAGES, LABELS, batch_size=8, verbose=0, callbacks=[resets, log]
    ).history
    with open(tmp_path / "log.csv") as file:
        (row,) = csv.DictReader(file)
    assert resets.last > 0.1
    assert float(row[LOSS]) == pytest.approx(resets.last)
    assert history[LOSS] == [pytest.approx(resets.last)]


def test_an_epoch_without_a_finite_step_is_nan_in_history(stage, capsys):
    """The progress bar shows what there is, in that epoch and in others."""
    bad = np.full_like(IMAGES, np.nan)
    history = stage.fit(bad, LABELS, batch_size=8, verbose=1).history
    assert np.isnan(history[LOSS]).all()
    assert f"{LOSS}: nan" in capsys.readouterr().out
    history = stage.fit(IMAGES, LABELS, batch_size=8, verbose=1).history
    assert history[LOSS][0] > 0.1
    assert f"{LOSS}: {history[LOSS][0]:.4f}" in capsys.readouterr().out


def test_an_epoch_has_the_means_of_all_its_steps(stage):
    stage.run_eagerly = True
    stage.optimizer.learning_rate.assign(0.0)
    both = stage.fit(IMAGES, LABELS, batch_size=4, shuffle=False, verbose=0)
    halves = [
        stage.fit(IMAGES[rows], LABELS[rows], verbose=0).history[LOSS][0]
        for rows in (slice(0, 4), slice(4, 8))
    ]
    assert both.history[LOSS][0] == pytest.approx(np.mean(halves), rel=1e-4)
