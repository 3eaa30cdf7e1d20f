"""A run's files say what it began with, whatever it goes on with."""

import json

import pytest

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.runs import begun_with
from simclrv2_tf.runs import model_dir


@pytest.fixture
def goes_on(tmp_path, monkeypatch):
    """Writes the flags of a run that goes on; returns its files and words."""
    directory = str(tmp_path / "run")

    def config(**options):
        return Config(train_mode="finetune", model_dir=directory, **options)

    def go_on(begun, steps=(4,), **options):
        model_dir.check(config())
        model_dir.write_flags(config(**begun))
        monkeypatch.setattr(run_directory, "steps", lambda d: list(steps))
        now = config(**options)
        unused = begun_with.unused(now)
        model_dir.write_flags(now, begun_with.kept(now))
        flags = json.loads((tmp_path / "run" / "flags.json").read_text())
        lines = (tmp_path / "run" / "flags.cfg").read_text().splitlines()
        return flags, lines, unused

    return go_on


BEGUN = {
    "checkpoint": "weights/r50",
    "checkpoint_ema": True,
    "checkpoint_ignore": "head",
    "variable_schema": "(?!global_step|head)",
    "zero_init_logits_layer": True,
}


def test_what_is_left_out_stays(goes_on):
    flags, lines, unused = goes_on(BEGUN)
    assert BEGUN.items() <= flags.items()
    assert "--checkpoint=weights/r50" in lines
    assert "--zero_init_logits_layer" in lines
    assert unused == []


def test_another_value_is_not_written_down_and_told(goes_on):
    flags, lines, unused = goes_on(BEGUN, checkpoint="weights/other")
    assert flags["checkpoint"] == "weights/r50"
    assert "--checkpoint=weights/other" not in lines
    assert unused == [
        "checkpoint=weights/other (flags.json of the run has weights/r50)"
    ]


def test_a_run_without_a_checkpoint_begins_anew(goes_on):
    flags, _, unused = goes_on(BEGUN, steps=(), checkpoint="weights/other")
    assert flags["checkpoint"] == "weights/other"
    assert not flags["checkpoint_ema"] and unused == []


def test_flags_of_training_are_those_of_now(goes_on):
    flags, _, unused = goes_on({"learning_rate": 0.1}, learning_rate=0.2)
    assert flags["learning_rate"] == 0.2 and unused == []


def test_a_moved_checkpoint_is_written_down_where_it_is(goes_on, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "weights")
    begun = {"checkpoint": str(tmp_path / "weights")}
    now = {"checkpoint": str(tmp_path / "link")}
    flags, _, unused = goes_on(begun, **now)
    assert flags["checkpoint"] == now["checkpoint"] and unused == []


def test_an_earlier_version_said_less(goes_on, monkeypatch):
    monkeypatch.setattr(model_dir, "read_flags", lambda d: {"seed": 0})
    flags, _, unused = goes_on(BEGUN, checkpoint="weights/other")
    assert flags["checkpoint"] == "weights/other" and unused == []
