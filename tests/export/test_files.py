"""What an exported version leaves on disk: versions, labels, other formats."""

import json
import logging
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from export_cases import NAMES
from export_cases import SIZE
from export_cases import prepare

from simclrv2_tf import export
from simclrv2_tf import hub
from simclrv2_tf.export import extra_formats
from simclrv2_tf.export import labels
from simclrv2_tf.export import latency
from simclrv2_tf.export import runtimes
from simclrv2_tf.export import version_origin
from simclrv2_tf.export import versions
from simclrv2_tf.files.run_files import NETWORK

IMAGES = np.random.default_rng(1).random((3, SIZE, SIZE, 3), np.float32)


def write(directory, version, keep, origin=None):
    with versions.staged(str(directory), version) as path:
        for name in ("file", NETWORK):
            with open(os.path.join(path, name), "w") as file:
                file.write(str(version))
        version_origin.write(path, origin)
    versions.forget_older(str(directory), version, keep, origin)
    return versions.versions_of(str(directory))


def test_older_versions_are_kept_as_asked(tmp_path):
    assert write(tmp_path, 1, 2) == [1]
    assert write(tmp_path, 5, 2) == [1, 5]
    assert write(tmp_path, 30, 2) == [5, 30]
    assert write(tmp_path, 30, 1) == [30]


def test_files_that_an_export_loses_are_named(tmp_path, caplog):
    write(tmp_path, 5, 1)
    write(tmp_path, 5, 1)
    assert not caplog.text
    (tmp_path / "5" / "assets").mkdir()
    for name in ("network.onnx", "assets/mine.txt", latency.FILE):
        (tmp_path / "5" / name).write_text("")
    write(tmp_path, 5, 1)
    (line,) = caplog.messages
    assert line == (
        f"{tmp_path / '5'} is exported anew, without files that the earlier "
        "export had: assets/mine.txt, network.onnx"
    )


def test_newer_versions_stay(tmp_path):
    write(tmp_path, 9, 1)
    assert write(tmp_path, 4, 1) == [4, 9]


def test_versions_of_others_stay(tmp_path, caplog):
    """Another run's export was removed, as older than this one's."""
    caplog.set_level(logging.INFO, "simclrv2_tf")
    assert write(tmp_path, 400, 1, "runs/a") == [400]
    assert write(tmp_path, 500, 1, "runs/b") == [400, 500]
    assert write(tmp_path, 600, 1) == [400, 500, 600]
    assert "removed" not in caplog.text
    assert write(tmp_path, 700, 1, "./runs/b/") == [400, 600, 700]
    assert f"removed {tmp_path / '500'}, an earlier export of" in caplog.text
    assert write(tmp_path, 800, 1) == [400, 700, 800]


def test_what_is_no_export_stays(tmp_path):
    """A folder of classes that are called 0 to 9 was removed."""
    for name in ("0", "1", "9", "007", "²"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photograph.png").write_text("")
    assert write(tmp_path, 5, 1) == [0, 1, 5, 7, 9]
    (tmp_path / "5" / NETWORK).unlink()
    assert write(tmp_path, 8, 1) == [0, 1, 5, 7, 8, 9]


def test_what_is_no_export_is_not_replaced(tmp_path):
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "photograph.png").write_text("")
    with pytest.raises(ValueError, match="replaces an earlier export.*/5'"):
        write(tmp_path, 5, 1)
    assert os.listdir(tmp_path) == ["5"]
    assert os.listdir(tmp_path / "5") == ["photograph.png"]


def test_an_origin_is_noted_without_its_path(tmp_path):
    version = str(tmp_path / "3")
    write(tmp_path, 3, 1, "/home/me/runs/a")
    note = (tmp_path / "3" / version_origin.FILE).read_text()
    assert "home" not in note and "runs" not in note
    assert version_origin.is_of(version, "/home/me/runs/a")
    assert not version_origin.is_of(version, "/home/me/runs/b")
    assert not version_origin.is_of(version, None)
    (tmp_path / "3" / version_origin.FILE).write_text("{")
    assert not version_origin.is_of(version, "/home/me/runs/a")
    assert version_origin.digest("gs://a/b") == version_origin.digest(
        "gs://a/b/"
    )


def test_a_version_is_whole_or_the_old_one(tmp_path):
    write(tmp_path, 1, 1)
    with pytest.raises(KeyError):
        with versions.staged(str(tmp_path), 1) as path:
            assert os.listdir(path) == []
            raise KeyError
    assert os.listdir(tmp_path) == ["1"]
    assert (tmp_path / "1" / "file").read_text() == "1"


def test_other_files_are_no_versions(tmp_path):
    (tmp_path / "models.config").write_text("")
    (tmp_path / "old").mkdir()
    assert write(tmp_path, 2, 1) == [2]
    assert (tmp_path / "old").exists()


