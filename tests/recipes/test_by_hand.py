"""Flagfiles of a plan: run by hand, a stage is what it is in a job."""

import dataclasses
import os
import pathlib

import numpy as np
import pytest

from simclrv2_tf import flags
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes import by_hand
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import recommendation
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import self_distillation
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.runs import inputs
from tests.recipes.test_rules import SIGNS

LABELS = np.array([0, 1, 2] * 40, np.int32)


@pytest.fixture
def npz(tmp_path):
    """A data set of one split, some images of which are left out."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (len(LABELS), 8, 8, 3), np.uint8)
    np.savez(tmp_path / "all.npz", images=images, labels=LABELS)
    return f"npz:{tmp_path / 'all.npz'}"


def source(labels=LABELS, name="these", **options):
    pixels = np.zeros((len(labels), 8, 8, 3), np.uint8)
    return Source(name, labels, InMemory(pixels), ("a", "b", "c"), **options)


def recipe_of(config, stages=STAGES):
    recipe = recommend(SIGNS)
    recipe.give(stage_configs.given(config))
    recipe.seconds = dict.fromkeys(stages, 60.0)
    return recipe


def written(config, recipe, *sources):
    """{stage: text} of the flagfiles in the config's directory."""
    data = open_data(config, *sources)
    stages = by_hand.stages(config, recipe, data, *sources)
    paths = recipe_text.write_flagfiles(recipe, config.model_dir, stages)
    texts = [pathlib.Path(path).read_text() for path in paths]
    return dict(zip(stages, texts, strict=True))


def asked(tmp_path, **options):
    place = str(tmp_path / "plan")
    return Config(mode="recommend", model_dir=place, **options)


def of_the_job(config, recipe, data, stage):
    place = os.path.join(config.model_dir, by_hand.FOLDER)
    job = dataclasses.replace(config, model_dir=place)
    return stage_configs.config_of(job, recipe, stage, data.options, True)


