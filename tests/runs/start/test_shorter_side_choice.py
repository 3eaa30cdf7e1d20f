"""A run's shorter side is heeded by what follows it, and by its exports."""

import json

import numpy as np
import pytest
import small_classifier
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.shorter_side import reduce_image
from simclrv2_tf.runs.start.decoding_choice import agree
from simclrv2_tf.runs.start.decoding_choice import resolve_decoding

SIDE = 12
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 60, 75, 3), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What is there of a run whose images were reduced."""
    flags = {**small_classifier.FLAGS, "resize_shorter_side": SIDE}
    directory = tmp_path_factory.mktemp("runs") / "reduced"
    network = small_classifier.classifier()
    return small_classifier.save_run(network, directory, flags)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same images as they are, and reduced."""
    root = tmp_path_factory.mktemp("images")
    smaller = [reduce_image(tf.constant(image), SIDE) for image in IMAGES]
    for name, images in (("large", IMAGES), ("small", smaller)):
        (root / name / "a").mkdir(parents=True)
        for number, image in enumerate(images):
            path = str(root / name / "a" / f"{number}.png")
            tf.io.write_file(path, tf.io.encode_png(image))
    return root / "large", root / "small"


@pytest.mark.parametrize("role", ["model_dir", "checkpoint", "teacher"])
def test_whoever_starts_from_a_run(run, role, caplog):
    config = resolve_decoding(Config(**{role: str(run)}))
    assert config.resize_shorter_side == SIDE
    given = Config(**{role: str(run)}, resize_shorter_side=9)
    assert resolve_decoding(given).resize_shorter_side == 9
    assert f"resize_shorter_side=9, while {run} was trained" in caplog.text


def test_embeddings_are_those_of_images_that_were_reduced(
    run, folders, tmp_path
):
    embedded = [
        simclrv2_tf.embed(
            f"folder:{folder}",
            run,
            embed_output=str(tmp_path / f"{folder.name}.npz"),
        )["embeddings"]
        for folder in folders
    ]
    np.testing.assert_array_equal(*embedded)


def test_answers_are_those_for_images_that_were_reduced(run, folders):
    classifier = simclrv2_tf.load_classifier(run)
    assert classifier.resize_shorter_side == SIDE
    large, small = (classifier.predict(str(folder)) for folder in folders)
    for ours, theirs in zip(large, small, strict=True):
        assert ours.probabilities == theirs.probabilities


def test_exports_reduce_what_they_decode(run, folders):
    version = simclrv2_tf.export_model(run)
    with open(f"{version}/decoding.json") as file:
        assert json.load(file) == {"resize_shorter_side": SIDE}
    served = tf.saved_model.load(version).signatures["embed"]
    large, small = (
        served(
            encoded=tf.constant(
                [path.read_bytes() for path in sorted(folder.rglob("*.png"))]
            )
        )["final_avg_pool"]
        for folder in folders
    )
    np.testing.assert_array_equal(large, small)
    assert simclrv2_tf.load_classifier(version).resize_shorter_side == SIDE


def test_the_smallest_side_of_all_sources_counts(folders):
    large = sources.open_source(f"folder:{folders[0]}", resize_shorter_side=20)
    config = Config(resize_shorter_side=30)
    config, (first, second) = agree(config, large, None)
    assert config.resize_shorter_side == first.resize_shorter_side == 20
    assert second is None


def test_a_side_of_none_is_refused():
    with pytest.raises(ValueError, match="resize_shorter_side.*at least 1"):
        Config(resize_shorter_side=0)
