"""GPUs of the command: their memory is shared, and none is passed over."""

import logging
import subprocess
import sys

import pytest
import tensorflow as tf

from simclrv2_tf.machine import gpus


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """One whose driver knows a GPU, and what TensorFlow finds of it."""
    (tmp_path / "0000:01:00.0").mkdir()
    monkeypatch.setattr(gpus, "DRIVERS", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)

    def finds(*devices):
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: list(devices)
        )

    return finds


@pytest.fixture
def growth(monkeypatch):
    """The GPUs that take memory as it is needed."""
    grown = []
    monkeypatch.setattr(
        tf.config.experimental,
        "set_memory_growth",
        lambda gpu, value: grown.append((gpu, value)),
    )
    return grown


def test_every_gpu_takes_memory_as_it_is_needed(machine, growth, caplog):
    machine("a", "b")
    gpus.set_up()
    assert growth == [("a", True), ("b", True)] and not caplog.records


def test_what_the_environment_says_of_memory_stays(
    machine, growth, monkeypatch
):
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    machine("a")
    gpus.set_up()
    assert not growth


def test_memory_that_is_taken_already_stays(machine, monkeypatch):
    refused = []

    def refuse(gpu, value):
        refused.append(gpu)
        raise RuntimeError("Physical devices cannot be modified")

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", refuse)
    machine("a")
    gpus.set_up()
    assert refused == ["a"]


@pytest.mark.parametrize("visible", [None, "0", "1,0", "GPU-8932f937"])
def test_a_gpu_that_tensorflow_cannot_use_is_told(
    machine, monkeypatch, caplog, visible
):
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine()
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        gpus.set_up()
    (record,) = caplog.records
    message = record.getMessage()
    assert "GPU that TensorFlow cannot use" in message
    assert "pip install 'simclrv2_tf[cuda]'" in message


@pytest.mark.parametrize("visible", ["", "-1", " -1", "-1,0", "NoDevFiles"])
def test_one_that_is_hidden_is_not(machine, monkeypatch, caplog, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine()
    gpus.set_up()
    assert not caplog.records


def test_nor_one_that_is_not_there(machine, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(gpus, "DRIVERS", str(tmp_path / "none"))
    machine()
    gpus.set_up()
    assert not caplog.records


@pytest.mark.slow
def test_the_command_sets_them_up_before_anything_is_computed(tmp_path):
    code = (
        "from simclrv2_tf.machine import gpus\n"
        "from tensorflow.python.eager import context\n"
        "gpus.set_up = lambda: print('computed:',"
        " context.context()._initialized)\n"
        "from simclrv2_tf import run\n"
        f"run.main(['', '--mode=eval', '--model_dir={tmp_path}'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.startswith("computed: False"), done.stderr
