"""All time that a job took: killed runs, failed starts, the plan."""

import datetime
import json
import pathlib

import numpy as np
import pytest

from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices.learning_monitor import NotLearning
from simclrv2_tf.recipes.choices.pretraining_retries import pretrain
from simclrv2_tf.recipes.job_directory import record


def write_journal(directory, *lives):
    """The journal of a run of several lives, each of so many seconds."""
    path = pathlib.Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    lines = []
    for day, seconds in enumerate(lives, 1):
        begin = datetime.datetime(2026, 1, day, tzinfo=datetime.timezone.utc)
        for event, second in (("start", 0), ("train", seconds)):
            time = begin + datetime.timedelta(seconds=second)
            lines.append({"event": event, "time": time.isoformat()})
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (path / "events.jsonl").write_text(text)


def test_a_plan_has_its_making():
    begun = {"seconds": 22.0, "recipe": {"seconds": {"pretrain": 60, "x": 1}}}
    assert job_seconds.planned(begun) == 83
    del begun["seconds"]
    assert job_seconds.planned(begun) == 61


def test_a_run_under_way_counts_as_far_as_it_came(tmp_path):
    kept = record.Record(str(tmp_path))
    assert job_seconds.spent_before(kept, "pilots") == 0
    kept.finish("pilots/usual", {"seconds": 100.0})
    kept.finish("trials/other", {"seconds": 7.0})
    write_journal(tmp_path / "pilots" / "usual", 50)  # is done: told already
    write_journal(tmp_path / "pilots" / "half", 20, 5)
    assert job_seconds.spent_before(kept, "pilots") == 125
    assert job_seconds.spent_before(kept, "trials") == 7


def test_pilots_that_were_killed_are_in_their_seconds(job, monkeypatch):
    def killed(config, *_):
        write_journal(config.model_dir, 50_000)
        raise KeyboardInterrupt

    monkeypatch.setattr(pilots, "right", lambda *_: np.ones(30))
    monkeypatch.setattr(pilots, "train_alone", killed)
    with pytest.raises(KeyboardInterrupt):
        pilots.choose_augmentation(job)
    monkeypatch.setattr(pilots, "train_alone", lambda *_: {"diverged": "x"})
    pilots.choose_augmentation(job)
    done = job.record.done
    assert done["pilots/usual"]["seconds"] > 50_000
    assert 50_000 < done["pilots"]["seconds"] < 100_000  # it counts once


def test_starts_that_failed_are_told(job):
    def run(config, *_):
        if not job.calls:
            job.calls.append(config)
            write_journal(config.model_dir, 30)
            raise NotLearning("it does not")
        return {}

    job.run = run
    pretrain(job)
    (attempt,) = job.record.done["attempts"]
    assert attempt == {"rate": 2.0, "why": "it does not", "seconds": 30.0}
    assert job_seconds.of_attempts(job.record) == 30
    assert job.record.done["pretrained"]["seconds"] < 30


def test_starts_of_earlier_versions_are_read_from_their_journals(tmp_path):
    kept = record.Record(str(tmp_path))
    assert job_seconds.of_attempts(kept) == 0
    attempts = [{"rate": 2.0, "why": "x"}, {"rate": 1.0, "why": "x"}]
    kept.finish("attempts", attempts)
    write_journal(tmp_path / "pretrained-attempt-1", 12)
    assert job_seconds.of_attempts(kept) == 12  # the other was taken away
