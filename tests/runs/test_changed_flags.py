"""A run that has ended, or goes on, is given other flags."""

import types

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.runs import begun_with
from simclrv2_tf.runs import changed_flags
from simclrv2_tf.runs import model_dir


@pytest.fixture
def warned(tmp_path, caplog):
    """The warnings of a run at its end that is called once more."""

    def call(begun, **options):
        place = {"train_mode": "finetune", "model_dir": str(tmp_path / "run")}
        model_dir.check(Config(**place))
        model_dir.write_flags(Config(**place, **begun))
        run = types.SimpleNamespace(
            config=Config(**place, **options),
            progress=types.SimpleNamespace(step=6),
            trains=False,
            cut_from=0,
        )
        changed_flags.warn(run)
        return caplog.text

    return call


def test_a_trained_run_is_not_trained_by_other_flags(warned):
    text = warned({"learning_rate": 0.1, "seed": 3}, learning_rate=1.0, seed=4)
    assert "NOTHING IS TRAINED: the run in" in text
    assert "trained to step 6 with seed=3, learning_rate=0.1." in text
    assert "Received: seed=4, learning_rate=1.0; give another --model" in text


@pytest.mark.parametrize(
    "options",
    [
        {},  # as it was
        {"learning_rate": 0.1},
        {"eval_split": "test", "eval_batch_size": 8},  # judges it anew
    ],
)
def test_what_trains_nothing_else_is_no_warning(warned, options):
    assert warned({"learning_rate": 0.1}, **options) == ""


def test_weights_that_are_not_begun_with_are_told(warned, monkeypatch):
    monkeypatch.setattr(begun_with.run_directory, "steps", lambda d: [6])
    text = warned({"checkpoint": "a"}, checkpoint="b")
    assert "NOT USED, as the run goes on from its own checkpoint" in text
    assert "checkpoint=b (flags.json of the run has a). Give another" in text
