"""What is tried out runs on the devices that the job will have."""

import contextlib

import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.choices import short_run
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.runs.hardware import devices

STRATEGY = tf.distribute.OneDeviceStrategy("/cpu:0")


def test_what_short_runs_came_to_is_judged_once(tmp_path, capsys):
    record, recipe = Record(str(tmp_path)), Recipe()
    judged = {"chosen": "a", "shares": {"a": 0.5, "b c": 0.25}}
    for judge in (lambda: judged, None):
        found, words = short_run.outcome(record, "trials", judge)
        assert found == judged and words == "a: 50.0%, b c: 25.0%"
        record = Record(str(tmp_path))  # as after a kill
    short_run.tell(recipe, f"a by trials ({words})")
    assert recipe.notes == [f"a by trials ({words})"]
    assert capsys.readouterr().out == f"a by trials ({words})\n"


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
