"""Classifiers that a run never trained are no part of what is converted."""

import json

import pytest
import small_classifier
import stand_ins

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.hub import untrained_classifier
from simclrv2_tf.recipes.job_classifier import load_classifier

UNTRAINED = {"train_mode": "pretrain", "lineareval_while_pretraining": False}
HEADLESS = {**stand_ins.SMALL, "num_classes": 0}


def write_run(directory, flags):
    """TF1 weights with their average, and the flags of their run."""
    directory.mkdir()
    weights = stand_ins.weights(stand_ins.SMALL)
    weights |= {f"ema_model/{name}": value for name, value in weights.items()}
    tf1.write(str(directory / "model.ckpt-7"), weights)
    (directory / "flags.json").write_text(json.dumps(flags))
    return directory


@pytest.mark.parametrize(
    "name", ["x.safetensors", "tf1/model.ckpt-0", "tf2/ckpt-0"]
)
def test_it_is_left_out_and_told(name, tmp_path, caplog):
    run = write_run(tmp_path / "run", UNTRAINED)
    hub.convert(run, tmp_path / name)
    assert caplog.text.count(untrained_classifier.SENTENCE) == 1
    weights = hub.find_weights(tmp_path / name)
    assert weights.arguments["num_classes"] == 0
    stand_ins.assert_same(weights.arrays, HEADLESS)
    if "tf1" in name:
        averaged = hub.find_weights(tmp_path / name, ema=True)
        stand_ins.assert_same(averaged.arrays, HEADLESS)


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"train_mode": "pretrain"},
        {**UNTRAINED, "lineareval_while_pretraining": True},
        {**UNTRAINED, "train_mode": "finetune"},
    ],
)
def test_others_are_kept(flags, tmp_path, caplog):
    run = write_run(tmp_path / "run", flags)
    for source in (run, run / "model.ckpt-7"):
        assert not untrained_classifier.is_untrained(source)
    hub.convert(run, tmp_path / "ckpt-0")
    assert "never trained" not in caplog.text
    weights = hub.find_weights(tmp_path / "ckpt-0")
    assert set(weights.arrays) == set(layout.shapes(stand_ins.SMALL))


@pytest.mark.parametrize("source", ["run", "run/model.ckpt-7"])
def test_a_network_of_the_run_has_none(source, tmp_path):
    """Its answers were those of random weights."""
    write_run(tmp_path / "run", UNTRAINED)
    network = hub.load_network(tmp_path / source)
    assert network.supervised_head is None
    assert untrained_classifier.SENTENCE in network.load_report.notes
    stand_ins.assert_loaded(network)
    with pytest.raises(ValueError, match="The network has no classifier"):
        hub.load_backbone(tmp_path / source, "logits_sup")


def test_a_network_of_the_run_has_one_where_it_is_asked_for(tmp_path):
    run = write_run(tmp_path / "run", UNTRAINED)
    for classes in (3, 5):
        network = hub.load_network(run, num_classes=classes)
        assert network.get_config()["num_classes"] == classes
        assert untrained_classifier.SENTENCE not in network.load_report.notes
    trained = write_run(tmp_path / "trained", {"train_mode": "finetune"})
    stand_ins.assert_loaded(hub.load_network(trained))
    assert hub.load_network(trained).supervised_head is not None


def test_files_beside_a_run_are_not_of_it(tmp_path):
    run = write_run(tmp_path / "run", UNTRAINED)
    for source in (run, run / "model.ckpt-7", run / "model.ckpt-7.index"):
        assert untrained_classifier.is_untrained(source)
    (run / "x.keras").touch()
    for source in (run / "x.keras", tmp_path, "simclrv2/pretrained/r50_1x_sk0"):
        assert not untrained_classifier.is_untrained(source)


def test_a_converted_run_is_no_classifier(tmp_path, caplog):
    flags = {**small_classifier.FLAGS, **UNTRAINED}
    (tmp_path / "run").mkdir()
    network = small_classifier.classifier()
    run = small_classifier.save_run(network, tmp_path / "run", flags)
    hub.convert(run, tmp_path / "x.keras")
    assert caplog.text.count(untrained_classifier.SENTENCE) == 1
    with pytest.raises(ValueError, match="network with a supervised head"):
        load_classifier(tmp_path / "x.keras")
    errors = hub.compare(run, tmp_path / "x.keras")
    assert "logits_sup" not in errors
    assert set(errors.values()) == {0.0}
