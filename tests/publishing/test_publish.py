"""What is published comes back, from a directory and from a hub."""

import json
import os
import shutil
import types

import hub_server
import numpy as np
import published_run
import pytest

import simclrv2_tf
from simclrv2_tf import run as command
from simclrv2_tf.export import version_origin
from simclrv2_tf.machine import extras
from simclrv2_tf.publishing import upload

IMAGES = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
TOKEN = "hf_a_secret_of_mine"


def same_network(source, run):
    """Whether two networks answer alike, bit for bit."""
    given, expected = (
        simclrv2_tf.load_network(path)(IMAGES) for path in (source, run)
    )
    for name, value in expected.items():
        np.testing.assert_array_equal(given[name], value)


def test_a_directory_comes_back_bit_for_bit(run, published):
    same_network(published, run)
    classifier = simclrv2_tf.load_classifier(published)
    assert classifier.class_names == published_run.NAMES
    assert classifier.temperature == 1.5
    assert not [n for n in os.listdir(run.parent) if n.startswith(".writing")]


def test_it_has_what_others_need(published):
    names = {path.name for path in published.iterdir()}
    assert {"README.md", "config.json", "labels.txt"} < names
    assert {"network.keras", "saved_model.pb", "variables"} < names
    lines = (published / "labels.txt").read_text().splitlines()
    assert lines == published_run.NAMES
    config = json.loads((published / "config.json").read_text())
    assert config["network"]["resnet_depth"] == 18
    assert config["temperature"] == 1.5 and config["step"] == 7
    assert config["stages"]["run"]["seed"] == 3


def test_no_place_of_this_machine_is_told(published, run):
    for name in ("README.md", "config.json", "network.json"):
        text = (published / name).read_text()
        assert "/home/me" not in text and str(run.parent) not in text, name


def test_what_was_published_is_sent_on_as_it_is(published, tmp_path):
    again = tmp_path / "again"
    simclrv2_tf.publish(published, again)
    for name in ("README.md", "config.json", "network.keras"):
        assert (again / name).read_bytes() == (published / name).read_bytes()
    with pytest.raises(ValueError, match="`license` is for a model card that"):
        simclrv2_tf.publish(published, tmp_path / "third", license="mit")
    assert not (tmp_path / "third").exists()


def test_where_an_export_comes_from_is_nobodys_business(published, tmp_path):
    exported = tmp_path / "exported"
    shutil.copytree(published, exported)
    version_origin.write(exported, "runs/a")
    simclrv2_tf.publish(exported, tmp_path / "again")
    names = set(os.listdir(exported)) - {version_origin.FILE}
    assert set(os.listdir(tmp_path / "again")) == names


def test_a_target_that_is_taken_is_refused(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ValueError, match="new or empty.*something"):
            simclrv2_tf.publish(run, target)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_an_export_is_not_published_into_itself(published):
    for target in (published / "copy", published / "new" / "copy"):
        with pytest.raises(ValueError, match="must be outside the export"):
            simclrv2_tf.publish(f"{published}/", target)
    assert "copy" not in os.listdir(published)


@pytest.mark.parametrize("option", ["license", "intended_use"])
def test_terms_say_something(run, option):
    with pytest.raises(ValueError, match=f"`{option}` must say something"):
        simclrv2_tf.publish(run, "mine", **{option: " \n"})


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "needs a place: give --target"),
        ("hf://mine", "must be named hf://USER/NAME"),
        ("hf://me/mine@v1", "must name no revision"),
        ("kaggle://me/mine", "kaggle://OWNER/MODEL/FRAMEWORK/VARIATION"),
        ("hf://../mine", "must be named hf://USER/NAME"),
        ("hf://a/b/c", "must be named hf://USER/NAME"),
        ("hf://me/mine@../../x", "must be named hf://USER/NAME"),
        ("gs://bucket/mine", "must be a directory of this machine"),
    ],
)
def test_what_is_no_target_is_refused(run, target, words):
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.publish(run, target)


def test_a_password_in_a_target_is_not_repeated(run):
    for target, shown in (
        ("hf://me:word@hub/x", "'hf://***@hub/x'"),
        ("s3://me:word@host/x?token=word", "'s3://***@host/x?token=***'"),
    ):
        with pytest.raises(ValueError, match="Received: ") as error:
            simclrv2_tf.publish(run, target)
        assert str(error.value).endswith(shown)


