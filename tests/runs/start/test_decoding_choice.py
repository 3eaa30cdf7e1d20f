"""Images are turned in a run, in what follows it, and in its exports."""

import json
import logging

import numpy as np
import pytest
import small_backbone
import small_classifier
import tensorflow as tf
from oriented_images import TAGS
from oriented_images import encoded
from oriented_images import stored
from oriented_images import write_folders

import simclrv2_tf
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs.start.decoding_choice import resolve_decoding

OPTIONS = {
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 16,
    "train_steps": 4,
    "warmup_epochs": 0,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "use_blur": False,
}
SCENE = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    tagged, upright = write_folders(tmp_path_factory.mktemp("photos"))
    return f"folder:{tagged}", f"folder:{upright}"


@pytest.fixture(scope="module")
def trained(folders, tmp_path_factory):
    """A classifier trained on images that were turned, and its export."""
    directory = tmp_path_factory.mktemp("runs") / "turned"
    result = simclrv2_tf.finetune(
        folders[0], directory, apply_orientation=True, **OPTIONS
    )
    return directory, result["export"]


@pytest.fixture(scope="module")
def run(trained):
    return trained[0]


@pytest.fixture(scope="module")
def exported(trained):
    return trained[1]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """What is there of a run whose images were turned."""
    flags = {**small_classifier.FLAGS, "apply_orientation": True}
    directory = tmp_path_factory.mktemp("runs") / "untrained"
    network = small_classifier.classifier()
    return small_classifier.save_run(network, directory, flags)


@pytest.mark.slow
def test_training_is_that_on_upright_images(
    run, folders, tmp_path, without_export
):
    plain = tmp_path / "plain"
    with without_export():
        simclrv2_tf.finetune(folders[1], plain, **OPTIONS)
    turned, upright = map(weights_of, (run, plain))
    assert set(turned) == set(upright)
    for name in turned:
        np.testing.assert_array_equal(turned[name], upright[name], name)


def weights_of(directory):
    network = simclrv2_tf.load_network(str(directory))
    return {v.path: v.numpy() for v in network.variables}


def test_the_plan_and_the_journal_tell(folders, tmp_path, capsys, announced):
    for apply, words in ((False, "left as stored"), (True, "turned as")):
        directory = tmp_path / str(apply)
        options = {**OPTIONS, "apply_orientation": apply}
        with announced():
            simclrv2_tf.pretrain(folders[0], directory, **options)
        expected = "28 images carry an EXIF orientation tag other than 1: "
        assert f"data              {expected}{words}" in capsys.readouterr().out
        event = (directory / "events.jsonl").read_text().splitlines()[0]
        assert json.loads(event)["notes"][0].startswith(expected + words)
        flags = json.loads((directory / "flags.json").read_text())
        assert flags["apply_orientation"] == apply


@pytest.mark.slow
def test_what_follows_a_run_takes_it_over(run, folders, tmp_path):
    """No flag is given: the tagged images count as the upright ones."""
    embedded, judged, tables = [], [], []
    for folder in folders:
        output = str(tmp_path / f"{len(embedded)}.npz")
        found = simclrv2_tf.embed(folder, run, embed_output=output)
        embedded.append(found["embeddings"])
        judged.append(
            simclrv2_tf.evaluate(folder, run, eval_split="train", knn_k=3)
        )
        output = str(tmp_path / f"{len(tables)}.csv")
        path = simclrv2_tf.predict(folder, run, predict_output=output)
        rows = open(path).read().splitlines()
        tables.append([row.partition(",")[2] for row in rows])
    np.testing.assert_array_equal(*embedded)
    assert judged[0] == judged[1]
    assert tables[0] == tables[1]


