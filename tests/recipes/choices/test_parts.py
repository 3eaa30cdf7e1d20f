"""Pilots and pretraining as parts of a job, with runs that are stand-ins."""

import dataclasses
import pathlib

import numpy as np
import pytest
import small_classifier

from simclrv2_tf.recipes import job as jobs
from simclrv2_tf.recipes.choices import feature_probe
from simclrv2_tf.recipes.choices import label_parts
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.choices.learning_monitor import LearningMonitor
from simclrv2_tf.recipes.choices.learning_monitor import NotLearning
from simclrv2_tf.recipes.choices.pretraining_retries import NothingLearnt
from simclrv2_tf.recipes.choices.pretraining_retries import pretrain
from simclrv2_tf.recipes.choices.short_run import DIVERGED
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.rules import probe_effort
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.journal import Journal


@pytest.mark.slow
def test_pilots_choose_the_augmentation_once(job, monkeypatch):
    monkeypatch.setattr(pilots, "train_alone", job.run)
    pilots.choose_augmentation(job)
    assert tried(job) == [
        (0.5, 0.2, 0.3),
        (0.25, 0.0, 0.3),
        (0.5, 0.2, 0.08),
        (0.05, 0.0, 0.3),
    ]
    assert all(config.train_steps == 4 for config in job.calls)
    # All the same network: nothing is better than the usual.
    assert job.recipe.options("pretrain")["color_jitter_strength"] == 0.5
    assert list(job.record.done["pilots"]["shares"]) == [
        "usual",
        "color_jitter_strength 0.25, grayscale_prob 0",
        "crop_area_min 0.08",
        "color_jitter_strength 0.05, grayscale_prob 0",
        "untrained",
        "raw pixels",
    ]
    pilots.choose_augmentation(job)
    assert len(job.calls) == 4
    # None is better than the untrained one: there is nothing to go on from.
    assert pilots.begins_at(job) is None


@pytest.mark.slow
def test_a_pilot_that_diverges_tells_nothing(job, monkeypatch):
    monkeypatch.setattr(pilots, "train_alone", lambda *_: {DIVERGED: "step 3"})
    pilots.choose_augmentation(job)
    assert job.record.done["pilots"]["chosen"] == {}
    shares = job.record.done["pilots"]["shares"]
    assert shares["usual"] == shares["untrained"] < shares["raw pixels"]


def tried(job):
    return [
        (c.color_jitter_strength, c.grayscale_prob, c.crop_area_min)
        for c in job.calls
    ]


def test_what_is_better_stays_for_the_trials_after_it(job, monkeypatch):
    monkeypatch.setattr(pilots, "train_alone", job.run)
    reached = iter([0.5, 0.9, 0.95, 0.2])
    monkeypatch.setattr(pilots, "_pilot", judged_by(job, lambda: next(reached)))
    monkeypatch.setattr(pilots, "_untrained", lambda job: np.full(30, 0.1))
    pilots.choose_augmentation(job)
    assert tried(job) == [
        (0.5, 0.2, 0.3),
        (0.25, 0.0, 0.3),
        (0.25, 0.0, 0.08),
        (0.05, 0.0, 0.08),
    ]
    pretrain_options = job.recipe.options("pretrain")
    assert pretrain_options["color_jitter_strength"] == 0.25
    assert pretrain_options["grayscale_prob"] == 0.0
    # A student sees the same crops; its colours are not distorted.
    assert job.recipe.options("distill") == {"crop_area_min": 0.08}
    assert pretrain_options["crop_area_min"] == 0.08


def test_pretraining_goes_on_from_the_pilot_that_was_chosen(job, monkeypatch):
    monkeypatch.setattr(pilots, "train_alone", job.run)
    reached = iter([0.5, 0.9, 0.2, 0.2])
    monkeypatch.setattr(pilots, "_pilot", judged_by(job, lambda: next(reached)))
    monkeypatch.setattr(pilots, "_untrained", lambda job: np.full(30, 0.1))
    pilots.choose_augmentation(job)
    chosen = job.record.path(
        "pilots/color_jitter_strength_0.25-grayscale_prob_0"
    )
    assert pilots.begins_at(job) is None  # not there
    pathlib.Path(chosen).mkdir(parents=True)
    assert pilots.begins_at(job) == chosen
    pilots.choose_augmentation(job)
    assert "goes on from the run that was chosen" in job.recipe.notes[-1]
    job.calls.clear()
    learns_at(job, 2)
    job.recipe.notes.append("another")
    pretrain(job)  # what does not learn begins anew
    _, said, _ = job.recipe.notes
    assert said.startswith(
        "augmentation color_jitter_strength 0.25, grayscale_prob 0 by pilot"
    )
    assert "goes on" not in said
    assert [config.checkpoint for config in job.calls] == [chosen, None]


