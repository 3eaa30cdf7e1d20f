"""A job whose runs are stand-ins."""

import contextlib
import pathlib
import types

import pytest
import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.running_job import Job

OPTIONS = {
    "resnet_depth": 18,
    "image_size": 8,
    "train_batch_size": 32,
    "train_steps": 8,
    "learning_rate": 2.0,
    "warmup_epochs": 0.0,
    "color_jitter_strength": 0.5,
    "crop_area_min": 0.3,
}


@pytest.fixture
def job(tmp_path):
    """A job on the digits whose runs write a small network, not trained."""
    config = Config(
        train_mode="semi_supervised",
        dataset="digits",
        labels_per_class=3,
        model_dir=str(tmp_path),
    )
    recipe = Recipe(pilot_runs=4)
    for option, value in OPTIONS.items():
        recipe.choose("pretrain", option, value, "why", "source")
    recipe.choose("pilot", "train_steps", 4, "why", "source")
    calls = []

    def run(config, *_):
        calls.append(config)
        directory = pathlib.Path(config.model_dir)
        directory.mkdir(parents=True)
        small_classifier.save_run(small_classifier.classifier(), directory)
        return {"parameters": 1}

    made = Job(
        config,
        open_data(config),
        recipe,
        Record(str(tmp_path)),
        run,
        types.SimpleNamespace(reason=None, deferred=contextlib.nullcontext),
    )
    made.calls = calls
    return made