def test_a_flag_that_was_given_stays(untrained, folders, tmp_path, caplog):
    output = str(tmp_path / "e.npz")
    embedded = simclrv2_tf.embed(folders[0], untrained, embed_output=output)
    assert "apply_orientation=False, while" not in caplog.text
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        other = simclrv2_tf.embed(
            folders[0],
            untrained,
            embed_output=str(tmp_path / "f.npz"),
            apply_orientation=False,
        )
    assert "apply_orientation=False, while" in caplog.text
    assert (embedded["embeddings"] != other["embeddings"]).any()
    with pytest.raises(ValueError, match="holds another result"):
        simclrv2_tf.embed(
            folders[0],
            untrained,
            embed_output=output,
            apply_orientation=False,
        )


@pytest.fixture(scope="module")
def untrained_export(untrained):
    return simclrv2_tf.export_model(untrained)


@pytest.mark.parametrize("role", ["model_dir", "checkpoint", "teacher"])
def test_whoever_starts_from_a_run(untrained, role):
    run = {role: str(untrained)}
    assert resolve_decoding(Config(**run)).apply_orientation
    off = Config(**run, apply_orientation=False)
    assert not resolve_decoding(off).apply_orientation


def test_runs_of_earlier_versions_left_it_alone(tmp_path):
    (tmp_path / "flags.json").write_text("{}")
    assert not resolve_decoding(
        Config(model_dir=str(tmp_path))
    ).apply_orientation


def test_a_source_that_turns_them_is_believed(folders, tmp_path, announced):
    source = sources.open_source(folders[0], apply_orientation=True)
    with announced():
        simclrv2_tf.finetune(source, tmp_path / "run", **OPTIONS)
    flags = json.loads((tmp_path / "run" / "flags.json").read_text())
    assert flags["apply_orientation"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("JPEG", marks=pytest.mark.slow),
        "PNG",
        pytest.param("WEBP", marks=pytest.mark.slow),
    ],
)
def test_the_exported_model_turns_them(untrained_export, kind):
    served = tf.saved_model.load(untrained_export).signatures["embed"]
    images = [encoded(stored(SCENE, tag), kind, tag) for tag in TAGS]
    features = served(encoded=tf.constant(images))["final_avg_pool"].numpy()
    assert np.abs(features).max() > 0
    # JPEG's squares lie otherwise in an image that is stored turned.
    most = 0.1 if kind == "JPEG" else 0
    scale = np.abs(features).max()
    np.testing.assert_allclose(
        features, features[:1].repeat(8, 0), 0, most * scale
    )
    sideways = [encoded(stored(SCENE, tag), kind) for tag in TAGS]
    others = served(encoded=tf.constant(sideways))["final_avg_pool"].numpy()
    assert np.abs(others[1:] - others[:1]).max(axis=1).min() > 0


@pytest.mark.slow
def test_an_export_says_so(run, exported, tmp_path, capsys):
    decoding = json.loads(open(f"{exported}/decoding.json").read())
    assert decoding == {"apply_orientation": True}
    config = Config(
        mode="export", checkpoint=exported, export_dir=str(tmp_path)
    )
    again = session.run(config)["export"]
    assert json.loads(open(f"{again}/decoding.json").read()) == decoding
    words = "images given as pixels, to network.keras, ONNX and LiteRT too"
    assert words in capsys.readouterr().out
    off = Config(
        mode="export",
        checkpoint=exported,
        export_dir=str(tmp_path / "off"),
        apply_orientation=False,
    )
    path = session.run(off)["export"]
    assert "decoding.json" not in tf.io.gfile.listdir(path)
    assert "turns" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_loaded_classifier_turns_them(run, exported, tmp_path):
    files = []
    for tag in TAGS:
        files.append(tmp_path / f"{tag}.png")
        files[-1].write_bytes(encoded(stored(SCENE, tag), "PNG", tag))
    for place in (run, exported):
        predictions = simclrv2_tf.load_classifier(place).predict(files)
        first = predictions[0].probabilities
        for one in predictions[1:]:
            assert one.probabilities == pytest.approx(first, abs=1e-6)
