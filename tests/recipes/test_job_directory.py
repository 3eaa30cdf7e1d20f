"""Directories that a job, or its recipe alone, may not have."""

import dataclasses
import json
import pathlib

import pytest

import simclrv2_tf
from simclrv2_tf import run
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes import job as jobs
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recommendation
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe

FOREIGN = ['{"id": 3}', "[1]", "{}", "no JSON", "null", '{"asked": [1]}']


def asked(directory, **options):
    given = {"dataset": "digits", "labels_per_class": 2, **options}
    return Config(mode="recommend", model_dir=str(directory), **given)


def recipe():
    made = Recipe(seconds={"pretrain": 60.0}, notes=["made anew"])
    made.choose("pretrain", "learning_rate", 2.0, "why", "source")
    return made


@pytest.fixture
def planned(monkeypatch):
    """Configs for which a recipe was made, which takes no time."""
    configs = []

    def make(config, data):
        configs.append(config)
        return recipe()

    monkeypatch.setattr(make_recipe, "make_recipe", make)
    return configs


@pytest.fixture
def begun(tmp_path):
    """The directory of a job that has chosen a rate since it began."""
    config = asked(tmp_path)
    first = recipe()
    record.Record(str(tmp_path)).begin(
        asked=stage_configs.job_flags(config),
        data=open_data(config).about(),
        recipe=first.to_json(),
        seconds=1.0,
    )
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "pretrain.cfg").write_text("--learning_rate=1.0\n")
    return tmp_path


def files_of(directory):
    paths = sorted(p for p in directory.rglob("*") if p.is_file())
    return {str(path): path.read_text() for path in paths}


def arrays(value):
    """Digits of one more pixel value, as a source in memory."""
    source = open_data(asked("unused")).train
    images = source.storage.contents().copy()
    images[5, 0, 0, 0] = value
    return dataclasses.replace(source, storage=InMemory(images))


def test_other_pixels_are_other_images(tmp_path):
    config = asked(tmp_path)
    data = open_data(config, arrays(1))
    record.Record(str(tmp_path)).begin(
        asked=stage_configs.job_flags(config),
        data=data.about(),
        recipe=recipe().to_json(),
    )
    again = open_data(config, arrays(1))
    assert job_directory.begun_with(config, again)
    with pytest.raises(ValueError, match="other images: .*labels or pixels"):
        job_directory.begun_with(config, open_data(config, arrays(2)))


def test_a_job_of_an_earlier_version_told_no_pixels(begun):
    config = asked(begun)
    path = begun / record.JOB
    values = json.loads(path.read_text())
    assert len(values["data"].pop("images")) == 2
    path.write_text(json.dumps(values))
    assert job_directory.begun_with(config, open_data(config))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels_per_class": 3}, "another job.*_class=2.*_class=3"),
        ({"seed": 3}, "another job: it was begun with seed not given"),
    ],
)
def test_another_jobs_settings_are_not_overwritten(
    begun, planned, options, message
):
    before = files_of(begun)
    with pytest.raises(ValueError, match=message):
        recommendation.recommend_for(asked(begun, **options))
    assert files_of(begun) == before and not planned


def test_other_images_are_another_job(begun, planned):
    config = asked(begun)
    source = open_data(config).train
    fewer = source.subset(range(source.num_examples - 10))
    before = files_of(begun)
    with pytest.raises(ValueError, match="holds a job on other images"):
        recommendation.recommend_for(config, fewer)
    assert files_of(begun) == before and not planned


def test_the_recipe_of_the_same_job_is_told(begun, planned, capsys):
    before = files_of(begun)
    told = recommendation.recommend_for(asked(begun))
    assert told["options"] == {"pretrain": {"learning_rate": 2.0}}
    assert told["flagfiles"] == [str(begun / "recipe" / "pretrain.cfg")]
    assert "the job in" in capsys.readouterr().out
    assert files_of(begun) == before and not planned


