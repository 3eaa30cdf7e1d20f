"""What `--export_benchmark` finds of a version."""

import json
import os
import shutil

import pytest

from simclrv2_tf.export import latency
from simclrv2_tf.export import runtimes

FORMATS = ("onnx", "litert")


@pytest.fixture(scope="module")
def version(exported, tmp_path_factory):
    """A copy: others compare the files of the version."""
    folder = tmp_path_factory.mktemp("benchmark") / "3"
    return str(shutil.copytree(exported, folder))


def test_all_formats_are_timed_and_weighed(version, network):
    for package in ("onnxruntime", "ai_edge_litert"):
        pytest.importorskip(package)
    found = latency.measure(network, version, FORMATS, seconds=0.0)
    rows = {row["format"]: row for row in found["formats"]}
    assert list(rows) == ["saved_model", "keras", *FORMATS]
    for row in rows.values():
        assert list(row["milliseconds"]) == ["1", "32"]
        for times in row["milliseconds"].values():
            assert 0 < times["fastest"] <= times["median"]
            assert times["requests"] == latency.ROUNDS[0]
    sizes = {name: row["bytes"] for name, row in rows.items()}
    assert sizes["litert"] == _size(version, "network.tflite")
    assert sizes["keras"] == _size(version, "network.keras")
    assert sizes["saved_model"] > _size(version, "saved_model.pb")
    with open(os.path.join(version, "benchmark.json")) as file:
        assert json.load(file) == found
    lines = latency.table(found).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split()[:2] == ["format", "MiB"]


def _size(directory, name):
    return os.path.getsize(os.path.join(directory, name))


def test_what_has_no_runtime_here_is_weighed_alone(
    version, network, monkeypatch
):
    monkeypatch.setattr(runtimes, "is_installed", lambda name: False)
    monkeypatch.setattr(latency, "BATCHES", (1,))
    found = latency.measure(network, version, ("litert",), seconds=0.0)
    *_, row = found["formats"]
    assert row["milliseconds"] is None
    assert row["bytes"] == _size(version, "network.tflite")
    assert latency.table(found).splitlines()[-1].endswith("not installed")
