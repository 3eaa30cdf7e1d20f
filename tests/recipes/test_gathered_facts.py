"""Facts that decide what far larger images are reduced to."""

import json

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes import gathered_facts
from simclrv2_tf.recipes.gathered_facts import gather
from simclrv2_tf.recipes.gathered_facts import look_at
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.rules import rule_values

COUNT, SIDE = 80, 160


def photographs(side=None, encoded=True):
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    files = np.full(COUNT, tf.io.encode_png(image).numpy(), object)
    storage = Encoded(files) if encoded else InMemory(np.stack(COUNT * [image]))
    labels = np.full(COUNT, -1, np.int32)
    return Source("photos", labels, storage, resize_shorter_side=side)


def facts_of(source, tmp_path, **options):
    options = {"time_budget": "00:05", **options}
    config = Config(
        train_mode="semi_supervised", model_dir=str(tmp_path / "job"), **options
    )
    data = open_data(config, source)
    sample, _ = look_at(config, data)
    return gather(config, data, sample)


@pytest.mark.parametrize(
    ("source", "options", "side"),
    [
        ({}, {}, 96),
        ({"encoded": False}, {}, None),
        ({"side": 128}, {}, None),  # decided already
        ({}, {"image_size": 41}, None),  # less than four times
        ({}, {"stage_options": {"distill": {"image_size": 40}}}, 120),
        ({}, {"stage_options": {"distill": {"image_size": 41}}}, None),
    ],
)
def test_far_larger_files_are_reduced(source, options, side, tmp_path):
    facts = facts_of(photographs(**source), tmp_path, **options)
    assert rule_values.shorter_side(facts) == side


def test_weights_decide_it(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "flags.json").write_text(json.dumps({"image_size": 32}))
    config = Config(checkpoint=str(run))
    assert not gathered_facts._is_reducible(config, photographs())
