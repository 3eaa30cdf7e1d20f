"""Trials of fine-tuning: what is tried, how it is judged, what follows."""

import dataclasses
import json
import pathlib
import types

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.optimizers import warmup_steps
from simclrv2_tf.recipes.choices import label_parts
from simclrv2_tf.recipes.choices import short_run
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.choices.short_run import DIVERGED
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.results import job_outcome
from simclrv2_tf.recipes.rules.teacher_ways import ALONE
from simclrv2_tf.recipes.rules.teacher_ways import PROBE
from simclrv2_tf.recipes.rules.teacher_ways import USUAL
from simclrv2_tf.recipes.rules.teacher_ways import WHOLE
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.plan import make_plan
from tests.recipes.rules.test_trial_options import with_labels


@pytest.fixture
def tried(job, monkeypatch):
    """A job in which labels alone tell all right that they are asked."""
    with_labels(job.recipe)
    networks = []

    def load(directory, **_):
        networks.append(directory)
        return directory

    def classes_of(network, source):
        return source.labels * ("labels_alone" in network)

    monkeypatch.setattr(teacher_trials.hub, "load_network", load)
    monkeypatch.setattr(teacher_trials.baselines, "classes_of", classes_of)
    monkeypatch.setattr(
        teacher_trials.baselines,
        "unit_features",
        lambda network, source: np.ones((source.num_examples, 2), np.float32),
    )
    monkeypatch.setattr(teacher_trials, "train_alone", job.run)
    return job


def test_the_better_way_is_followed_and_tried_once(tried):
    teacher_trials.choose_way(tried)
    assert [c.model_dir.rsplit("/", 2)[1:] for c in tried.calls] == [
        ["trials", "labels_alone_0"],
        ["trials", "labels_alone_1"],
    ]
    for config in [*tried.calls, tried.config_of("finetune")]:
        assert config.checkpoint is None
        assert config.learning_rate * config.train_batch_size == 2.0 * 32
        assert config.train_steps == 5
        assert config.fine_tune_after_block == -1
    (note,) = tried.recipe.notes
    assert "labels alone, by trials (usual: 10.0%, labels alone: 100" in note
    assert job_outcome.teacher(tried) == "teacher, from labels alone"
    tried.recipe.from_labels_alone = False
    teacher_trials.choose_way(tried)  # as a job that goes on does
    assert len(tried.calls) == 2
    assert tried.recipe.from_labels_alone


def test_the_usual_way_stays_where_no_other_is_better(tried, monkeypatch):
    monkeypatch.setattr(
        teacher_trials.linear_probe, "classify", lambda *_: np.zeros(10)
    )
    monkeypatch.setattr(
        teacher_trials.baselines,
        "classes_of",
        lambda network, source: np.zeros(source.num_examples),
    )
    before = tried.recipe.options("finetune")
    teacher_trials.choose_way(tried)
    assert tried.recipe.options("finetune") == before
    config = tried.config_of("finetune")
    assert config.checkpoint.endswith("pretrained")
    assert job_outcome.teacher(tried).startswith("pretrained")


def test_more_labels_may_leave_the_features_as_they_are(tried, monkeypatch):
    """With 20 labels of each digit the probe has 91 %, all weights 87 %."""
    with_labels(tried.recipe, learning_rate=0.002, fine_tune_after_block=-1)
    monkeypatch.setattr(
        teacher_trials.linear_probe,
        "classify",
        lambda known, labels, queries: queries[:, 0],
    )
    monkeypatch.setattr(
        teacher_trials.baselines,
        "unit_features",
        lambda network, source: source.labels[:, None],
    )
    monkeypatch.setattr(
        teacher_trials.baselines,
        "classes_of",
        lambda network, source: np.zeros(source.num_examples),
    )
    teacher_trials.choose_way(tried)
    assert tried.record.done["trials"]["chosen"] == PROBE
    names = {c.model_dir.rsplit("/", 1)[1] for c in tried.calls}
    assert not any("probe" in name for name in names)
    config = tried.config_of("finetune")
    assert config.learning_rate == 0.0 and config.train_steps == 1
    assert config.fine_tune_after_block == 4
    assert config.checkpoint.endswith("pretrained")


