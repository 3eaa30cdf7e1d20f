"""Runs of any Keras network: all stages, kill and resume, files."""

import json
import os

import keras
import keras_networks
import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.keras_networks import settle_backbone
from simclrv2_tf.runs.resolve import resolve
from simclrv2_tf.runs.train import train

OPTIONS = {
    "dataset": "digits",
    "train_batch_size": 24,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
    "warmup_epochs": 0,
    "train_steps": 4,
    "checkpoint_steps": 2,
    "learning_rate": 0.01,
}


def run(mode, directory, **options):
    config = Config(
        train_mode=mode, model_dir=str(directory), **{**OPTIONS, **options}
    )
    return train(config)


def weights_of(directory):
    prefix = run_directory.prefix_of(str(directory), 4)
    return dict(run_directory.read(prefix).items()), dict(
        run_directory.read_optimizer(prefix).items()
    )


def check_resumption(mode, directory, **options):
    """What goes on from the second step ends as what was never stopped."""
    run(mode, directory, **options)
    whole = weights_of(directory)
    run_directory.delete(run_directory.prefix_of(str(directory), 4))
    run(mode, directory, **options)
    for before, after in zip(whole, weights_of(directory), strict=True):
        assert set(before) == set(after)
        for name, value in before.items():
            np.testing.assert_array_equal(after[name], value, name)


@pytest.fixture
def teacher(tmp_path):
    """A classifier of the digits that takes images of 32 pixels."""
    path = str(tmp_path / "teacher.keras")
    keras_networks.classifier(10, side=32).save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["pretrain", "finetune", "distill"])
def test_a_resumed_run_is_the_one_that_was_never_stopped(
    mode, teacher, tmp_path
):
    """With dropout, drawn for each micro-batch in pretraining."""
    options = {
        "pretrain": {"gradient_cache_microbatch": 12},
        "finetune": {"optimizer": "adam"},
        "distill": {"teacher": teacher, "teacher_pixels": "0..1"},
    }[mode]
    own = keras_networks.by_hand()
    check_resumption(mode, tmp_path / "run", **options, **own)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", keras_networks.arguments())
def test_all_stages_of_each_network(arguments, tmp_path):
    """One after another, each killed and resumed."""
    arguments = keras_networks.settled(arguments)
    pretrained, tuned = tmp_path / "pretrained", tmp_path / "tuned"
    check_resumption("pretrain", pretrained, **arguments)
    check_resumption("finetune", tuned, checkpoint=str(pretrained))
    values = simclrv2_tf.load_network(tuned).get_config()
    assert {n: values[n] for n in arguments} == arguments
    student = {"student": arguments["backbone"]}
    student["student_pixels"] = arguments.get("backbone_pixels")
    check_resumption(
        "distill", tmp_path / "distilled", teacher=str(tuned), **student
    )
    check_export(tmp_path / "distilled")


def check_export(directory):
    """The exported model reads back, and answers as the run's network."""
    exported = simclrv2_tf.load_network(
        simclrv2_tf.export_model(directory, dataset="digits")
    )
    network = simclrv2_tf.load_network(directory)
    side = network.get_config()["image_size"]
    images = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    answers = exported(images)
    for name, value in network(images).items():
        np.testing.assert_array_equal(answers[name], value, name)


@pytest.mark.slow
def test_a_network_with_dropout_is_exported_and_read(tmp_path):
    own = {**keras_networks.by_hand(), "train_steps": 1}
    run("finetune", tmp_path / "run", **own)
    check_export(tmp_path / "run")
    served = tf.saved_model.load(tmp_path / "run" / "saved_model" / "1")
    images = np.zeros((2, 16, 16, 3), np.float32)
    still, noisy = (served(images, training=on) for on in (False, True))
    assert still["logits_sup"].shape == noisy["logits_sup"].shape == (2, 10)


@pytest.mark.slow
def test_a_narrow_mobilenet_is_fine_tuned_and_read(tmp_path):
    trained = run(
        "finetune",
        tmp_path / "run",
        backbone="keras:MobileNetV3Small(minimalistic=True, alpha=.25)",
        image_size=32,
        train_steps=1,
    )
    network = simclrv2_tf.load_network(tmp_path / "run")
    assert network.get_config()["backbone"] == keras_networks.NARROW
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    for name, value in network(images).items():
        expected = trained.network(images)[name]
        np.testing.assert_array_equal(value, expected, name)


@pytest.fixture
def saved(tmp_path):
    """A model in a file, and another of the same structure."""
    keras.utils.set_random_seed(5)
    model = keras_networks.sequential()
    model.save(tmp_path / "mine.keras")
    return model, str(tmp_path / "mine.keras")


def test_a_file_is_kept_as_json_and_started_from(saved, tmp_path):
    model, path = saved
    own = {"backbone": path, "backbone_pixels": "0..1", "image_size": 16}
    options = {**own, "learning_rate": 0, "weight_decay": 0, "train_steps": 1}
    trained = run("finetune", tmp_path / "run", optimizer="adam", **options)
    kernels = [
        n.backbone.model.layers[0].kernel.numpy()
        for n in (trained.network, simclrv2_tf.load_network(tmp_path / "run"))
    ]
    for kernel in kernels:
        np.testing.assert_array_equal(kernel, model.layers[0].kernel)
    os.remove(path)  # the run does not need it any more
    del options["backbone"], options["backbone_pixels"]
    run("finetune", tmp_path / "run", optimizer="adam", **options)
    flags = model_dir.read_flags(str(tmp_path / "run"))
    assert flags["backbone"].startswith('{"module"')


