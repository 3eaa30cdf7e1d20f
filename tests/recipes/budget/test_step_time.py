"""The run that measures a step: short, and known to nobody."""

import pytest

from simclrv2_tf.recipes.budget import step_time


class Trained(Exception):
    """In place of training, with what was to be trained."""


def refuse(config, source):
    raise Trained(config)


@pytest.mark.parametrize(
    ("reckoned", "steps"), [(0.0, 16), (1.0, 14), (3.9, 4), (60.0, 4)]
)
def test_steps_are_few_where_one_takes_long(reckoned, steps):
    assert step_time.steps_for(reckoned) == steps


def test_neither_trackers_nor_profiles_hear_of_it(monkeypatch):
    monkeypatch.setattr(step_time, "train", refuse)
    asked = {"logger": "mlflow", "profile_steps": "100,110"}
    with pytest.raises(Trained) as training:
        step_time.measure({"train_batch_size": 8, **asked}, None)
    (config,) = training.value.args
    assert (config.logger, config.profile_steps) == ("tensorboard", None)
    assert (config.train_steps, config.warmup_epochs) == (16, 0.0)