def read(config, stage):
    path = os.path.join(config.model_dir, "recipe", f"{stage}.cfg")
    return flags.parse(["simclrv2", f"--flagfile={path}"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_flagfile_asks_for_what_the_job_does(tmp_path, npz, stage):
    config = asked(tmp_path, dataset=npz, labels_per_class=5, seed=3)
    recipe = recipe_of(config)
    written(config, recipe)
    data, parsed = open_data(config), read(config, stage)
    assert parsed == of_the_job(config, recipe, data, stage)
    assert parsed.holdout_fraction == 0.2
    train, evaluation = inputs.open_source(parsed), data.evaluation
    assert train.fingerprint() == data.train.fingerprint()
    found = inputs.open_evaluation(parsed)
    assert found.fingerprint() == evaluation.fingerprint()
    labelled = inputs.labelled_examples(parsed, train)
    np.testing.assert_array_equal(labelled, data.labelled)


def test_each_stage_starts_from_the_one_before(tmp_path, npz):
    config = asked(tmp_path, dataset=npz)
    written(config, recipe_of(config))
    runs = [read(config, stage) for stage in STAGES]
    assert runs[1].checkpoint == runs[0].model_dir
    assert runs[2].teacher == runs[1].model_dir
    assert [run.mode for run in runs] == ["train", *["train_then_eval"] * 3]
    folder = os.path.join(config.model_dir, by_hand.FOLDER)
    assert all(os.path.dirname(run.model_dir) == folder for run in runs)


def test_self_distillation_needs_nothing_beside(tmp_path, npz):
    config = asked(tmp_path, dataset=npz, checkpoint_ignore="head")
    recipe = self_distillation.chosen(recipe_of(config))
    text = written(config, recipe)["distill"]
    run = read(config, "distill")
    assert run.checkpoint == run.teacher
    assert "checkpoint_ignore" not in text
    assert "to be given" not in text


def test_a_split_without_labels_is_not_what_is_evaluated(tmp_path):
    config = asked(tmp_path, eval_split="test")
    unlabelled = source(np.full(9, -1, np.int32))
    texts = written(config, recipe_of(config), source(), unlabelled)
    assert "--eval_split=holdout\n" in texts["distill"]
    assert "\n--eval_split=test" not in texts["distill"]


def test_images_of_python_have_no_name(tmp_path):
    config = asked(tmp_path)
    texts = written(config, recipe_of(config), source())
    for text in texts.values():
        assert "--dataset=" not in text
        assert "# the images were given in Python and have no name: " in text
        assert "\n--holdout_fraction=0.2\n" in text


def test_what_python_gives_to_evaluate_on_no_flag_names(tmp_path, npz):
    config = asked(tmp_path, dataset=npz)
    recipe = recipe_of(config)
    others = dataclasses.replace(source(name="others"), class_names=None)
    texts = written(config, recipe, None, others)
    said = "measures accuracy on others, which was given in Python: no flag"
    assert said in texts["scratch"] and said not in texts["pretrain"]
    for stage in STAGES:
        run = read(config, stage)
        assert run.mode == "train" and run.dataset == npz
        assert "eval_split" not in run.given


@pytest.mark.parametrize(
    "options",
    [
        {"calibrate": True},
        {"patience": 3},
        {"export_best": "balanced_accuracy"},
    ],
)
def test_what_needs_such_an_evaluation_is_left_out(tmp_path, npz, options):
    (name,) = options
    options = {**options, "train_mode": "semi_supervised"}
    config = asked(tmp_path, dataset=npz, **options)
    others = dataclasses.replace(source(name="others"), class_names=None)
    texts = written(config, recipe_of(config), None, others)
    for stage in ("finetune", "distill", "scratch"):
        assert f"--{name} needs an evaluation, and so it" in texts[stage]
        assert name not in read(config, stage).given


def test_images_are_turned_in_every_stage(tmp_path):
    config = asked(tmp_path)
    turned = source(apply_orientation=True)
    for text in written(config, recipe_of(config), turned).values():
        assert text.count("--apply_orientation=True\n") == 1


def test_images_are_reduced_in_every_stage(tmp_path):
    """As weights or a source in Python say, and not the recipe."""
    config = asked(tmp_path)
    reduced = source(resize_shorter_side=20)
    for text in written(config, recipe_of(config), reduced).values():
        assert text.count("--resize_shorter_side=20\n") == 1


def test_what_no_flag_does_is_said(tmp_path, npz):
    config = asked(tmp_path, dataset=npz, export_dir="served")
    recipe = recipe_of(config)
    plain = written(config, recipe)
    assert "other augmentations" not in plain["pretrain"]
    assert "again at half the learning rate" in plain["pretrain"]
    assert "# pretrain.cfg comes first: this" in plain["finetune"]
    assert "# finetune.cfg comes first: it tr" in plain["distill"]
    assert "half to twice as many steps" in plain["distill"]
    assert "copies the model that it exports" in plain["distill"]
    assert "a job exports this network, and not" in plain["scratch"]
    recipe.pilot_runs, recipe.trials = 4, True
    recipe.given["distill"]["train_steps"] = 9
    texts = written(config, recipe)
    assert "tries other augmentations, in 4 short runs" in texts["pretrain"]
    assert "tries other ways to fine-tune" in texts["finetune"]
    assert "half to twice" not in texts["distill"]


def test_a_plan_without_labels_says_that_a_job_embeds(tmp_path):
    config = asked(tmp_path)
    unlabelled = source(np.full(90, -1, np.int32))
    recipe = recipe_of(config, ("pretrain",))
    texts = written(config, recipe, unlabelled)
    assert list(texts) == ["pretrain"]
    assert "# a job then embeds all images: --mode=embed " in texts["pretrain"]
    assert "eval" not in texts["pretrain"].split("# as a job runs")[1]


def test_weights_that_are_given_are_fine_tuned(tmp_path, npz):
    config = asked(tmp_path, dataset=npz, checkpoint="weights")
    recipe = recipe_of(config, STAGES[1:])
    recipe.left_out = ["pretrain"]
    text = written(config, recipe)["finetune"]
    assert read(config, "finetune").checkpoint == "weights"
    assert "pretrain.cfg" not in text


def test_what_is_given_as_unset_is_left_out(tmp_path, npz):
    config = asked(tmp_path, dataset=npz, label_map=None)
    recipe = recipe_of(config)
    assert recipe.given["finetune"] == {"label_map": None}
    assert "label_map" not in written(config, recipe)["finetune"]
    assert "label_map" not in recipe_text.flagfile(recipe, "finetune")


def test_a_flagfile_of_a_job_names_that_of_its_run(tmp_path, npz):
    config = asked(tmp_path, dataset=npz)
    text = recipe_text.flagfile(recipe_of(config), "scratch")
    assert "flagfile, ../scratch/flags.cfg, has its data and" in text


@pytest.mark.parametrize(
    ("directory", "stages", "said"),
    [
        (None, STAGES, "no flagfiles were written: --model_dir=DIR writes th"),
        ("plan", (), "no flagfiles were written: no stage is trained"),
    ],
)
def test_a_plan_says_that_it_wrote_nothing(
    tmp_path, monkeypatch, capsys, directory, stages, said
):
    recipe = Recipe(seconds=dict.fromkeys(stages, 60.0))
    monkeypatch.setattr(make_recipe, "make_recipe", lambda *_: recipe)
    place = directory and str(tmp_path / directory)
    config = Config(mode="recommend", dataset="digits", model_dir=place)
    told = recommendation.recommend_for(config)
    assert told["flagfiles"] == []
    assert capsys.readouterr().out.splitlines()[-1].startswith(said)
