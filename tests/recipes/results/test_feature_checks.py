"""The rows of frozen features and raw pixels go by what can be read."""

import dataclasses
import types

import numpy as np
import pytest
import small_classifier

from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Decoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.results import feature_checks
from simclrv2_tf.recipes.results.feature_checks import FeatureChecks


def images(labels, bad=()):
    """Images whose classes differ in brightness; those in `bad` are none."""
    rng = np.random.default_rng(0)
    pixels = [
        rng.integers(0, 80, (9, 9, 3)).astype(np.uint8) + 60 * max(label, 0)
        for label in labels
    ]
    pixels = [p[:0] if i in bad else p for i, p in enumerate(pixels)]
    return Source(
        "these",
        np.array(labels, np.int32),
        Decoded.of_images(pixels),
        tuple("abc"),
    )


@pytest.fixture
def rows_of(tmp_path):
    """Function of the data of a job to its rows."""
    path = small_classifier.save_run(small_classifier.classifier(), tmp_path)

    def rows(train, evaluation, **options):
        labelled = np.flatnonzero(train.labels >= 0)
        data = types.SimpleNamespace(
            train=train, evaluation=evaluation, labelled=labelled
        )
        job = types.SimpleNamespace(
            data=data,
            record=Record(str(tmp_path)),
            pretrained_network=lambda: hub.load_network(str(path)),
            config_of=lambda stage: Config(**options),
        )
        return FeatureChecks(job).rows()

    return rows


@pytest.mark.slow
def test_the_memory_of_their_process_is_kept(rows_of, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_checks.memory, "highest", lambda: 7_000)
    rows_of(images([0, 1, 2] * 5), images([0, 1, 2] * 2))
    assert Record(str(tmp_path)).done["features"]["peak_memory"] == 7_000


def test_what_cannot_be_read_is_in_no_row(rows_of):
    train = images([0, 1, 2, -1] * 5, bad=(0, 3))
    evaluation = images([0, 1, 2, -1] * 10, bad=(0, 3, 6))
    rows = rows_of(train, evaluation)
    assert [row.examples for row in rows] == [28] * 3
    assert {row.measured for row in rows} == {"evaluation"}


@pytest.mark.slow
def test_nor_what_is_not_asked_for(rows_of):
    evaluation = images([0] * 10 + [1] * 10 + [2] * 10)
    options = {"eval_steps": 3, "eval_batch_size": 5}
    rows = rows_of(images([0, 1, 2] * 5), evaluation, **options)
    assert [row.examples for row in rows] == [15] * 3


def test_nor_of_a_cross_validation(rows_of):
    rows = rows_of(images([0, 1, 2] * 5, bad=(0, 4)), None)
    assert [row.examples for row in rows] == [13] * 3
    assert {row.measured for row in rows} == {"cross-validation"}


def test_of_a_class_with_one_label_left_the_others_are_judged(rows_of):
    rows = rows_of(images([0, 1, 2] * 2, bad=(0,)), None)
    assert [row.examples for row in rows] == [4] * 3
    assert all(0 <= row.top_1 <= 1 for row in rows)


def test_of_many_images_some_are_drawn(rows_of, monkeypatch, tmp_path):
    train, evaluation = images([0, 1, 2] * 40), images([0, 1, 2] * 20)
    monkeypatch.setattr(feature_checks, "MOST_KNOWN", 30)
    monkeypatch.setattr(feature_checks, "MOST_ASKED", 12)
    known, classify = [], feature_checks.linear_probe.classify

    def counted(features, labels, asked):
        known.append(np.bincount(labels).tolist())
        return classify(features, labels, asked)

    monkeypatch.setattr(feature_checks.linear_probe, "classify", counted)
    rows = rows_of(train, evaluation)
    assert [row.examples for row in rows] == [12] * 3
    assert known == [[10, 10, 10]]
    assert notes(tmp_path) == [
        "the rows of frozen features and raw pixels are of a stratified draw: "
        "learnt from 30 of 120, judged on 12 of 60 labelled images"
    ]


@pytest.mark.slow
def test_a_cross_validation_is_of_a_draw_too(rows_of, monkeypatch, tmp_path):
    monkeypatch.setattr(feature_checks, "MOST_KNOWN", 30)
    rows = rows_of(images([0, 1] * 40 + [2] * 5), None)
    assert [row.examples for row in rows] == [30] * 3  # five folds of each
    (note,) = notes(tmp_path)
    assert note.endswith("draw: learnt from 30 of 85 labelled images")


@pytest.mark.slow
def test_few_images_are_looked_at_as_they_are(rows_of, monkeypatch, tmp_path):
    monkeypatch.setattr(feature_checks, "draw", None)
    rows_of(images([0, 1, 2] * 5), images([0, 1, 2] * 5))
    assert notes(tmp_path) == []
    assert "drawn" not in Record(str(tmp_path)).done["features"]


def notes(directory):
    record = Record(str(directory))  # as a job that goes on reads it
    return FeatureChecks(types.SimpleNamespace(record=record)).notes()


@pytest.mark.slow
@pytest.mark.parametrize("channels", [(3, 1), (1, 3)])
def test_images_to_evaluate_on_have_the_channels_of_training(rows_of, channels):
    """As of colour joined with grey, of which grey alone is evaluated on."""
    sources = []
    for count, depth in zip((5, 10), channels, strict=True):
        plain = images([0, 1, 2] * count)
        pixels = np.stack([plain.storage.read(i) for i in range(3 * count)])
        storage = InMemory(pixels[..., :depth])
        sources.append(dataclasses.replace(plain, storage=storage))
    rows = rows_of(*sources)
    assert [row.examples for row in rows] == [30] * 3
