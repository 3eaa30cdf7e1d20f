"""Ends of training before the last step, and who is said to have ended it."""

from __future__ import annotations

import types

import keras
import pytest

from simclrv2_tf import distribution
from simclrv2_tf.runs.callbacks import callback_list
from simclrv2_tf.runs.callbacks.user_callbacks import StopWhenDone
from simclrv2_tf.runs.callbacks.user_callbacks import check_callbacks


def ended(step, saved, ended_early=False):
    """`StopWhenDone` at a step of six where `stop_training` is set."""
    stop = StopWhenDone(
        6, lambda step: saved.append(step) or True, lambda: ended_early
    )
    stop._model = types.SimpleNamespace(stop_training=True)
    stop.act(step, None)


def test_a_callback_that_ends_training_is_told(caplog):
    saved = []
    ended(3, saved)
    assert saved == [3]
    words = "a callback ends training at step 3 of 6; its checkpoint is written"
    assert caplog.messages == [words]


def test_all_workers_end_where_one_is_to(monkeypatch):
    """The others would wait for it in the next step for good."""
    asked, saved = [], []
    monkeypatch.setattr(
        distribution, "any_worker", lambda own: asked.append(own) or True
    )
    stop = StopWhenDone(6, lambda step: saved.append(step) or True)
    stop._model = types.SimpleNamespace(stop_training=False)  # not by its own
    stop.act(3, None)
    assert stop.model.stop_training is True
    assert asked == [False] and saved == [3]


def test_patience_is_not_told_as_a_callback(caplog):
    saved = []
    ended(3, saved, ended_early=True)
    assert not saved
    assert not caplog.messages


def test_a_run_tells_its_own_end_and_gives_all_the_time():
    """`save_end` has no deadline, `save_now` that of a process to be killed."""
    run = types.SimpleNamespace(
        plan=types.SimpleNamespace(train_steps=6),
        interruption=None,
        ended_early=True,
    )
    saving = types.SimpleNamespace(save_end=object(), save_now=object())
    _, done, asked = callback_list._with_stops(run, saving)
    assert done._save is saving.save_end
    assert done._ended_early()
    assert saving.save_now in vars(asked).values()


def test_a_checkpoint_of_the_whole_model_is_refused_at_once():
    """It would fail after the first epoch, the only one of a run."""
    whole = keras.callbacks.ModelCheckpoint("best.keras")
    words = r"as weights, not as a model: .*save_weights_only=True .*callbacks"
    with pytest.raises(ValueError, match=rf"{words}\[0\].*'best\.keras'"):
        check_callbacks([whole])
    weights = keras.callbacks.ModelCheckpoint(
        "best.weights.h5", save_weights_only=True
    )
    assert check_callbacks([weights]) == (weights,)


def test_a_subclass_may_save_what_it_likes():
    class Other(keras.callbacks.ModelCheckpoint):
        pass

    other = Other("best.keras")
    assert check_callbacks([other]) == (other,)