def test_a_recipe_may_be_made_again(tmp_path, planned):
    for directory in (tmp_path, tmp_path / "new" / "deep"):
        for _ in range(2):
            told = recommendation.recommend_for(asked(directory))
            (path,) = told["flagfiles"]
            assert "--learning_rate=2.0" in pathlib.Path(path).read_text()
    assert len(planned) == 4
    assert "flagfiles" in recommendation.recommend_for(
        Config(mode="recommend", dataset="digits")
    )


def test_a_single_run_gets_no_recipe(tmp_path, planned):
    (tmp_path / "flags.json").write_text("{}")
    with pytest.raises(ValueError, match="holds a single run: give the job"):
        recommendation.recommend_for(asked(tmp_path))
    assert not planned and not (tmp_path / "recipe").exists()


@pytest.mark.parametrize("train_mode", ["pretrain", "semi_supervised"])
def test_a_file_is_no_directory(tmp_path, planned, train_mode):
    mode = "recommend" if train_mode == "pretrain" else "train"
    path = tmp_path / "file"
    path.write_text("text")
    for place, message in (
        (path, "`model_dir` must be a directory.*which is a file"),
        (path / "below", "`model_dir` .*below' cannot be written to"),
    ):
        config = Config(
            mode=mode,
            train_mode=train_mode,
            dataset="digits",
            model_dir=str(place),
        )
        with pytest.raises(ValueError, match=message):
            session.run(config)
    assert not planned


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize(
    "flags",
    [
        ["--mode=status"],
        ["--mode=report"],
        ["--mode=recommend", "--dataset=digits"],
        ["--train_mode=semi_supervised", "--dataset=digits"],
        ["--mode=eval"],
        ["--mode=publish", "--target=out"],
    ],
)
def test_a_foreign_file_is_one_sentence(tmp_path, capsys, text, flags):
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(SystemExit) as end:
        run.main(["simclrv2", *flags, f"--model_dir={tmp_path}"])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "job.json' must hold" in line and "give another" in line
    with pytest.raises(ValueError, match=r"job\.json' must hold"):
        simclrv2_tf.load_classifier(tmp_path)


def test_a_recipe_of_another_version_is_one_sentence():
    later = {**recipe().to_json(), "new": 1}
    with pytest.raises(ValueError, match="recipe must be one that this vers"):
        Recipe.from_json(later)


def test_a_new_job_is_asked_for_nothing(tmp_path):
    job_directory.check(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_job_checks_its_directory_first(tmp_path):
    (tmp_path / "flags.json").write_text("{}")
    config = Config(train_mode="semi_supervised", model_dir=str(tmp_path))
    with pytest.raises(ValueError, match="holds a single run"):
        jobs.semi_supervised(config, None)


WORKERS = {"worker": ["host1:2222", "host2:2222"]}


def in_cluster(monkeypatch, **jobs):
    task = {"type": "worker", "index": 0}
    cluster = json.dumps({"cluster": jobs, "task": task})
    monkeypatch.setenv("TF_CONFIG", cluster)
    monkeypatch.delenv("TPU_NAME", raising=False)


@pytest.mark.parametrize("strategy", ["auto", "multi_worker"])
def test_a_job_is_of_one_machine(tmp_path, monkeypatch, planned, strategy):
    in_cluster(monkeypatch, **WORKERS)
    config = asked(tmp_path, strategy=strategy)
    message = (
        "A job runs on one machine: unset TF_CONFIG, or run the stages by hand"
        ".*Received: TF_CONFIG with 2 workers"
    )
    with pytest.raises(ValueError, match=message):
        recommendation.recommend_for(config)
    with pytest.raises(ValueError, match=message):
        jobs.semi_supervised(config, None)
    assert not planned and not list(tmp_path.iterdir())


def test_what_does_not_look_for_workers_may_have_them(tmp_path, monkeypatch):
    in_cluster(monkeypatch, **WORKERS)
    for options in ({"strategy": "mirrored"}, {"tpu_name": "local"}):
        job_directory.check_machine(asked(tmp_path, **options))
    with pytest.raises(ValueError, match="one machine"):
        unused = {"tpu_name": "local", "use_tpu": False}
        job_directory.check_machine(asked(tmp_path, **unused))
    in_cluster(monkeypatch, worker=["host1:2222"])
    job_directory.check_machine(asked(tmp_path))