def test_a_missing_package_is_named(run, monkeypatch, capsys):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    words = r"needs huggingface_hub: pip install 'simclrv2_tf\[hf\]'"
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.publish(run, "hf://me/mine")
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.load_network("hf://me/mine")
    with pytest.raises(SystemExit, match="^2$"):
        flags = ["--mode=publish", "--target=kaggle://me/mine/keras/small"]
        command.main(["simclrv2", *flags, f"--model_dir={run}"])
    assert "pip install 'simclrv2_tf[kaggle]'" in capsys.readouterr().err


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A stand-in of the hub, and its package as if begun with it."""
    constants = pytest.importorskip("huggingface_hub.constants")
    with hub_server.serving() as server:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        for name, value in {
            "ENDPOINT": server.address,
            "HUGGINGFACE_CO_URL_TEMPLATE": server.address
            + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_CACHE": str(tmp_path / "cache"),
        }.items():
            monkeypatch.setattr(constants, name, value)
        yield server


def test_the_hub_and_back(published, hub, capsys, caplog):
    source = "hf://me/mine"
    assert simclrv2_tf.publish(published, source) == source
    repository = hub.repositories["me/mine"]
    card = (published / "README.md").read_text()
    assert repository.files["README.md"].decode() == card.replace(
        '"PATH"', f'"{source}"'
    )
    assert repository.commits == 1 and not repository.private
    assert hub.cards[0].startswith("---\nlicense: ")
    same_network(source, published)
    classifier = simclrv2_tf.load_classifier(f"{source}@main")
    assert classifier.class_names == published_run.NAMES
    assert hub.tokens - {None} == {f"Bearer {TOKEN}"}
    assert TOKEN not in "".join(capsys.readouterr()) + caplog.text


def test_files_of_an_earlier_version_go(published, hub):
    simclrv2_tf.publish(published, "hf://me/mine", private=True)
    repository = hub.repositories["me/mine"]
    assert repository.private
    repository.files |= {"network.onnx": b"old", "notes.txt": b"mine"}
    simclrv2_tf.publish(published, "hf://me/mine", private=True)
    assert repository.commits == 2
    assert (
        "network.onnx" not in repository.files
        and "notes.txt" in repository.files
    )


def test_a_public_repository_is_not_taken_for_a_private_one(published, hub):
    hub.repositories["me/mine"] = hub_server.Repository(private=False)
    with pytest.raises(
        ValueError, match="hf://me/mine is public, while --priv"
    ):
        simclrv2_tf.publish(published, "hf://me/mine", private=True)
    assert not hub.repositories["me/mine"].files


def test_what_a_hub_has_not(hub, monkeypatch):
    words = "hf://me/none cannot be fetched: .*Check the name, the network"
    with pytest.raises(ValueError, match=words) as error:
        simclrv2_tf.load_network("hf://me/none")
    assert TOKEN not in str(error.value) and "\n" not in str(error.value)


@pytest.mark.slow
def test_without_a_network_what_was_fetched_is_taken(
    published, hub, monkeypatch
):
    simclrv2_tf.publish(published, "hf://me/mine")
    simclrv2_tf.load_network("hf://me/mine")
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.repositories.clear()
    same_network("hf://me/mine", published)
    with pytest.raises(ValueError, match="hf://me/none cannot be fetched"):
        simclrv2_tf.load_network("hf://me/none")


def test_kaggle_is_asked_by_its_own_package(published, monkeypatch):
    calls = []
    kaggle = types.SimpleNamespace(
        model_upload=lambda *given: calls.append(
            (given[0], sorted(os.listdir(given[1])), given[2])
        ),
        model_download=lambda handle: calls.append(handle) or str(published),
    )
    loaders = ("simclrv2_tf.hub.snapshots", "simclrv2_tf.publishing.upload")
    for module in loaders:
        monkeypatch.setattr(f"{module}.load_extra", lambda *_: kaggle)
    monkeypatch.setattr(
        "simclrv2_tf.publishing.publish.check_extra", lambda *_: None
    )
    source = "kaggle://me/mine/keras/small"
    simclrv2_tf.publish(published, source)
    assert calls == [
        ("me/mine/keras/small", sorted(os.listdir(published)), "CC BY 4.0")
    ]
    network = simclrv2_tf.load_network(f"{source}/3")
    assert calls[1] == "me/mine/keras/small/3"
    assert network.get_config()["num_classes"] == 3
    assert upload._kaggle_licence("Apache-2.0") == "Apache 2.0"
    assert upload._kaggle_licence("my own") == "my own"


@pytest.mark.slow
def test_a_run_begins_with_what_a_hub_has(published, hub, announced, tmp_path):
    simclrv2_tf.publish(published, "hf://me/mine")
    small = {"image_size": 8, "train_batch_size": 32, "train_steps": 2}
    small |= {"warmup_epochs": 0}
    with announced():
        simclrv2_tf.finetune(
            "digits", tmp_path / "tuned", checkpoint="hf://me/mine", **small
        )
    words = "teacher and the data must have the same classes.*<b>ant</b>, bee"
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.distill(
            "digits", tmp_path / "small", teacher="hf://me/mine", **small
        )
    path = simclrv2_tf.predict(
        "digits", checkpoint="hf://me/mine", predict_output=tmp_path / "x.csv"
    )
    with open(path) as file:
        assert "<b>ant</b>" in file.read()