def test_pretraining_begins_anew_after_pilots_on_smaller_images(
    job, monkeypatch
):
    job.recipe.choose("pretrain", "image_size", 32, "why", "source")
    job.recipe.choose("pilot", "image_size", 16, "why", "source")
    reached, seen = iter([0.5, 0.9, 0.2]), []
    monkeypatch.setattr(pilots, "train_alone", job.run)
    monkeypatch.setattr(pilots, "right", lambda job, features: next(reached))
    monkeypatch.setattr(pilots, "weighted_accuracy", float)
    monkeypatch.setattr(
        pilots, "surely_better", lambda other, best: other > best
    )
    monkeypatch.setattr(pilots.hub, "load_network", seen.append)
    monkeypatch.setattr(pilots, "_untrained", lambda job: 0.1)
    job.recipe.pilot_runs = 2
    pilots.choose_augmentation(job)
    assert job.recipe.options("pretrain")["color_jitter_strength"] == 0.25
    assert [config.image_size for config in job.calls] == [16, 16]
    assert len(seen) == 2
    assert all(pathlib.Path(each.model_dir).is_dir() for each in job.calls)
    assert pilots.begins_at(job) is None
    assert "goes on" not in job.recipe.notes[-1]


def learns_at(job, start):
    """Has a job's runs learn nothing before so many have been started."""
    trained = job.run

    def run(config, *rest):
        result = trained(config, *rest)
        if len(job.calls) < start:
            raise NotLearning("it does not")
        return result

    job.run = run


def judged_by(job, reached):
    """A pilot run that is not trained, and is right as often as is said."""

    def pilot(job, changed):
        config = job.config_of("pretrain")
        job.calls.append(dataclasses.replace(config, **changed))
        return np.full(30, reached())

    return pilot


def test_jobs_of_earlier_versions_chose_a_strength(job):
    job.record.finish("pilots", {"shares": {"0.05": 0.9}, "chosen": 0.05})
    pilots.choose_augmentation(job)
    assert job.recipe.options("pretrain")["color_jitter_strength"] == 0.05
    assert not job.calls


def test_a_start_that_does_not_learn_begins_again_at_half_the_rate(job):
    learns_at(job, 3)
    pretrain(job)
    assert [c.learning_rate for c in job.calls] == [2.0, 1.0, 0.5]
    rates = [attempt["rate"] for attempt in job.record.done["attempts"]]
    assert rates == [2.0, 1.0]
    names = sorted(p.name for p in pathlib.Path(job.config.model_dir).iterdir())
    for name in ("pretrained", "pretrained-attempt-1", "pretrained-attempt-2"):
        assert name in names
    pretrain(job)  # done
    assert len(job.calls) == 3


def test_after_three_halvings_it_says_so(job):
    def run(config, *_):
        job.calls.append(config)
        raise NotLearning("it does not")

    job.run = run
    for _ in range(2):  # the same call again does not try again
        with pytest.raises(NothingLearnt, match="after 3 halvings; look at"):
            pretrain(job)
        assert [c.learning_rate for c in job.calls] == [2.0, 1.0, 0.5, 0.25]


def test_the_watch_stops_a_run_by_its_journal(tmp_path, job):
    looks = []
    watch = LearningMonitor(
        job.interruption, str(tmp_path), 32, 0, lambda: looks.append(1)
    )
    assert watch.reason is None
    journal = Journal(str(tmp_path))
    journal.note("train", step=100, metrics={"train/contrast_acc": 0.5})
    assert watch.reason is None and len(looks) == 1
    journal.note("train", step=200, metrics={"train/contrast_acc": 0.01})
    assert "by chance" in watch.reason
    assert isinstance(watch.preempted(), NotLearning)