def test_a_job_that_began_its_trials_without_a_probe_goes_on(tried):
    with_labels(tried.recipe, learning_rate=0.002)
    names = [USUAL, WHOLE, ALONE]  # of an earlier version
    tried.record.finish(teacher_trials.FITTING, {"names": names})
    teacher_trials.choose_way(tried)
    assert list(tried.record.done["trials"]["shares"]) == names


def test_a_trial_reads_labels_that_are_given_to_it(tried, monkeypatch):
    seen = []

    def run(config, source, *_):
        seen.append((config, source))
        return {"parameters": 1}

    monkeypatch.setattr(teacher_trials, "train_alone", run)
    folds = {"best_folds": 2, "export_best": "label_top_1_accuracy"}
    tried.recipe.given = {"finetune": folds}  # of the stage, not of trials
    teacher_trials.choose_way(tried)
    assert len(seen) == 2
    for config, source in seen:
        assert config.mode == "train" and not config.labels_per_class
        assert source.num_examples == 20  # two labels of three a class
        assert config.train_batch_size == 20
        assert (np.bincount(source.labels) == 2).all()


def test_a_way_that_diverges_is_not_chosen(tried, monkeypatch):
    monkeypatch.setattr(
        teacher_trials, "train_alone", lambda *_: {DIVERGED: "step 3"}
    )
    teacher_trials.choose_way(tried)
    assert tried.record.done["trials"]["chosen"] == USUAL
    assert tried.record.done["trials"]["shares"][ALONE] == 0.0


def test_what_diverges_is_a_result_of_a_short_run(monkeypatch):
    def train(*_):
        raise Diverged("not finite", 3)

    monkeypatch.setattr(short_run, "train", train)
    found = short_run.train_alone(Config(), None, None, None)
    assert found == {DIVERGED: "not finite"}


def test_a_way_that_has_no_room_is_not_tried(tried, caplog):
    tried.config = dataclasses.replace(tried.config, memory_budget=1e-6)
    teacher_trials.choose_way(tried)
    assert not tried.calls
    assert list(tried.record.done["trials"]["shares"]) == [USUAL]
    assert "'labels alone' is not tried, as it is expected" in caplog.text


def test_a_kill_between_two_trials_costs_none_of_them(tried, monkeypatch):
    def stops(config, *_):
        if config.model_dir.endswith("1"):
            raise KeyboardInterrupt
        return tried.run(config)

    monkeypatch.setattr(teacher_trials, "train_alone", stops)
    with pytest.raises(KeyboardInterrupt):
        teacher_trials.choose_way(tried)
    tried.record.done["trials/labels_alone_0"]["seconds"] = 1000.0
    monkeypatch.setattr(teacher_trials, "train_alone", tried.run)
    # Whatever memory is free then.
    monkeypatch.setattr(teacher_trials, "fits", lambda *_: False)
    teacher_trials.choose_way(tried)
    folders = [config.model_dir.rsplit("/", 1)[1] for config in tried.calls]
    assert folders == ["labels_alone_0", "labels_alone_1"]
    assert tried.record.done["trials"]["seconds"] > 1000


def test_labels_alone_begin_with_no_weights_of_the_user(tried):
    tried.recipe.given = {"finetune": {"checkpoint": "elsewhere"}}
    teacher_trials.choose_way(tried)
    assert len(tried.calls) == 2
    assert all(config.checkpoint is None for config in tried.calls)


