"""A teacher is shown what it was trained on, and tried before it teaches."""

import logging
import re

import numpy as np
import pytest
import small_backbone
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.resolve import resolve
from simclrv2_tf.runs.resolve import teacher_size
from simclrv2_tf.runs.start import teacher
from simclrv2_tf.runs.train import train
from simclrv2_tf.runs.training_data import TrainingData
from simclrv2_tf.stages.distill import Distill

SMALL = {**small_backbone.arguments(), "proj_out_dim": 8}
OPTIONS = {
    **small_backbone.options(),
    "proj_out_dim": 8,
    "train_batch_size": 64,
    "warmup_epochs": 0,
    "optimizer": "adam",
    "learning_rate": 0.01,
}


def config(mode, directory, **options):
    place = {"dataset": "digits", "model_dir": str(directory)}
    return Config(train_mode=mode, **OPTIONS, **place, **options)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A run of 24 pixels that knows the digits somewhat."""
    directory = tmp_path_factory.mktemp("teacher") / "run"
    train(config("finetune", directory, image_size=24, train_steps=40))
    return str(directory)


def test_a_student_without_a_size_has_its_teachers(taught):
    config = Config(train_mode="distill", teacher=taught)
    assert resolve(config).image_size == 24
    small = Config(train_mode="distill", teacher=taught, image_size=16)
    assert resolve(small).image_size == 16
    assert teacher_size(small) == 24
    assert teacher_size(Config(teacher=taught)) is None


@pytest.mark.parametrize(("own", "views"), [(16, 24), (32, 32)])
def test_views_have_the_larger_size(own, views, taught):
    config = Config(train_mode="distill", teacher=taught, image_size=own)
    source = sources.open_source("digits")
    data = TrainingData(config, source, teacher_size(config))
    assert data.first_images(4)[0].shape == (4, views, views, 3)


class Seen(Network):
    """A network that notes the sizes of what it is shown."""

    def call(self, images, training=False):
        self.sizes = getattr(self, "sizes", set()) | {images.shape[1]}
        return super().call(images, training=training)


@pytest.mark.parametrize(("student", "master"), [(16, 24), (24, 16), (16, 16)])
def test_each_network_gets_the_view_at_its_own_size(student, master):
    networks = [
        Seen(**SMALL, image_size=size, num_classes=3)
        for size in (student, master)
    ]
    stage = Distill(*networks)
    stage.compile(optimizer="sgd", run_eagerly=True)
    stage.optimizer.build(stage.trainable_variables)
    for network in networks:
        network.sizes = set()
    images = np.random.default_rng(0).random((4, 24, 24, 3), np.float32)
    labels = np.array([0, 1, -1, 2], np.int32)
    stage.train_step((tf.constant(images), tf.constant(labels)))
    wanted = [{student}, {master}] if student != master else [{24}, {24}]
    assert [network.sizes for network in networks] == wanted


def test_images_of_unknown_size_are_refused_where_sizes_differ():
    student, master = (
        Network(**SMALL, image_size=size, num_classes=3) for size in (16, 24)
    )
    stage = Distill(student, master)
    images = tf.TensorSpec((None, None, None, 3))
    with pytest.raises(ValueError, match="images whose size is known"):
        tf.function(stage.augmented).get_concrete_function(images)


@pytest.mark.slow
def test_a_student_of_another_size_learns_and_the_plan_says_so(
    taught, tmp_path, capsys
):
    small = {"teacher": taught, "image_size": 16, "train_steps": 2}
    train(config("distill", tmp_path, **small))
    plan = capsys.readouterr().out
    assert "24 pixels for the teacher, 16 for the student, of one view" in plan
    assert re.search(r"teacher +[\d.]+% top-1 on [\d,]+ labelled", plan)
    assert simclrv2_tf.load_network(tmp_path).get_config()["image_size"] == 16


def test_a_teacher_near_chance_is_named(caplog):
    source = sources.open_source("digits")
    data = TrainingData(Config(image_size=16), source)
    network = Network(**SMALL, image_size=16, num_classes=10)

    class Run:
        pass

    run = Run()
    run.data = data
    run.plan = Run()
    run.plan.batch_size = 64
    run.stage = Run()
    run.stage.network = network
    run.stage.teachers = [network]
    with caplog.at_level(logging.WARNING):
        (line,) = teacher.lines(run)
    assert "top-1 on" in line
    assert "THE TEACHER IS NEAR CHANCE" in caplog.text
    assert "guessing gives 10.0 %" in caplog.text


@pytest.mark.parametrize(
    ("classes", "tried", "right", "warns"),
    [
        (3, 3, 3, False),  # all of a few
        (2, 8, 8, False),
        (2, 8, 5, True),
        (10, 50, 9, True),
        (10, 50, 20, False),
        (10, 360, 41, True),
    ],
)
def test_few_images_that_are_right_are_not_near_chance(
    caplog, classes, tried, right, warns
):
    network = Network(**SMALL, image_size=16, num_classes=classes)
    teacher._warn_near_chance(network, right / tried, tried)
    assert ("NEAR CHANCE" in caplog.text) == warns


def test_top_1_of_a_teacher_is_a_plain_count(taught):
    source = sources.open_source("digits")
    config = Config(train_mode="distill", teacher=taught)
    data = TrainingData(resolve(config), source)
    network = simclrv2_tf.load_network(taught)
    everything = np.arange(source.num_examples)
    accuracy = teacher.top_1(network, data, everything, 100)
    evaluated = simclrv2_tf.evaluate("digits", taught, eval_split="train")
    assert accuracy == pytest.approx(evaluated["eval/label_top_1_accuracy"])


def test_too_many_unreadable_images_are_a_sentence(taught):
    encoded = np.array([b"<html>404</html>"] * 4, object)
    source = Source("pages", np.zeros(4, np.int32), Encoded(encoded), ("a",))
    data = TrainingData(Config(image_size=16), source)
    network = simclrv2_tf.load_network(taught)
    with pytest.raises(ValueError, match="is none, or is damaged.*of 4 images"):
        teacher.top_1(network, data, np.arange(4), 2)
