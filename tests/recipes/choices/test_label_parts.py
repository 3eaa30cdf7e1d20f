"""Parts of the labels, and the run on the others."""

import subprocess
import sys

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.recipes.choices import label_parts
from simclrv2_tf.runs.plan import make_plan


@pytest.fixture(scope="module")
def few():
    source = sources.open_source("digits", "train")
    return source.subset(np.flatnonzero(source.labels < 3)[:60])


def test_each_label_is_left_out_once_and_of_each_class(few):
    parts = label_parts.divided(few, 5)
    assert len(parts) == 5
    for known, asked in parts:
        assert known.num_examples + asked.num_examples == 60
        assert set(known.labels) == set(asked.labels) == {0, 1, 2}
    counts = sum(np.bincount(asked.labels) for _, asked in parts)
    np.testing.assert_array_equal(counts, np.bincount(few.labels))
    assert len({asked.fingerprint() for _, asked in parts}) == 5


def test_a_batch_is_no_larger_than_the_labels(few):
    config = Config(train_batch_size=100, learning_rate=0.3)
    fitted = label_parts.fitting(config, few)
    assert fitted.train_batch_size == 60
    assert fitted.learning_rate * 60 == pytest.approx(0.3 * 100)
    small = Config(train_batch_size=20, learning_rate=0.3)
    fitted = label_parts.fitting(small, few)
    assert (fitted.train_batch_size, fitted.learning_rate) == (20, 0.3)


@pytest.mark.parametrize(
    ("scaling", "rate"), [("linear", 1.0), ("sqrt", 0.5 * 2**0.5)]
)
def test_batches_are_shared_by_all_replicas(few, monkeypatch, scaling, rate):
    monkeypatch.setattr(label_parts.devices, "num_replicas", lambda _: 8)
    config = Config(
        train_batch_size=64, learning_rate=0.5, learning_rate_scaling=scaling
    )
    fitted = label_parts.fitting(config, few.subset(np.arange(37)))
    assert fitted.train_batch_size == 32
    assert fitted.learning_rate == pytest.approx(rate)


@pytest.mark.slow
def test_a_part_is_shared_before_a_run_has_begun():
    """By all devices of the strategy that is asked for, here two."""
    program = (
        "import numpy as np, tensorflow as tf\n"
        "from simclrv2_tf.config import Config\n"
        "from simclrv2_tf.data import sources\n"
        "from simclrv2_tf.recipes.choices import label_parts\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "two = [tf.config.LogicalDeviceConfiguration()] * 2\n"
        "tf.config.set_logical_device_configuration(cpu, two)\n"
        "known = sources.open_source('digits', 'train').subset(np.arange(11))\n"
        "config = Config(strategy='mirrored', train_batch_size=22)\n"
        "print(label_parts.fitting(config, known).train_batch_size)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.stdout.strip() == "10", done.stderr


def test_images_that_cannot_be_read_are_in_no_part(few, monkeypatch):
    kept = np.arange(1, 60)
    monkeypatch.setattr(
        label_parts.baselines, "readable", lambda source: source.subset(kept)
    )
    assert label_parts.readable(few).num_examples == 59
    kept = np.r_[
        np.flatnonzero(few.labels)[:20], np.flatnonzero(few.labels == 0)[:1]
    ]
    assert label_parts.readable(few) is few  # a class of one has no parts


@pytest.mark.parametrize(("steps", "warmup"), [(100, 40), (30, 29), (1, 0)])
def test_a_part_trains_for_longer_than_it_warms_up(few, steps, warmup):
    config = Config(
        train_mode="finetune",
        train_batch_size=60,
        train_steps=steps,
        warmup_epochs=40.0,
    )
    part = label_parts.on_a_part(config, few.subset(np.arange(40)))
    assert make_plan(part, 40).warmup_steps == warmup
