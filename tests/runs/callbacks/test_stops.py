"""Why training ends early: another process has the run's directory."""

import json
import time
import types

import keras
import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.files import lock as locks
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import TakenOver
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import train as training
from simclrv2_tf.runs.callbacks.stops import StopWhenTakenOver

OPTIONS = {
    "dataset": "digits",
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 32,
    "warmup_epochs": 0,
    "use_blur": False,
    "train_steps": 6,
    "train_summary_steps": 1,
    "logger": "tensorboard,csv",
}
BEAT = 0.05
OTHER = {"host": "elsewhere", "pid": 7, "since": "then", "beat": 1}


class Owner(keras.callbacks.Callback):
    """Another host, which takes the directory at a step.

    Attributes:
      found: {path: bytes} of all files then.
    """

    def __init__(self, directory, step, held):
        super().__init__()
        self._directory = directory
        self._step = step
        self._held = held
        self.found = {}

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == self._step:
            (lock,) = self._held
            while not lock.lost:  # a beat may be written over it
                (self._directory / locks.NAME).write_text(json.dumps(OTHER))
                time.sleep(BEAT)
            self.found = files(self._directory)


def files(directory):
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in paths}


@pytest.fixture
def held(monkeypatch):
    """Locks of the runs of a test, which look often."""
    locks_held = []

    def quick(directory):
        locks_held.append(Lock(directory, BEAT))
        return locks_held[-1]

    monkeypatch.setattr(training, "Lock", quick)
    return locks_held


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 6])
def test_a_run_that_was_taken_over_ends_and_writes_nothing_more(
    tmp_path, held, capsys, step
):
    """Neither a line nor a point, nor why it stops; at its end as well."""
    owner = Owner(tmp_path, step, held)
    config = Config(**OPTIONS, model_dir=str(tmp_path), checkpoint_steps=100)
    with pytest.raises(TakenOver, match="taken over by another process"):
        training.train(config, callbacks=[owner])
    assert files(tmp_path) == owner.found
    assert (tmp_path / "metrics.csv").exists()
    assert journal.read(str(tmp_path))[-1]["step"] == step
    assert f"step {step + 1}/6" not in capsys.readouterr().out


@pytest.mark.parametrize("call", ["on_train_begin", "on_train_end"])
def test_the_lock_is_looked_at_before_and_after_the_steps(tmp_path, call):
    lock = Lock(str(tmp_path))
    stop = StopWhenTakenOver(lock)
    counter = types.SimpleNamespace(iterations=keras.Variable(0, dtype="int64"))
    stop._model = types.SimpleNamespace(optimizer=counter)
    getattr(stop, call)()
    lock.lost = True
    with pytest.raises(TakenOver, match="this one stops and writes nothing"):
        getattr(stop, call)()
