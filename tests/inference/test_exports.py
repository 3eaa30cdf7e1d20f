"""Exports from all that --checkpoint takes: where to, which version, names."""

import keras
import numpy as np
import pytest
import small_classifier
import tensorflow as tf
from export_cases import encode

import simclrv2_tf
from simclrv2_tf import export
from simclrv2_tf import hub
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.export import runtimes
from simclrv2_tf.inference import exports
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import build

TINY = {
    "resnet_depth": 18,
    "width_multiplier": 0.0625,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A directory of a TF1 checkpoint of step 751, ten classes."""
    folder = tmp_path_factory.mktemp("weights")
    keras.utils.set_random_seed(0)
    network = Network(**TINY, image_size=32, num_classes=10)
    network.save(folder / "network.keras")
    prefix = str(folder / "tf1" / "model.ckpt-751")
    hub.convert(str(folder / "network.keras"), prefix)
    return folder / "tf1"


def config(**options):
    return Config(mode="export", **options)


@pytest.fixture(scope="module")
def served(checkpoint, tmp_path_factory):
    """The path of an export from a TF1 checkpoint, no run anywhere."""
    directory = tmp_path_factory.mktemp("served")
    options = {
        "checkpoint": str(checkpoint),
        "export_dir": str(directory),
        "ft_proj_selector": 1,
        "mixed_precision": "bfloat16",
        "max_image_pixels": 10_000,
        "export_top_k": 3,
    }
    try:
        return session.run(config(**options))["export"]
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.slow
def test_a_tf1_checkpoint_is_exported_without_a_run(served, checkpoint):
    assert served.endswith("/751")
    model = tf.saved_model.load(served)
    network = hub.load_network(str(checkpoint), ft_proj_selector=1)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    ours = model(tf.constant(images))["logits_sup"]
    assert ours.dtype == tf.float32
    expected = network(images)["logits_sup"]
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.fixture
def exported(monkeypatch, tmp_path):
    """Function from options to the network that is exported."""
    networks = []
    monkeypatch.setattr(
        exports.export,
        "export_network",
        lambda network, path, *_, **options: networks.append(network) or path,
    )

    def newest(**options):
        place = str(tmp_path / "none")
        exports.export_newest(config(export_dir=place, **options))
        return networks[-1]

    return newest


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_exports_of_runs_in_16_bits_compute_in_float32(
    run, exported, precision
):
    network = exported(model_dir=str(run), mixed_precision=precision)
    layers = network._flatten_layers(include_self=False)
    assert {layer.compute_dtype for layer in layers} == {"float32"}


def pretrained(directory, **options):
    flags = {**small_classifier.FLAGS, "train_mode": "pretrain", **options}
    network = small_classifier.classifier()
    return small_classifier.save_run(network, directory, flags)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """The export of a run whose classifier is as it was initialised."""
    folder = tmp_path_factory.mktemp("pretrained")
    run = pretrained(folder, lineareval_while_pretraining=False)
    return session.run(config(model_dir=str(run)))["export"]


def test_a_classifier_that_was_never_trained_is_not_exported(features):
    model = tf.saved_model.load(features)
    assert "classify" not in model.signatures
    answer = model.signatures["serving_default"](
        encoded=tf.constant([encode()])
    )
    assert set(answer) == {"final_avg_pool", "proj_head_output"}
    assert export.read_labels(features) is None
    network = hub.load_network(features)
    assert "logits_sup" not in network.output
    images = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    expected = small_classifier.classifier()(images)["final_avg_pool"]
    np.testing.assert_array_equal(network(images)["final_avg_pool"], expected)


def test_an_export_without_a_classifier_is_not_taken_for_one(
    features, tmp_path
):
    teacher = Config(train_mode="distill", teacher=features)
    predicting = {"checkpoint": features, "predict_output": tmp_path / "x"}
    for ask in (
        lambda: simclrv2_tf.load_classifier(features),
        lambda: simclrv2_tf.predict("digits", **predicting),
        lambda: build.load_teachers(teacher),
    ):
        with pytest.raises(ValueError, match="pretrained without one"):
            ask()


def test_the_card_of_an_export_without_a_classifier(features, tmp_path):
    simclrv2_tf.publish(features, tmp_path / "mine")
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "gives features of images" in card
    assert "None: it gives features." in card
    assert "labels.txt" not in card
    assert not (tmp_path / "mine" / "labels.txt").exists()


@pytest.mark.parametrize(
    "options", [{"lineareval_while_pretraining": True}, {}]
)
def test_an_online_probe_is_exported(exported, tmp_path, options):
    run = pretrained(tmp_path / "run", **options)
    assert "logits_sup" in exported(model_dir=str(run)).output


@pytest.mark.slow
def test_flags_reach_the_served_model(served):
    serve = tf.saved_model.load(served).signatures["serving_default"]
    answer = serve(encoded=tf.constant([encode(size=(90, 100))]))
    assert answer["scores"].shape == (1, 3)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="1 to 10000 pixels"
    ):
        serve(encoded=tf.constant([encode(size=(101, 100))]))


@pytest.mark.slow
def test_an_export_is_exported_again_under_its_step(served, tmp_path):
    options = config(checkpoint=served, export_dir=str(tmp_path))
    again = exports.export_weights(options, served, hub.load_network)
    assert again == str(tmp_path / "751")
    assert export.read_labels(again) == export.read_labels(served)
    assert export.read_labels(again) == list("0123456789")


def test_a_place_is_needed(checkpoint):
    with pytest.raises(ValueError, match="give --export_dir"):
        session.run(config(checkpoint=str(checkpoint)))


def test_weights_are_needed(tmp_path):
    with pytest.raises(ValueError, match="holds no checkpoint"):
        simclrv2_tf.export_model(tmp_path / "none")
    with pytest.raises(ValueError, match="there is nothing"):
        session.run(
            config(checkpoint=str(tmp_path / "x"), export_dir=str(tmp_path))
        )
    assert not list(tmp_path.iterdir())


def test_formats_are_checked_before_anything_is_done(tmp_path):
    options = {"export_formats": "onnx, coreml", "model_dir": str(tmp_path)}
    with pytest.raises(ValueError, match="Received: 'coreml'"):
        session.run(Config(dataset="digits", **options))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["exports", "exports/"])
def test_the_best_stands_beside_the_last(monkeypatch, name):
    written = []
    monkeypatch.setattr(exports.weights, "best", lambda config: "ckpt-2")
    monkeypatch.setattr(
        exports,
        "_export",
        lambda config, prefix, directory, data: written.append(directory),
    )
    exports.export_best(config(export_dir=name))
    assert written == ["exports_best"]


@pytest.mark.slow
def test_the_step_of_an_export(served):
    assert exports.step_of(served) == 751


def test_steps_of_sources(checkpoint, tmp_path):
    assert exports.step_of(checkpoint) == 751
    assert exports.step_of(checkpoint / "model.ckpt-751") == 751
    assert exports.step_of("simclrv2/finetuned_10pct/r50_1x_sk0") == 3754
    assert exports.step_of("simclrv1/pretrain/1x") == 225206
    assert exports.step_of(tmp_path / "network-5.keras") == 0


def test_names_of_imagenet_where_the_data_set_says_so():
    names = exports.tfds.class_names("imagenet2012", "/nowhere")
    assert (names[0], len(names)) == ("n01440764", 1000)
    assert exports.tfds.class_names("no such data set") is None


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"export_top_k": 0}, "at least 1"),
        ({"max_image_pixels": 2**28}, "from 1 to 178956970"),
        ({"max_image_bytes": 0}, "from 1 to"),
    ],
)
def test_ranges(option, message):
    with pytest.raises(ValueError, match=message):
        Config(**option)


def test_formats_of_a_job_are_those_of_its_stages_too():
    own = {"distill": {"export_formats": "onnx, litert"}, "scratch": {}}
    job = config(export_formats="litert", stage_options=own)
    assert exports.all_formats(job) == ("litert", "onnx")
    assert exports.all_formats(config()) == ()


def test_a_job_begins_with_the_packages_of_its_formats(monkeypatch, tmp_path):
    monkeypatch.setattr(runtimes, "is_installed", lambda name: False)
    job = Config(
        train_mode="semi_supervised",
        dataset="digits",
        model_dir=str(tmp_path / "job"),
        stage_options={"distill": {"export_formats": "onnx"}},
    )
    with pytest.raises(ValueError, match="'onnx' needs tf2onnx and onnx: pip"):
        session.run(job)
    assert not (tmp_path / "job").exists()


def test_whose_a_version_is(tmp_path):
    """Of a shared directory a run removes its own versions alone."""
    assert exports._origin(config(model_dir="runs/a"), "runs/a/ckpt-3") is None
    shared = {"export_dir": "served"}
    of_run = config(model_dir="runs/a", **shared)
    assert exports._origin(of_run, "runs/a/ckpt-3") == "runs/a"
    assert exports._origin(config(checkpoint="x", **shared), "x") == "x"
    for step in (1, 2):  # of a run that is named by its checkpoints
        path = str(tmp_path / f"ckpt-{step}")
        tf.io.gfile.GFile(f"{path}.index", "w").write("")
        given = config(checkpoint=path, **shared)
        assert exports._origin(given, path) == str(tmp_path)