def test_balanced_classes_count_alike(tried):
    labels = np.array([0, 0, 0, 1])
    turns = [(None, types.SimpleNamespace(labels=labels))]
    np.testing.assert_array_equal(teacher_trials._counted(tried, turns), 1)
    tried.recipe.given = {"finetune": {"class_weights": "balanced"}}
    counted = teacher_trials._counted(tried, turns)
    assert (counted * [1, 1, 1, 0]).mean() == pytest.approx(0.5)
    assert (counted * [0, 0, 0, 1]).mean() == pytest.approx(0.5)


def test_unequal_classes_count_alike(tried):
    """A constant answer has 95 % of these labels right."""
    labels = np.repeat([0, 1], [95, 5])
    train = dataclasses.replace(
        tried.data.train.subset(np.arange(100)), labels=labels
    )
    tried.data = dataclasses.replace(
        tried.data, train=train, labelled=np.arange(100)
    )
    turns = [(None, types.SimpleNamespace(labels=labels))]
    counted = teacher_trials._counted(tried, turns)
    assert ((labels == 0) * counted).mean() == pytest.approx(0.5)


def test_a_recipe_remembers_what_was_chosen():
    recipe = Recipe(trials=True, from_labels_alone=True)
    assert Recipe.from_json(dataclasses.asdict(recipe)) == recipe
    earlier = dataclasses.asdict(Recipe())
    del earlier["trials"], earlier["from_labels_alone"]
    assert Recipe.from_json(earlier) == Recipe()


def test_what_cannot_be_read_is_in_no_trial(tried, monkeypatch):
    """A class that is told for it would count as right where it is that."""
    monkeypatch.setattr(
        label_parts.baselines,
        "readable",
        lambda source: source.subset(np.arange(1, source.num_examples)),
    )
    teacher_trials.choose_way(tried)  # a class has two labels: two parts
    told = tried.record.done["trials"]
    assert told["examples"] == 29 and told["shares"][ALONE] == 1.0


def test_classes_are_compared_in_the_order_of_the_run(tried, monkeypatch):
    """A run may number them as the weights that it starts from."""
    tried.recipe.choose("finetune", "learning_rate", 0.002, "why", "source")
    tried.recipe.left_out.append("pretrain")
    tried.config = dataclasses.replace(tried.config, checkpoint="elsewhere")
    order = list("9876543210")

    def run(config, *_):
        result = tried.run(config)
        names = {"class_names": order, "class_names_as_written": True}
        flags = pathlib.Path(config.model_dir) / "flags.json"
        flags.write_text(json.dumps(names))
        return result

    def classes_of(network, source):
        names = np.array(source.class_names)[source.labels]
        return np.array([order.index(name) for name in names])

    monkeypatch.setattr(teacher_trials, "train_alone", run)
    monkeypatch.setattr(teacher_trials.baselines, "classes_of", classes_of)
    teacher_trials.choose_way(tried)
    shares = tried.record.done["trials"]["shares"]
    assert shares.pop(PROBE) < 0.2  # of features that are all alike
    assert shares == {USUAL: 1.0, WHOLE: 1.0}


def test_checkpoints_by_the_epoch_stay_where_a_trial_decides():
    given = {"finetune": {"checkpoint_epochs": 2}}
    recipe = with_labels(Recipe(given=given))
    recipe.choose("trial", "checkpoint_steps", 5, "why", "source")
    teacher_trials._follow(recipe, ALONE, "tried", 50)
    options = recipe.options("finetune")
    assert options["train_steps"] == 5
    assert "checkpoint_steps" not in options


def test_a_warmup_that_is_given_is_shorter_than_what_is_tried(tried):
    """Also in jobs whose plan has not looked at it."""
    tried.recipe.given = {"finetune": {"warmup_epochs": 9.0}}
    teacher_trials.choose_way(tried)
    config = tried.config_of("finetune")
    assert warmup_steps(30, config.train_batch_size, 9.0) == 8
    assert config.train_steps == 9
    for trial in tried.calls:
        assert make_plan(trial, 20).warmup_steps == 8
        assert trial.train_steps == 9
