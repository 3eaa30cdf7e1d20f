"""The start of a run: measured once, and known to a run that goes on."""

import types

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.runs.callbacks import callback_list
from simclrv2_tf.runs.callbacks.learning_trend import FIRST_STEPS
from simclrv2_tf.runs.callbacks.learning_trend import LearningTrend
from simclrv2_tf.runs.callbacks.learning_trend import Neighbours
from simclrv2_tf.runs.journal import Journal

BATCH = 32
FIRST = {"train/contrast_loss": 16.0, "train/contrast_acc": 0.02}
LATER = {"train/contrast_loss": 9.0, "train/contrast_acc": 0.4}
AT_START = {"positives_found_at_start": 0.02, "neighbours_at_start": 0.5}


class Fixed:
    """Neighbours of a stage that says itself how many are right."""

    def accuracy(self, stage):
        return stage


def started(directory, **options):
    trend = LearningTrend(BATCH, Journal(directory), Fixed(), **options)
    trend.begin(0, 0.5)
    for step in range(1, 2 * FIRST_STEPS):
        trend.step(step, FIRST if step <= FIRST_STEPS else LATER, step)
    return trend


def test_now_stands_beside_the_start(tmp_path):
    numbers = started(tmp_path).numbers(0.8, LATER)
    assert numbers["positives_found"] == 0.4
    assert numbers["neighbours"] == 0.8
    chance = 2 * np.log(2 * BATCH - 1)
    assert numbers["loss_share_of_chance"] == pytest.approx(9 / chance)
    assert numbers["found_by_chance"] == pytest.approx(1 / 32)
    assert AT_START.items() <= numbers.items()


@pytest.mark.parametrize("step", [1, FIRST_STEPS - 1, 100])
def test_a_run_that_goes_on_knows_its_start(tmp_path, step):
    before = started(tmp_path)
    resumed = LearningTrend(BATCH, Journal(tmp_path), Fixed())
    resumed.begin(step, 0.7)
    expected = before.numbers(0.8, LATER)
    assert resumed.numbers(0.8, LATER) == expected


@pytest.mark.parametrize("every", [1, 3, 4, 10, 100])
def test_the_start_is_that_of_ten_steps_however_often_means_begin_anew(
    tmp_path, every
):
    found = np.arange(1, FIRST_STEPS + 1) / 100
    trend = LearningTrend(BATCH, Journal(tmp_path), Fixed())
    trend.begin(0, 0.5)
    for step in range(1, FIRST_STEPS + 1):
        count = (step - 1) % every + 1
        mean = found[step - count : step].mean()
        metrics = {"train/contrast_loss": 16.0, "train/contrast_acc": mean}
        trend.step(step, metrics, count)
    start = trend.numbers(0.8, LATER)["positives_found_at_start"]
    assert start == pytest.approx(found.mean())


def test_a_start_without_a_finite_stretch_is_of_the_others(tmp_path):
    bad = {"train/contrast_loss": np.nan, "train/contrast_acc": np.nan}
    trend = LearningTrend(BATCH, Journal(tmp_path), Fixed())
    trend.begin(0, 0.5)
    for step in range(1, FIRST_STEPS + 1):
        trend.step(step, bad if step <= 5 else FIRST, (step - 1) % 5 + 1)
    assert trend.numbers(0.8, LATER)["positives_found_at_start"] == 0.02


def test_a_start_that_is_not_in_the_journal_is_not_known(tmp_path):
    resumed = LearningTrend(BATCH, Journal(tmp_path), Fixed())
    resumed.begin(100, 0.7)
    assert not any("start" in name for name in resumed.numbers(0.8, LATER))


def test_a_trained_network_is_compared_with_nothing(tmp_path):
    trend = started(tmp_path, from_scratch=False)
    assert not any("start" in name for name in trend.numbers(0.8, LATER))
    assert Journal(tmp_path).lines() == []


@pytest.mark.parametrize(
    ("weights", "untrained"),
    [(None, True), ("random", True), ("imagenet", False), ("x.keras", False)],
)
def test_weights_of_a_keras_backbone_are_trained_ones(
    weights, untrained, tmp_path
):
    config = Config(backbone="keras:MobileNetV2", backbone_weights=weights)
    run = types.SimpleNamespace(
        config=config,
        plan=types.SimpleNamespace(batch_size=BATCH),
        data=types.SimpleNamespace(labelled_images=lambda: None),
        journal=Journal(tmp_path),
    )
    trend = callback_list._make_trend(run)
    assert trend._from_scratch == untrained


def test_neighbours_are_those_of_the_features_in_inference():
    images = np.zeros((150, 1, 1, 2), np.float32)
    labels = np.arange(150) % 3
    images[np.arange(150), 0, 0] = np.eye(3)[labels][:, :2] + 0.1

    def network(chunk, training):
        assert not training
        assert len(chunk) <= Neighbours.CHUNK
        return {"final_avg_pool": chunk[:, 0, 0]}

    stage = types.SimpleNamespace(network=network)
    assert Neighbours(images, labels).accuracy(stage) == 1.0


def test_a_loss_that_is_not_finite_is_compared_with_nothing(tmp_path):
    bad = {"train/contrast_loss": np.nan, "train/contrast_acc": 0.02}
    trend = LearningTrend(BATCH, Journal(tmp_path), Fixed())
    trend.begin(0, 0.5)
    trend.step(1, bad, 1)
    assert "loss_share_of_chance" not in trend.numbers(0.8, bad)
    later = trend.numbers(0.8, LATER)
    assert not any("at_start" in name for name in later if "loss" in name)