def test_another_backbone_does_not_go_on(saved, tmp_path, announced):
    path = saved[1]
    own = {"backbone_pixels": "0..1", "image_size": 32}
    with announced():
        run("pretrain", tmp_path / "run", backbone=keras_networks.NARROW)
    with pytest.raises(ValueError, match="holds a run with backbone=keras:Mo"):
        run("pretrain", tmp_path / "run", backbone=path, **own)


def test_a_checkpoint_of_another_backbone_is_refused(tmp_path):
    network = simclrv2_tf.Network(
        **keras_networks.by_hand(), **keras_networks.HEADS
    )
    path = str(tmp_path / "x.keras")
    network.save(path)
    with pytest.raises(ValueError, match="backbone keras.Model 'by_hand'.*say"):
        simclrv2_tf.load_network(path, backbone="keras:MobileNetV3Small")
    with pytest.raises(ValueError, match="the flags say backbone_pixels 0..1"):
        simclrv2_tf.load_network(path, backbone_pixels="0..1")
    assert resolve(Config(checkpoint=path)).backbone_pixels == "-1..1"


def test_weights_without_their_description_are_a_sentence(tmp_path):
    network = simclrv2_tf.Network(
        **keras_networks.by_hand(), **keras_networks.HEADS
    )
    run_directory.save(str(tmp_path), 3, network.named_variables())
    with pytest.raises(ValueError, match="keep the run's flags.json beside it"):
        simclrv2_tf.load_network(tmp_path)


def test_the_student_is_the_network_of_distillation_alone():
    student = {
        "student": keras_networks.NARROW,
        "student_weights": "random",
        "backbone": "keras:MobileNetV2",
        "backbone_weights": "imagenet",
    }
    distils = Config(train_mode="distill", teacher="x", **student)
    settled = settle_backbone(distils)
    assert settled.backbone == keras_networks.NARROW
    assert settled.backbone_weights == "random"
    assert settled.student is None
    other = settle_backbone(Config(train_mode="pretrain", **student))
    assert other.backbone == "keras:MobileNetV2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone_pixels": "0..1"}, "is for a Keras backbone: give `back"),
        ({"backbone_weights": "random"}, "is for a Keras backbone"),
        ({"backbone": "nothing"}, "Expected a network as keras:NAME"),
        (
            {
                "backbone": "keras:VGG16",
                "backbone_weights": "imagenet",
                "checkpoint": "runs/a",
            },
            "of `checkpoint` or of `backbone_weights`, not both",
        ),
    ],
)
def test_what_does_not_go_together_is_a_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        settle_backbone(Config(**options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"remat": True}, "`remat` keeps less of the ResNets'"),
        ({"global_bn": False}, "leave global_bn=True"),
        ({"backbone_pixels": "0..2"}, "`backbone_pixels` must be one of 0..1"),
    ],
)
def test_options_that_a_backbone_has_not(options, message):
    with pytest.raises(ValueError, match=message):
        Config(backbone="keras:VGG16", **options)


@pytest.mark.slow
def test_models_in_python_are_kept_beside_the_run(tmp_path, unexported):
    student = keras_networks.sequential()
    teachers = [keras_networks.classifier(10, "softmax") for _ in range(2)]
    directory = tmp_path / "run"
    simclrv2_tf.distill(
        model_dir=directory,
        teacher=teachers,
        teacher_pixels="0..1",
        student=student,
        student_pixels="-1..1",
        **{**OPTIONS, "train_steps": 1},
    )
    names = {p.name for p in directory.glob("*.keras")}
    assert names == {"student.keras", "teacher.keras", "teacher-2.keras"}
    flags = model_dir.read_flags(str(directory))
    assert flags["image_size"] == 16  # of the teachers
    assert flags["teacher"].count(",") == 1


def test_a_student_is_read_again_whatever_the_stages_share(tmp_path):
    """By the config of its run in a job, too, as evaluation and export do."""
    own = keras_networks.by_hand()
    network = simclrv2_tf.Network(**own, **keras_networks.HEADS)
    run_directory.save(str(tmp_path), 3, network.named_variables())
    (tmp_path / "flags.json").write_text(json.dumps(own))
    shared = {"backbone": "keras:MobileNetV2", "backbone_pixels": "0..1"}
    student = {"student": own["backbone"], "student_pixels": "-1..1"}
    options = {**shared, **student, "dataset": "digits"}
    job = Config(mode="recommend", model_dir="job", **options)
    recipe = Recipe(given=stage_configs.given(job))
    of_job = stage_configs.config_of(job, recipe, "distill", {}, True)
    alone = Config(train_mode="distill", teacher="x", **options)
    for config in (of_job, alone):
        read = weights.load(config, str(tmp_path / "ckpt-3"))
        assert read.get_config()["backbone_pixels"] == "-1..1"
    other = Config(train_mode="finetune", **options)
    with pytest.raises(ValueError, match="the flags say"):
        weights.load(other, str(tmp_path / "ckpt-3"))
