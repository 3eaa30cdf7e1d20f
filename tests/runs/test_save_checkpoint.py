"""Saving in the background: what fails is tried again, and nothing hides."""

import logging
import threading
import types

import pytest
import tensorflow as tf

from simclrv2_tf.files.lock import TakenOver
from simclrv2_tf.runs.callbacks import save_checkpoint
from simclrv2_tf.runs.callbacks.save_checkpoint import SaveCheckpoint

FULL = ValueError("the disk is full.")
LOST = TakenOver("`model_dir` was taken over.")


class Storage:
    """Takes snapshots, waits, or fails with the errors that it is given."""

    def __init__(self, fails=()):
        self.fails = list(fails)
        self.written = []
        self.gate = threading.Event()
        self.gate.set()

    def write(self, step, snapshot):
        self.gate.wait(30)
        if self.fails and (error := self.fails.pop(0)):
            raise error
        self.written.append((step, snapshot))


def callback(storage, last_step=6):
    saving = SaveCheckpoint(2, last_step, lambda: "weights", storage.write)
    counter = types.SimpleNamespace(iterations=tf.Variable(0))
    nonfinite = types.SimpleNamespace(in_a_row=tf.Variable(0))
    saving._model = types.SimpleNamespace(
        optimizer=counter, nonfinite=nonfinite
    )
    saving.on_train_begin()
    return saving


def train(saving, steps):
    for step in range(steps):
        saving.on_train_batch_end(step)


def test_every_interval_and_the_end_are_saved():
    storage = Storage()
    saving = callback(storage, last_step=5)
    train(saving, 5)
    saving.on_train_end()
    assert storage.written == [(s, "weights") for s in (2, 4, 5)]


def test_a_failure_is_reported_and_the_next_interval_tries_again(caplog):
    storage = Storage(fails=[FULL])
    saving = callback(storage)
    with caplog.at_level(logging.ERROR, "simclrv2_tf"):
        train(saving, 6)
        saving.on_train_end()
    assert [step for step, _ in storage.written] == [4, 6]
    assert "NO CHECKPOINT of step 2: the disk is full." in caplog.text


def test_the_end_is_tried_twice(monkeypatch):
    monkeypatch.setattr(save_checkpoint.time, "sleep", lambda seconds: None)
    storage = Storage(fails=[None, None, FULL])
    saving = callback(storage)
    train(saving, 6)
    saving.on_train_end()
    assert [step for step, _ in storage.written] == [2, 4, 6]


def test_an_end_that_cannot_be_written_is_an_error(monkeypatch):
    monkeypatch.setattr(save_checkpoint.time, "sleep", lambda seconds: None)
    storage = Storage(fails=[None, None, FULL, FULL])
    saving = callback(storage)
    train(saving, 6)
    with pytest.raises(ValueError, match="step 6 could not be written"):
        saving.on_train_end()


def test_slow_storage_costs_a_checkpoint_and_not_the_run(monkeypatch, caplog):
    monkeypatch.setattr(save_checkpoint, "PATIENCE_SECONDS", 0.01)
    storage = Storage()
    storage.gate.clear()
    saving = callback(storage)
    train(saving, 4)
    assert "step 4: the checkpoint before is still being written" in caplog.text
    storage.gate.set()
    # On a busy machine the first may still be on its way.
    monkeypatch.setattr(save_checkpoint, "PATIENCE_SECONDS", 60)
    train(saving, 2)
    saving.on_train_end()
    assert [step for step, _ in storage.written] == [2, 6]


def test_bad_steps_are_not_saved():
    storage = Storage()
    saving = callback(storage)
    train(saving, 1)
    saving.model.nonfinite.in_a_row.assign(1)
    train(saving, 1)
    saving.model.nonfinite.in_a_row.assign(0)
    train(saving, 4)
    saving.on_train_end()
    assert [step for step, _ in storage.written] == [4, 6]


@pytest.mark.parametrize("fails", [False, True])
def test_a_stop_saves_where_it_is(fails):
    storage = Storage(fails=[None, FULL if fails else None])
    saving = callback(storage)
    train(saving, 3)
    assert saving.save_now(3) is not fails
    assert [s for s, _ in storage.written] == ([2] if fails else [2, 3])


def test_a_stop_at_an_interval_does_not_save_twice():
    storage = Storage()
    saving = callback(storage)
    train(saving, 2)
    assert saving.save_now(2)
    assert [step for step, _ in storage.written] == [2]


def test_a_stop_does_not_wait_for_storage_that_hangs(monkeypatch):
    monkeypatch.setattr(save_checkpoint, "STOP_SECONDS", 0.05)
    storage = Storage()
    storage.gate.clear()
    saving = callback(storage)
    train(saving, 2)
    assert not saving.save_now(3)
    storage.gate.set()


def test_a_directory_that_was_taken_over_ends_training(caplog):
    """It is no disk that is full: nothing is tried again."""
    storage = Storage(fails=[LOST])
    saving = callback(storage)
    with pytest.raises(TakenOver, match=r"^`model_dir` was taken over\.$"):
        train(saving, 4)
    assert storage.written == []
    assert "NO CHECKPOINT" not in caplog.text


@pytest.mark.parametrize(
    "fails", [[None, None, LOST], [None, None, FULL, LOST]]
)
def test_an_end_that_was_taken_over_says_so(monkeypatch, fails):
    monkeypatch.setattr(save_checkpoint.time, "sleep", lambda seconds: None)
    storage = Storage(fails=fails)
    saving = callback(storage)
    train(saving, 6)
    with pytest.raises(TakenOver, match=r"^`model_dir` was taken over\.$"):
        saving.on_train_end()
    assert [step for step, _ in storage.written] == [2, 4]


@pytest.mark.parametrize("fails", [[LOST], [None, LOST]])
def test_a_stop_of_a_run_that_was_taken_over_says_so(fails):
    """The queue is not told to start it again."""
    saving = callback(Storage(fails=fails))
    train(saving, 3)
    with pytest.raises(TakenOver, match="was taken over"):
        saving.save_now(3)


def slow(saving, storage, monkeypatch, seconds=0.2):
    """Storage that takes longer than the next checkpoint would wait."""
    monkeypatch.setattr(save_checkpoint, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(save_checkpoint, "STOP_SECONDS", 0.01)
    storage.gate.clear()
    threading.Timer(seconds, storage.gate.set).start()
    return saving


def test_the_last_checkpoint_is_not_left_out(monkeypatch, caplog):
    """One step after an interval whose checkpoint is on its way."""
    storage = Storage()
    saving = slow(callback(storage, last_step=3), storage, monkeypatch)
    train(saving, 3)
    saving.on_train_end()
    assert [step for step, _ in storage.written] == [2, 3]
    assert "left out" not in caplog.text


def test_an_end_by_a_callback_waits_for_its_checkpoint(monkeypatch):
    storage = Storage()
    saving = slow(callback(storage), storage, monkeypatch)
    train(saving, 3)
    assert saving.save_end(3)
    assert [step for step, _ in storage.written] == [2, 3]
