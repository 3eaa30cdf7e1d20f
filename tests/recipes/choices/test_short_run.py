"""What is tried out runs on the devices that the job will have."""

import contextlib

import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.choices import short_run
from simclrv2_tf.runs.hardware import devices

STRATEGY = tf.distribute.OneDeviceStrategy("/cpu:0")


class Stop(Exception):
    pass


@pytest.mark.parametrize("entered", [False, True])
@pytest.mark.parametrize(
    ("module", "call"),
    [
        (short_run, lambda: short_run.train_alone(Config(), None, None, None)),
        (step_time, lambda: step_time.measure({}, None)),
    ],
)
def test_it_is_spread_as_the_stages_are(monkeypatch, module, call, entered):
    seen = []

    def train(*args):
        seen.append(tf.distribute.get_strategy())
        raise Stop

    monkeypatch.setattr(module, "train", train)
    made = []
    monkeypatch.setattr(
        devices, "make_strategy", lambda config: made.append(1) or STRATEGY
    )
    around = STRATEGY.scope() if entered else contextlib.nullcontext()
    with around, pytest.raises(Stop):
        call()
    assert seen == [STRATEGY] and len(made) == (not entered)
