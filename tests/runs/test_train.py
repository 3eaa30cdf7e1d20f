"""Whole runs that are stopped, diverge, lose their disk or their data."""

import collections
import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
import small_backbone
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import session
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import status
from simclrv2_tf.runs.callbacks.every_step import EveryStep
from simclrv2_tf.runs.callbacks.report import Report
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.interruption import Preempted
from simclrv2_tf.runs.train import train
from simclrv2_tf.stages import stage

TINY = {
    "dataset": "digits",
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 32,
    "warmup_epochs": 0,
    "use_blur": False,
    "color_jitter_strength": 0.0,  # it is compiled again in each run
    "train_steps": 6,
    "checkpoint_steps": 100,
    "train_summary_steps": 4,
    "learning_rate": 0.1,
}


def config(directory, **options):
    return Config(**{**TINY, **options, "model_dir": str(directory)})


def events(directory, kind):
    return [e for e in journal.read(directory) if e["event"] == kind]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "whole"
    return directory, train(config(directory))


def test_a_run_explains_itself(whole):
    directory, trained = whole
    environment = json.loads((directory / "environment.json").read_text())
    assert set(environment) == {
        "versions",
        "revision",
        "hardware",
        "process",
        "seed",
        "data",
    }
    assert environment["versions"]["tensorflow"] == tf.__version__
    assert environment["data"]["examples"] == 1437
    steps = [event["step"] for event in events(directory, "train")]
    assert steps == [4, 6]
    last = events(directory, "train")[-1]
    assert last["metrics"] == trained.metrics
    assert {"memory_gib", "images_per_second", "data_wait_share"} <= set(last)
    numbers = events(directory, "health")[-1]["numbers"]
    assert {"alignment", "uniformity", "effective_rank"} <= set(numbers)
    assert numbers["gradient_norm"] > 0
    text = status.describe(str(directory))
    assert "step 6 of 6 (100%)" in text
    assert "trained to its end" in text


def test_the_input_of_a_run_is_kept(whole):
    """That of the last run in this process: not a batch of it alone."""
    (kept,) = stage._INPUT
    assert isinstance(kept, tf.data.Iterator)


@pytest.mark.slow
def test_the_strategy_is_made_once(whole, tmp_path, monkeypatch):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    make, made = distribution.make_strategy, []
    monkeypatch.setattr(
        distribution,
        "make_strategy",
        lambda *given: made.append(given) or make(*given),
    )
    session.run(config(directory, mode="train", export_formats=""))
    assert len(made) == 1


