"""Whole runs of the stages, through the Python functions."""

import json
import shutil

import numpy as np
import pytest
import small_backbone
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs.callbacks.save_checkpoint import BackgroundWriter
from simclrv2_tf.runs.train import train

QUICK = {
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
    "train_batch_size": 32,
    "train_steps": 4,
    "warmup_epochs": 0,
    "train_summary_steps": 2,
    "checkpoint_steps": 2,
    "eval_split": "test",
    "use_blur": False,
    "color_jitter_strength": 0.0,  # it is compiled again in each run
    "learning_rate": 0.1,
}
RNG = np.random.default_rng(0)
IMAGES = RNG.random((8, 8, 8, 3), np.float32)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run") / "pretrained"
    result = simclrv2_tf.pretrain(
        "digits", directory, **QUICK, mode="train_then_eval", knn_k=5
    )
    return directory, result


def test_a_run_leaves_what_users_depend_on(pretrained):
    directory, result = pretrained
    for name in ("checkpoint", "ckpt-4.index", "flags.json", "flags.cfg"):
        assert (directory / name).exists(), name
    stored = json.loads((directory / "result.json").read_text())
    assert stored["global_step"] == 4
    assert stored == json.loads((directory / "result_4.json").read_text())
    accuracy = stored["eval/label_top_1_accuracy"]
    assert accuracy == result["eval/label_top_1_accuracy"]
    assert 0 < stored["eval/knn_accuracy"] <= 1
    assert list(directory.glob("events*"))
    assert (directory / "saved_model" / "4" / "saved_model.pb").exists()


def test_export_answers_encoded_images_and_has_gradients(pretrained):
    _, result = pretrained
    model = tf.saved_model.load(result["export"])
    source = sources.open_digits("test")
    png = tf.io.encode_png(source.storage.array[0]).numpy()
    answer = model.signatures["serving_default"](tf.constant([png, png]))
    total = tf.reduce_sum(answer["probabilities"], axis=1)
    np.testing.assert_allclose(total, 1, rtol=1e-6)
    assert answer["classes"].dtype == tf.string
    with tf.GradientTape() as tape:
        outputs = model(tf.constant(IMAGES), trainable=True)
        total = tf.reduce_sum(outputs["logits_sup"] ** 2)
        total += tf.reduce_sum(outputs["proj_head_output"] ** 3)
    gradients = tape.gradient(total, model.trainable_variables)
    assert gradients
    assert all(g is not None for g in gradients)


def test_finetune_and_distil_from_a_run(pretrained, tmp_path, without_export):
    directory, _ = pretrained
    options = {**QUICK, "mode": "train_then_eval", "labels_per_class": 4}
    with without_export():
        tuned = simclrv2_tf.finetune(
            "digits",
            tmp_path / "tuned",
            checkpoint=str(directory),
            zero_init_logits_layer=True,
            ft_proj_selector=1,
            **options,
        )
        student = simclrv2_tf.distill(
            "digits", tmp_path / "student", tmp_path / "tuned", **options
        )
    assert tuned["eval/examples"] == 360
    assert 0 <= student["train/teacher_agreement"] <= 1


def weights_of(directory):
    return simclrv2_tf.load_network(directory).variables


@pytest.mark.slow
def test_resuming_gives_the_uninterrupted_run(
    pretrained, tmp_path, monkeypatch
):
    """The same seed gives the same weights, in one life or in two."""

    class Stop(Exception):
        pass

    parted = {**QUICK, "model_dir": str(tmp_path / "parted")}
    start = BackgroundWriter.start

    def start_and_stop(writer, step, snapshot):
        start(writer, step, snapshot)
        writer.wait()
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(BackgroundWriter, "start", start_and_stop)
        with pytest.raises(Stop):
            train(Config(dataset="digits", **parted))
    resumed = train(Config(dataset="digits", **parted)).network
    whole = weights_of(pretrained[0])
    for first, second in zip(whole, resumed.variables, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resnet_depth": 34}, "holds a run with resnet_depth=50"),
        ({"train_mode": "finetune"}, "holds a run with train_mode=pretrain"),
        ({"optimizer": "adam"}, "holds a run with optimizer=lars"),
        ({"mixed_precision": "float16"}, "with mixed_precision=float32"),
        (
            {"lineareval_while_pretraining": False},
            "holds a run with lineareval_while_pretraining=True",
        ),
    ],
)
def test_another_run_is_refused(pretrained, options, message):
    directory, _ = pretrained
    config = Config(
        dataset="digits", **{**QUICK, **options}, model_dir=str(directory)
    )
    with pytest.raises(ValueError, match=message):
        train(config)


def test_a_teacher_needs_a_trained_classifier(pretrained, tmp_path):
    shutil.copytree(pretrained[0], tmp_path / "bare")
    path = tmp_path / "bare" / "flags.json"
    flags = json.loads(path.read_text())
    assert flags["lineareval_while_pretraining"]
    flags["lineareval_while_pretraining"] = False
    path.write_text(json.dumps(flags))
    with pytest.raises(ValueError, match="pretrained without one"):
        simclrv2_tf.distill(
            "digits", tmp_path / "student", tmp_path / "bare", **QUICK
        )


def test_neighbours_need_labels_before_training_begins(tmp_path):
    bare = tf.data.Dataset.from_tensor_slices(np.tile(IMAGES, (5, 1, 1, 1)))
    options = {**QUICK, "mode": "train_then_eval", "knn_k": 3}
    with pytest.raises(ValueError, match="judged by labels. Received: .* none"):
        simclrv2_tf.pretrain(
            bare, tmp_path / "run", eval_dataset=bare, **options
        )
    assert not (tmp_path / "run").exists()


def test_session_messages(tmp_path):
    with pytest.raises(ValueError, match="give --model_dir"):
        train(Config(dataset="digits", **QUICK))
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="which is a file"):
        train(
            Config(dataset="digits", **QUICK, model_dir=str(tmp_path / "file"))
        )
    empty = Config(mode="eval", model_dir=str(tmp_path / "none"))
    with pytest.raises(ValueError, match="holds no checkpoint"):
        session.run(empty)
    with pytest.raises(ValueError, match="at least two classes"):
        one = tf.data.Dataset.from_tensor_slices((IMAGES, [0] * 8))
        simclrv2_tf.finetune(
            one, tmp_path / "one", **{**QUICK, "train_batch_size": 8}
        )


@pytest.mark.slow
def test_a_damaged_file_is_named(tmp_path):
    from PIL import Image

    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(40):
        pixels = (RNG.random((8, 8, 3)) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (folder / "7.png").write_bytes(b"no image")
    strictly = {**QUICK, "max_corrupt_fraction": 0}
    with pytest.raises(ValueError, match=r"7\.png is none, or is damaged"):
        simclrv2_tf.pretrain(f"folder:{folder}", tmp_path / "run", **strictly)
