"""Averages and memories of checkpoints: kept, gone on with, converted."""

import json

import numpy as np
import pytest
import small_classifier

import simclrv2_tf
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.pretrain import Pretrain

SIZE = 48
TINY = {
    **small_classifier.SIZE,
    "temperature": 0.5,
    "train_batch_size": 16,
    "warmup_epochs": 0,
    "eval_split": "test",
    "seed": 1,
}
MEMORY = {"memory_size": SIZE, "memory_momentum": 0.5}


@pytest.fixture(scope="module")
def run(tmp_path_factory, without_export):
    """A run of two steps with a memory: 64 keys are written."""
    directory = tmp_path_factory.mktemp("momentum") / "run"
    options = {**TINY, **MEMORY, "train_steps": 2}
    with without_export():
        simclrv2_tf.pretrain("digits", directory, **options)
    return directory


@pytest.fixture(scope="module")
def published(run):
    """The same as the release has it: no count, no average of the head."""
    prefix = str(run.parent / "published" / "model.ckpt-2")
    simclrv2_tf.convert(str(run), prefix, form="tf1")
    arrays = {
        name: array
        for name, array in run_directory.read(f"{run}/ckpt-2").items()
        if name != tf1.WRITTEN and "ema_model/head_supervised" not in name
    }
    tf1.write(prefix, arrays, 2)
    return prefix


def held(directory, step):
    return dict(run_directory.read(f"{directory}/ckpt-{step}"))


@pytest.mark.slow
def test_names_are_those_of_the_published_files(run):
    arrays = held(run, 2)
    assert arrays["memory"].shape == (SIZE, 8)
    assert arrays["memory_written"] == 64
    trained = {n for n in arrays if not n.startswith(("ema_model/", "memory"))}
    assert {n[10:] for n in arrays if n[:10] == "ema_model/"} == trained
    for name in ("base_model/conv2d_3/kernel", "head_contrastive/nl_1/dense"):
        assert any(n.startswith(f"ema_model/{name}") for n in arrays)


@pytest.mark.slow
def test_checkpoint_ema_reads_the_average(run):
    arrays = held(run, 2)
    for ema, prefix in ((False, ""), (True, "ema_model/")):
        network = hub.load_network(run, ema=ema)
        for name, variable in network.named_variables().items():
            np.testing.assert_array_equal(variable, arrays[prefix + name])


@pytest.mark.slow
def test_a_conversion_to_tf1_keeps_them_and_back(run, tmp_path, without_export):
    prefix = str(tmp_path / "model.ckpt-2")
    assert simclrv2_tf.convert(run, prefix) == "tf1"
    arrays = held(run, 2)
    read = tf1.read_momentum(prefix)
    names = [n for n in arrays if n.startswith(("ema_model/", "memory"))]
    assert set(read) == set(names)
    for name in names:
        np.testing.assert_array_equal(read[name], arrays[name])
    again = tmp_path / "again"
    with without_export():
        simclrv2_tf.pretrain(
            "digits",
            again,
            checkpoint=prefix,
            train_steps=1,
            learning_rate=0.0,
            **TINY,
            **{**MEMORY, "memory_momentum": 0.0},
        )
    after = held(again, 1)
    assert after["memory_written"] == 96
    for name in names:
        if "moving_" not in name and "memory" not in name:
            trained = arrays[name.removeprefix("ema_model/")]
            np.testing.assert_array_equal(after[name], trained)


@pytest.mark.slow
def test_a_published_checkpoint_goes_on(
    published, run, tmp_path, without_export
):
    """At rest: what is there stays, but for the keys that are written."""
    before = held(run, 2)
    with without_export():
        simclrv2_tf.pretrain(
            "digits",
            tmp_path / "on",
            checkpoint=published,
            train_steps=1,
            learning_rate=0.0,
            **TINY,
            **MEMORY,
        )
    after = held(tmp_path / "on", 1)
    assert after["memory_written"] == SIZE + 32
    np.testing.assert_allclose(
        after["memory"][32:], before["memory"][32:], 1e-6, 1e-7
    )
    assert np.abs(after["memory"][:32] - before["memory"][:32]).max() > 0.01
    name = "base_model/conv2d_3/kernel"
    expected = (before[f"ema_model/{name}"] + before[name]) / 2
    np.testing.assert_allclose(after[f"ema_model/{name}"], expected, 1e-6)
    assert np.abs(expected - before[name]).max() > 1e-6


def test_another_size_is_refused(tmp_path):
    network = Network(**small_classifier.SIZE, num_classes=10)
    stage = Pretrain(network, **MEMORY)
    begun = run_directory.save(str(tmp_path), 2, stage.named_variables())
    options = {**TINY, **MEMORY, "checkpoint": begun, "train_steps": 1}
    with pytest.raises(ValueError, match="give --memory_size=48"):
        simclrv2_tf.pretrain(
            "digits", tmp_path / "run", **{**options, "memory_size": 50}
        )


@pytest.mark.slow
def test_an_average_alone_is_evaluated_and_exported(run, tmp_path):
    """Fine-tuning, whose average begins with the weights that it tunes."""
    options = {**TINY, "checkpoint": str(run), "memory_momentum": 0.5}
    results = {}
    for name, ema in (("trained", False), ("averaged", True)):
        results[name] = simclrv2_tf.finetune(
            "digits",
            tmp_path / "tuned",
            mode="train_then_eval",
            train_steps=2,
            learning_rate=1.0,
            eval_ema=ema,
            export_ema=ema,
            **options,
        )
        head = hub.load_network(
            results[name]["export"]
        ).supervised_head.linear.kernel
        arrays = held(tmp_path / "tuned", 2)
        prefix = "ema_model/" if ema else ""
        kernel = "head_supervised/linear_layer/dense/kernel"
        np.testing.assert_array_equal(head, arrays[prefix + kernel])
    decay = "eval/regularization_loss"
    assert results["trained"][decay] != results["averaged"][decay]
    flags = json.loads((tmp_path / "tuned" / "flags.json").read_text())
    assert flags["memory_momentum"] == 0.5
    with pytest.raises(ValueError, match="memory_momentum=0.5"):
        simclrv2_tf.finetune(
            "digits",
            tmp_path / "tuned",
            train_steps=3,
            **{**options, "memory_momentum": None},
        )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"memory_momentum": 1.0}, "in \\[0, 1\\)"),
        ({"memory_size": -1}, "0 or more"),
        ({"memory_size": 4, "train_mode": "finetune"}, "contrastive loss"),
        ({"eval_ema": True}, "needs an average"),
        ({"export_ema": True, "memory_momentum": 0.0}, "needs an average"),
    ],
)
def test_what_does_not_go_together_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.Config(**options)