@pytest.mark.parametrize("version", [-1, 0.5])
def test_versions_are_whole_numbers(tmp_path, version):
    with pytest.raises(ValueError, match="whole number, 0 or more"):
        write(tmp_path, version, 1)


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="can be written to"):
        write(tmp_path / "file" / "below", 1, 1)


def test_labels_are_an_asset(exported):
    path = os.path.join(exported, "assets", "labels.txt")
    with open(path, encoding="utf-8") as file:
        assert file.read().splitlines() == NAMES
    assert export.read_labels(exported) == NAMES
    assert export.read_labels(os.path.dirname(exported)) is None


def test_labels_of_lines_and_numbers(network):
    with labels.label_file(network, ["a\nb", *"cdefgh"]) as path:
        table = labels.make_table(path)
        assert table.lookup(tf.constant([0, 6], tf.int64)).numpy().tolist() == [
            b"a b",
            b"h",
        ]
    with labels.label_file(network) as path:
        with open(path) as file:
            assert file.read().split() == list("0123456")
    with pytest.raises(ValueError, match="2 names for 7 classes"):
        with labels.label_file(network, ["a", "b"]):
            pass


def test_keras_file_is_the_same_network(exported, network):
    path = os.path.join(exported, "network.keras")
    expected = network(IMAGES)["logits_sup"]
    for read in (keras.models.load_model, hub.load_network):
        np.testing.assert_allclose(read(path)(IMAGES)["logits_sup"], expected)


def test_the_network_comes_back_from_the_saved_model(exported, network):
    for source in (exported, os.path.dirname(exported)):
        again = hub.load_network(source)
        assert again.get_config()["ft_proj_selector"] == 1
        np.testing.assert_allclose(
            again(IMAGES)["logits_sup"], network(IMAGES)["logits_sup"]
        )


def test_onnx_answers_as_the_network(exported, network):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(
        os.path.join(exported, "network.onnx")
    )
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {"images": IMAGES})
    expected = network(IMAGES)
    assert set(names) == set(expected)
    for name, value in zip(names, values, strict=True):
        np.testing.assert_allclose(value, expected[name], atol=1e-4)


def test_litert_answers_as_the_network(exported, network):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    path = os.path.join(exported, "network.tflite")
    runner = interpreter.Interpreter(path).get_signature_runner()
    expected = network(IMAGES)
    answers = runner(images=IMAGES)
    assert set(answers) == set(expected)
    for name, value in answers.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-4)


def test_formats_that_do_not_answer_alike_are_refused(network):
    expected = network(IMAGES)
    answers = {name: value.numpy() for name, value in expected.items()}
    extra_formats._compare(answers, expected, "network.onnx")
    answers["logits_sup"] = answers["logits_sup"] + 1e-3
    with pytest.raises(ValueError, match=r"onnx to answer.*0\.001 in logits_s"):
        extra_formats._compare(answers, expected, "network.onnx")


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(runtimes, "is_installed", lambda name: False)
    with pytest.raises(ValueError, match=r"pip install 'simclrv2_tf\[onnx\]'"):
        export.check_installed(["onnx"])
    with pytest.raises(ValueError, match="Received: 'coreml'"):
        export.check_installed(["coreml"])


def test_networks_that_a_format_cannot_hold_are_refused(
    network, tmp_path, monkeypatch
):
    """Protobuf and FlatBuffers ended after minutes, in errors of their own."""
    with monkeypatch.context() as patch:
        patch.setattr(type(network), "count_params", lambda self: 2**29)
        words = "'litert' takes networks of less than 2 GiB .*: 2.0 GiB; leave"
        with pytest.raises(ValueError, match=words):
            export.export_network(
                network, str(tmp_path), 1, prepare, formats=["litert"]
            )
        extra_formats.check_size(network, [])
    assert os.listdir(tmp_path) == []
    extra_formats.check_size(network, extra_formats.EXTRA_FORMATS)


def test_a_converter_that_fails_names_the_format(
    network, tmp_path, monkeypatch
):
    def fails(*arguments, **options):
        raise RuntimeError("Failed to serialize proto\nat a place")

    monkeypatch.setattr(type(network), "export", fails)
    words = r"written as 'onnx' \(Failed to serialize proto\): leave it out"
    with pytest.raises(ValueError, match=words):
        extra_formats._export(network, str(tmp_path / "x.onnx"), "onnx")


def test_a_full_disk_stays_one(network, tmp_path, monkeypatch):
    def fails(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(network), "export", fails)
    with pytest.raises(OSError, match="No space left"):
        extra_formats._export(network, str(tmp_path / "x.onnx"), "onnx")


def test_nothing_is_left_when_writing_fails(network, tmp_path):
    with pytest.raises(ValueError, match="3 names for 7 classes"):
        export.export_network(
            network, str(tmp_path), 1, prepare, names=list("abc")
        )
    assert os.listdir(tmp_path) == []


def test_network_json_holds_the_arguments(exported, network):
    with open(os.path.join(exported, "network.json")) as file:
        assert json.load(file) == network.get_config()
