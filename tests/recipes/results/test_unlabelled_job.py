"""A job without labels embeds its images by the options that it was given."""

import itertools
import json
import types

import numpy as np
import pytest
import small_classifier

from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.record import write_report
from simclrv2_tf.recipes.results import unlabelled_job
from simclrv2_tf.recipes.results.unlabelled_job import embed_all
from simclrv2_tf.recipes.running_job import Job

GIVEN = {
    "data_dir": "data",
    "train_split": "train[:90%]",
    "max_corrupt_fraction": 0.3,
    "eval_batch_size": 16,
    "calibrate": True,  # of stages that train a classifier
    "stage_options": "pretrain.mixed_precision=bfloat16",
}


@pytest.fixture
def images():
    """80 images without labels, of which the first 20 cannot be read."""
    rng = np.random.default_rng(0)
    source = Source(
        "these",
        np.full(80, -1, np.int32),
        Encoded(np.full(80, b"<html>404</html>", object)),
    )
    for number in range(20, 80):
        pixels = rng.integers(0, 255, (9, 9, 3)).astype(np.uint8)
        source.storage.array[number] = small_png(pixels)
    return source


def small_png(pixels):
    plain = Source("one", np.zeros(1, np.int32), InMemory(pixels[None]))
    return plain.encoded_bytes(0)


def job_of(images, directory, run, left_out=(), **options):
    options = {"dataset": "folder:photos", "model_dir": directory, **options}
    config = Config(train_mode="semi_supervised", **options)
    data = open_data(Config(train_mode="semi_supervised"), images)
    recipe = Recipe(left_out=list(left_out))
    record = Record(directory)
    record.done["pretrained"] = {}
    return Job(config, data, recipe, record, run, None)


def embedding_of(images, directory, **options):
    """The config of what a job does in the end, and its report."""
    seen = []

    def run(config, source):
        assert source is images
        seen.append(config)
        return {"embeddings": config.embed_output}

    report = embed_all(job_of(images, str(directory), run, **options))
    (config,) = seen
    assert config.mode == "embed" and config.dataset == "folder:photos"
    assert config.embed_output in report["notes"][0]
    return config


def test_options_of_the_job_are_those_of_the_embedding(images, tmp_path):
    config = embedding_of(images, tmp_path, **GIVEN)
    for name in ("data_dir", "train_split", "max_corrupt_fraction"):
        assert getattr(config, name) == GIVEN[name]
    assert config.eval_batch_size == 16
    assert config.mixed_precision == "bfloat16"  # as it was pretrained
    assert not config.calibrate
    assert config.model_dir == str(tmp_path / "pretrained")
    assert config.embed_output == str(tmp_path / "embeddings.npz")


def test_what_was_first_given_is_for_the_embedding_too(images, tmp_path):
    """Where the call that goes on does not say otherwise."""
    seen = []

    def run(config, source):
        seen.append(config)
        return {"embeddings": config.embed_output}

    first = {"max_corrupt_fraction": 0.3, "eval_batch_size": 8, "knn_k": 5}
    for options in ({}, {"max_corrupt_fraction": 0.5}):
        one = job_of(images, str(tmp_path), run, **options)
        one.recipe.given = {"pretrain": first}
        embed_all(one)
    kept, told = seen
    assert (kept.max_corrupt_fraction, kept.eval_batch_size) == (0.3, 8)
    assert kept.knn_k == 0  # it may not change, and is asked for again
    assert told.max_corrupt_fraction == 0.5


def test_a_place_and_a_form_that_are_given_are_taken(images, tmp_path):
    config = embedding_of(images, tmp_path, embed_format="tfrecord")
    assert config.embed_output == str(tmp_path / "embeddings")
    config = embedding_of(images, tmp_path, embed_output="mine.npz")
    assert config.embed_output == "mine.npz"


def test_weights_that_are_given_are_embedded_with(images, tmp_path):
    options = {"left_out": ["pretrain"], "checkpoint": "simclrv2/pretrained/r"}
    config = embedding_of(images, tmp_path, **options)
    assert config.checkpoint == options["checkpoint"]
    assert config.model_dir is None


def test_the_pretrained_network_is_exported_where_that_is_asked(
    images, tmp_path
):
    version = tmp_path / "pretrained" / "saved_model" / "20"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    served, told = str(tmp_path / "served"), {"embeddings": "x"}
    for options, export in (
        ({}, None),
        ({"export_dir": served}, str(tmp_path / "served" / "20")),
    ):
        one = job_of(images, str(tmp_path), lambda *_: told, **options)
        one.record.done["pretrained"] = {"export": str(version)}
        assert embed_all(one)["export"] == export
    assert (tmp_path / "served" / "20" / "saved_model.pb").exists()


def test_halvings_of_the_rate_are_in_the_notes(images, tmp_path):
    one = job_of(images, str(tmp_path), lambda *_: {"embeddings": "x"})
    one.record.done["attempts"] = [{"rate": 2.0, "why": "lost"}]
    _, note = embed_all(one)["notes"]
    assert note.startswith("pretraining began again at learning rate 1, half")


def test_the_report_has_the_plan_beside_what_it_came_to(
    images, tmp_path, monkeypatch
):
    clock = types.SimpleNamespace(monotonic=itertools.count(5.0, 7.0).__next__)
    monkeypatch.setattr(unlabelled_job, "time", clock)
    one = job_of(images, str(tmp_path), lambda *_: {"embeddings": "x"})
    one.recipe.notes.append("80 images")
    one.recipe.seconds = {"pretrain": 100.0, "embed": 20.0, "page": 15.0}
    one.recipe.memory = 2e9
    done = {"seconds": 90.0, "peak_memory": 10**15}
    one.record.done["pretrained"] = done
    report = embed_all(one)
    assert report["notes"][1] == "80 images"
    assert report["planned_seconds"] == 120.0  # the page is made after it
    assert report["seconds"] == 90 + 7
    assert report["planned_memory"] == 2e9
    assert report["memory"] == 10**15
    done["seconds"] = 50.0
    assert embed_all(one) == report  # as it first came out


def test_a_report_of_an_earlier_version_has_no_figures(images, tmp_path):
    one = job_of(images, str(tmp_path), lambda *_: {"embeddings": "x"})
    write_report(str(tmp_path), {"rows": [], "embeddings": "x"})
    assert "seconds" not in embed_all(one)


def test_as_many_may_be_unreadable_as_the_job_was_told(images, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    small_classifier.save_run(small_classifier.classifier(), run)
    options = {"left_out": ["pretrain"], "checkpoint": str(run)}
    one = job_of(images, str(tmp_path), session.run, **options)
    with pytest.raises(ValueError, match="max_corrupt_fraction=0.01 allows 1"):
        embed_all(one)
    options["max_corrupt_fraction"] = 0.3
    embed_all(job_of(images, str(tmp_path), session.run, **options))
    with np.load(tmp_path / "embeddings.npz") as found:
        assert len(found["embeddings"]) == 60
    report = json.loads((tmp_path / "report.json").read_text())
    assert "No image has a label" in report["notes"][0]