def test_features_are_probed_at_their_marks(job, tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    small_classifier.save_run(small_classifier.classifier(), directory)
    probe = feature_probe.FeatureProbe(job, str(directory), steps=12)
    probe.look()  # step 7 of 12
    probe.look()
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert len(lines) == 1
    assert '"raw pixels"' in lines[0] and '"untrained"' in lines[0]


@pytest.mark.parametrize(
    ("events", "looks"),
    [
        ([], 1),
        ([("probe", 3)], 1),  # the mark at a half is still to come
        ([("probe", 7)], 0),
        ([("probe", 7), ("halved", None)], 1),  # of a start that failed
        ([("probe", 7), ("halved", None), ("probe", 6)], 0),
    ],
)
def test_a_checkpoint_is_probed_once(job, tmp_path, monkeypatch, events, looks):
    """Also in a run that goes on after a stop."""
    for event, step in events:
        Journal(str(tmp_path)).note(event, step=step)
    monkeypatch.setattr(feature_probe.run_directory, "steps", lambda _: [4, 7])
    monkeypatch.setattr(feature_probe.hub, "load_network", lambda _: None)
    monkeypatch.setattr(feature_probe, "probe", lambda *_: 0.5)
    monkeypatch.setattr(
        feature_probe.FeatureProbe, "_cheap", lambda *_: {"raw pixels": 0.1}
    )
    before = len(journal.read(str(tmp_path)))
    feature_probe.FeatureProbe(job, "run", steps=12).look()
    assert len(journal.read(str(tmp_path))) == before + looks


def test_seconds_of_several_lives():
    def event(kind, second):
        return {"event": kind, "time": f"2026-01-01T00:00:{second:02d}+00:00"}

    events = [event("start", 0), event("train", 5), event("start", 30)]
    assert journal.seconds([*events, event("trained", 42)]) == 5 + 12
    assert journal.seconds([]) == 0


def test_a_probe_takes_as_many_of_each_class(job):
    config = dataclasses.replace(job.config, labels_per_class=0)
    job.data = open_data(config)  # 1,437 labelled digits
    features = np.eye(10, dtype=np.float32)
    seen = []

    def represent(source):
        seen.append(np.bincount(source.labels))
        return features[source.labels]

    told = feature_probe.right(job, represent)
    assert told.shape == (1000,) and told.all()
    np.testing.assert_array_equal(seen, [[100] * 10])


def test_flagfiles_have_what_is_chosen_on_the_way(job, monkeypatch):
    def choose(stage, option, value):
        return lambda job: job.recipe.choose(stage, option, value, "w", "s")

    colour = choose("pretrain", "color_jitter_strength", 0.05)
    monkeypatch.setattr(pilots, "choose_augmentation", colour)
    rate = choose("finetune", "learning_rate", 0.25)
    monkeypatch.setattr(teacher_trials, "choose_way", rate)
    monkeypatch.setattr(jobs, "pretrain", lambda job: None)
    monkeypatch.setattr(type(job), "stage", lambda *_: {})
    monkeypatch.setattr(jobs, "conclude", lambda job: {})
    job.recipe.trials = True
    job.recipe.seconds = {"pretrain": 1.0, "finetune": 1.0}
    jobs.to_the_end(job)
    folder = pathlib.Path(job.config.model_dir) / "recipe"
    text = (folder / "pretrain.cfg").read_text()
    assert "--color_jitter_strength=0.05\n" in text
    assert "--learning_rate=0.25\n" in (folder / "finetune.cfg").read_text()


def test_a_probe_leaves_out_what_cannot_be_read(job, monkeypatch):
    monkeypatch.setattr(
        label_parts.baselines,
        "readable",
        lambda source: source.subset(np.arange(1, source.num_examples)),
    )
    features = np.eye(10, dtype=np.float32)
    sizes = []

    def represent(source):
        sizes.append(source.num_examples)
        rows = features[source.labels]
        if len(rows) == 30:
            rows[0] = 0.0  # it cannot be read
        return rows

    told = feature_probe.right(job, represent)
    assert told.shape == (29,) and told.all()  # of three labels a class
    assert sizes == [30, 29]


def test_a_probe_decodes_images_once(job, monkeypatch):
    """Large ones take long; whether each was read its features tell."""
    monkeypatch.setattr(feature_probe, "readable", None)
    features = np.eye(10, dtype=np.float32)
    told = feature_probe.right(job, lambda source: features[source.labels])
    assert told.shape == (30,) and told.all()


def test_what_features_are_compared_with_is_looked_at_once(job, monkeypatch):
    known = {"untrained": 0.2, "raw pixels": 0.9}
    monkeypatch.setattr(
        feature_probe.FeatureProbe, "_cheap", lambda *_: dict(known)
    )
    first = feature_probe.FeatureProbe(job, "run", steps=12)
    assert first._compared(None) == known
    monkeypatch.setattr(feature_probe.FeatureProbe, "_cheap", None)
    job.record = Record(job.record.directory)  # as after a kill
    again = feature_probe.FeatureProbe(job, "run", steps=12)
    assert again._compared(None) == known


def test_a_cross_validation_is_repeated_so_often(job, monkeypatch):
    seeds = []

    def left_out(classify, features, labels, seed):
        seeds.append(seed)
        return np.ones(len(labels), bool)

    monkeypatch.setattr(feature_probe, "left_out", left_out)
    feature_probe.right(job, lambda s: np.ones((s.num_examples, 4)))
    assert seeds == [0, 1, 2, 3, 4]
    seeds.clear()
    monkeypatch.setattr(probe_effort, "MOST_WORK", 1.0)
    feature_probe.right(job, lambda s: np.ones((s.num_examples, 4)))
    assert seeds == [0]
