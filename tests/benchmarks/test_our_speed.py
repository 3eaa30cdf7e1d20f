"""The bare step of ours beside the peer's: what is inside the clock."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tools.benchmarks import step
from tools.benchmarks.peers import our_speed
from tools.peers import cases


class Stage:
    """Notes what it is given; augmenting makes each view its number."""

    network = types.SimpleNamespace(trainable_variables=[])

    def __init__(self, *given):
        self.augment, self.steps = "a policy", []

    def augmented(self, view, number):
        assert self.augment
        return tf.fill(view.shape, float(number))

    def train_step(self, batch):
        (view_a, view_b), labels = batch
        self.steps.append((self.augment, view_a.shape, labels.shape))
        return {"train/total_loss": tf.reduce_mean(view_a + 2 * view_b)}


@pytest.fixture
def config(tmp_path):
    """Of the command on sixteen images, eight a batch."""
    images = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3))
    arrays = {"x_train": images.astype(np.uint8), "y_train": np.arange(16) % 2}
    np.savez(tmp_path / "few.npz", **arrays)
    words = our_speed.flags_of(
        cases.ALL["r18-b128"], cases.FLOAT32, str(tmp_path / "few.npz"), None
    )
    words = [*words, "--train_batch_size=8", f"--model_dir={tmp_path}"]
    return our_speed.config_of(words)


def test_a_bare_step_is_of_a_batch_augmented_before(config, monkeypatch):
    stage, ticks = Stage(), iter([False, True])
    monkeypatch.setattr(step, "make_stage", lambda *_: stage)
    clock = types.SimpleNamespace(tick=lambda: next(ticks))
    assert our_speed.measure_bare(config, clock) == 0
    assert list(ticks) == []
    assert stage.steps == [(None, (8, 32, 32, 3), (8,))]  # traced once


def test_views_are_augmented_each_as_its_own():
    stage, views = Stage(), (tf.zeros([2, 4, 4, 3]), tf.zeros([2, 4, 4, 3]))
    (view_a, view_b), labels = our_speed.augmented(stage, (views, "labels"))
    assert labels == "labels" and stage.augment is None
    assert view_a.numpy().max() == 0 and view_b.numpy().min() == 1