def test_tensorboard_finds_scalars_pictures_and_features(whole):
    directory, _ = whole
    tags = set()
    for path in directory.glob("events.out*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert {"train/contrast_loss", "health/alignment", "views"} <= tags
    text = (directory / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "projector/features.tsv"' in text
    rows = (directory / "projector" / "features.tsv").read_text().splitlines()
    names = (directory / "projector" / "labels.tsv").read_text().splitlines()
    assert len(rows) == len(names) == 512
    assert {len(row.split("\t")) for row in rows} == {8}
    assert set(names) == set(map(str, range(10)))
    picture = tf.io.read_file(str(directory / "projector" / "pictures.png"))
    assert tf.io.decode_png(picture).shape == (16 * 32, 32 * 32, 3)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_asked_to_stop_goes_on_as_if_nothing_was(
    whole, tmp_path, monkeypatch, number
):
    directory = tmp_path / "parted"
    act = EveryStep.on_train_batch_end

    def act_and_signal(self, batch, logs=None):
        act(self, batch, logs)
        if self.step == 3 and isinstance(self, Report):
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(Report, "on_train_batch_end", act_and_signal)
        with pytest.raises(Preempted) as stopped:
            train(config(directory, preemption_exit_code=17))
    assert stopped.value.code == 17
    assert run_directory.steps(str(directory)) == [3]
    assert "asked to stop at step 3" in status.describe(str(directory))
    train(config(directory))
    sums = "ckpt-6.sha256"  # covers weights, slots, statistics and means
    assert (directory / sums).read_text() == (whole[0] / sums).read_text()
    reported = [e["metrics"] for e in events(directory, "train")]
    assert reported == [e["metrics"] for e in events(whole[0], "train")]


def points(directory):
    """How often each (tag, step) is in the event files of a run."""
    return collections.Counter(
        (value.tag, event.step)
        for path in directory.glob("events.out*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    )


class FailAt(keras.callbacks.Callback):
    """Ends training as an error would, once the checkpoint of 4 is there."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == self.step:
            raise RuntimeError("power cut")


@pytest.mark.slow
def test_a_run_that_goes_on_shows_each_point_once(tmp_path):
    every = config(tmp_path, checkpoint_steps=2, train_summary_steps=1)
    for step in (1, 5, 5):
        with pytest.raises(RuntimeError, match="power cut"):
            train(every, callbacks=[FailAt(step)])
    train(every)
    counts = points(tmp_path)
    assert set(counts.values()) == {1}
    losses = [step for tag, step in counts if tag == "train/contrast_loss"]
    assert sorted(losses) == [1, 2, 3, 4, 5, 6]
    views = [step for tag, step in counts if tag == "views"]
    assert sorted(views) == [0, 4]


def test_a_finished_run_tells_its_metrics_again(whole):
    directory, trained = whole
    assert train(config(directory)).metrics == trained.metrics


@pytest.mark.slow
def test_divergence_is_explained(tmp_path):
    diverging = config(
        tmp_path,
        optimizer="momentum",
        learning_rate=1e30,
        train_steps=40,
        checkpoint_steps=1,
        max_bad_steps=3,
        rollback=True,
        train_summary_steps=1,
    )
    with pytest.raises(Diverged) as error:
        train(diverging)
    words = str(error.value)
    for expected in (
        "in 3 steps in a row",
        "Learning rate 1.",
        "largest gradient norm",
        "example ",
        "is untouched",
        "--learning_rate",
    ):
        assert expected in words, words
    rolled = events(tmp_path, "rollback")
    assert len(rolled) == 3
    first = rolled[0]["step"]
    assert [event["step"] for event in rolled] == [first] * 3
    assert [event["skipped_batches"] for event in rolled] == [3, 6, 9]
    assert run_directory.steps(str(tmp_path))[-1] == first
    assert set(points(tmp_path).values()) == {1}
    noted = events(tmp_path, "diverged")[-1]
    assert noted["bad"] == 3
    assert len(noted["examples"]) == 32


@pytest.mark.slow
def test_a_directory_that_vanishes_is_made_again(tmp_path, monkeypatch, caplog):
    directory = tmp_path / "run"
    act = Report.act_now

    def act_and_remove(self, step, logs):
        act(self, step, logs)
        if step == 4:
            # At once, while a checkpoint may be on its way there.
            directory.rename(tmp_path / "away")

    monkeypatch.setattr(Report, "act_now", act_and_remove)
    train(config(directory, checkpoint_steps=3))
    assert run_directory.steps(str(directory))[-1] == 6
    assert (directory / "flags.json").exists()
    assert "THE DIRECTORY OF THE RUN IS GONE" in caplog.text


def test_other_data_are_noticed(whole, tmp_path, caplog):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    train(config(directory))
    assert "DATA HAVE CHANGED" not in caplog.text
    file = directory / "environment.json"
    before = file.read_bytes()
    train(config(directory), sources.open_digits("test"))
    assert "DATA HAVE CHANGED" in caplog.text
    assert file.read_bytes() == before  # nothing was trained on them


def test_what_a_run_was_trained_on_before_stays_known(
    whole, tmp_path, announced
):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    file = directory / "environment.json"
    first = json.loads(file.read_text())["data"]
    for split, examples in (("test", 360), ("test", 360), ("train", 1437)):
        with announced():
            source = sources.open_digits(split)
            train(config(directory, train_steps=7), source)
        values = json.loads(file.read_text())
        assert values["data"]["examples"] == examples
        others = [data["examples"] for data in values["earlier_data"]]
        assert others == [1437 + 360 - examples]
    assert values["data"] == first


def test_other_flags_are_noticed(whole, tmp_path, caplog, announced):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    before = (directory / "flags.json").read_bytes()
    train(config(directory, train_steps=3, seed=5))
    assert (directory / "flags.json").read_bytes() == before  # all is done
    assert "FLAGS HAVE CHANGED" not in caplog.text
    assert "NOTHING IS TRAINED: the run in" in caplog.text
    assert "to step 6 with seed=0. Received: seed=5; give" in caplog.text
    with announced():
        train(config(directory, train_steps=7, seed=5))
    assert "FLAGS HAVE CHANGED since step 6: seed=5 (was 0)" in caplog.text
    steps = "7 steps in all (were 6), so that the learning rate goes from 0 to"
    assert steps in caplog.text


def test_other_words_for_as_many_steps_are_none(
    whole, tmp_path, caplog, announced
):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    file = directory / "flags.json"
    flags = {**json.loads(file.read_text()), "train_steps": 0}
    file.write_text(json.dumps({**flags, "train_epochs": 1}))  # 45 steps
    with announced():
        train(config(directory, train_steps=45))
    assert "FLAGS HAVE CHANGED" not in caplog.text


def forget_its_end(directory):
    """Leaves out of a journal that a run was trained to its end."""
    path = directory / journal.NAME
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["event"] != "trained"]
    path.write_text("".join(kept))


def test_a_longer_plan_that_took_no_step_leaves_a_run_trained(whole, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    file = directory / "flags.json"
    flags = {**json.loads(file.read_text()), "planned_steps": 1_009}
    file.write_text(json.dumps(flags))  # it was killed before its first
    train(config(directory, train_steps=6))
    assert journal.read(directory)[-1]["event"] == "trained"


def test_a_run_that_a_shorter_plan_cuts_off_is_not_trained(
    whole, tmp_path, caplog
):
    directory = tmp_path / "run"
    shutil.copytree(whole[0], directory)
    file = directory / "flags.json"
    flags = {**json.loads(file.read_text()), "planned_steps": 1_009}
    file.write_text(json.dumps(flags))  # it was stopped at step 6 of these
    forget_its_end(directory)
    train(config(directory, train_steps=3))
    words = "plan had 1,009 steps, was stopped at step 6, and has 3 now"
    assert words in caplog.text
    stop = journal.read(directory)[-1]
    assert stop["event"] == "stop"
    assert stop["kind"] == "plan" and "the one of 1,009 is" in stop["reason"]
    assert "stopped at step 6" in status.describe(str(directory))


def test_one_directory_is_for_one_process(whole):
    from simclrv2_tf.files.lock import Lock

    directory, _ = whole
    with Lock(str(directory)):
        with pytest.raises(ValueError, match="in use by process"):
            train(config(directory))


def test_the_limit_of_time_is_hours_and_minutes():
    from simclrv2_tf.config import time_limit_seconds

    assert time_limit_seconds(Config(time_limit="01:30")) == 5400
    assert time_limit_seconds(Config(time_limit="100:00")) == 360000
    assert time_limit_seconds(Config()) == 0
    for wrong in ("90", "1:60", "00:00", "1:30:00", "-1:00", "a:b", "٣:30"):
        with pytest.raises(ValueError, match="HH:MM"):
            Config(time_limit=wrong)


def test_fingerprints_tell_data_apart():
    from simclrv2_tf.runs import environment

    source = sources.open_digits("test")
    known = {environment.fingerprint(source)}
    known.add(environment.fingerprint(source.subset(np.arange(300))))
    known.add(environment.fingerprint(source.with_labels([1, 2])))
    known.add(environment.fingerprint(sources.open_digits("train")))
    assert len(known) == 4
    again = environment.fingerprint(sources.open_digits("test"))
    assert again in known


def test_fingerprints_look_into_ranges_and_large_arrays(monkeypatch):
    from simclrv2_tf.data.source import Source
    from simclrv2_tf.data.storage import ByteRanges
    from simclrv2_tf.data.storage import InMemory
    from simclrv2_tf.runs import environment

    labels = np.zeros(3, np.int32)
    rows = [(0, 0, 1), (1, 0, 1), (1, 1, 1)]
    one, same, other = (
        environment.fingerprint(
            Source("x", labels, ByteRanges.of_rows(list(names), rows))
        )
        for names in ("ab", "ab", "ac")
    )
    assert one == same != other
    monkeypatch.setattr(environment, "_WHOLE_BYTES", 1)
    monkeypatch.setattr(environment, "_SAMPLED", 2)
    images = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1)
    source = Source("x", np.zeros(10, np.int32), InMemory(images))
    known = environment.fingerprint(source)
    images[5] += 1
    assert environment.fingerprint(source) != known


def test_what_killed_processes_left_is_cleaned(tmp_path):
    from simclrv2_tf.runs import model_dir

    (tmp_path / "projector").mkdir()
    dead, alive = 2**22 + 1, os.getpid()  # numbers end at 2**22
    kept = [f"result.json.{alive}.tmp", "notes.tmp", "ckpt-1.index", "1.tmp"]
    gone = [f"result.json.{dead}.tmp", f".probe.{dead}", f"a.cfg.{dead}.tmp"]
    for name in [*kept, *gone, f"projector/labels.tsv.{dead}.tmp"]:
        (tmp_path / name).write_text("x")
    model_dir.clean(str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [*kept, "projector"]
    )
    assert not list((tmp_path / "projector").iterdir())
