"""Which strategy is chosen, from what flags and environment say."""

import json

import pytest
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import hardware_options
from simclrv2_tf.distribution import strategies

TWO = {
    "cluster": {"worker": ["one:1", "two:1"]},
    "task": {"type": "worker", "index": 1},
}
ALONE = {"cluster": {"chief": ["one:1"]}, "task": {"type": "chief", "index": 0}}


@pytest.fixture
def machine(monkeypatch):
    """A machine with nothing, whose strategies are their names."""
    for key in ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", "TF_CONFIG"):
        monkeypatch.delenv(key, raising=False)
    for kind in ("_tpu", "_connected", "_mirrored"):
        name = f"{kind}_strategy"
        monkeypatch.setattr(strategies, name, lambda *_, kind=kind: kind)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda _: [])
    return monkeypatch


def test_the_flag_offers_the_strategies_that_there_are():
    assert hardware_options.STRATEGIES == distribution.STRATEGIES


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_one_device_is_the_default_strategy(machine, name):
    strategy = distribution.make_strategy(name)
    assert strategy is tf.distribute.get_strategy()


def test_auto_takes_what_it_finds(machine):
    make = distribution.make_strategy
    machine.setattr(tf.config, "list_logical_devices", lambda _: ["0", "1"])
    assert make() == "_mirrored"
    machine.setenv("TF_CONFIG", json.dumps(ALONE))
    assert make() == "_mirrored"
    machine.setenv("TF_CONFIG", json.dumps(TWO))
    assert make() == "_connected"
    machine.setenv("TPU_NAME", "pod")
    assert make() == "_tpu"
    assert make(use_tpu=False) == "_connected"
    machine.delenv("TPU_NAME")
    assert make(tpu_name="pod") == "_tpu"
    assert make(use_tpu=True) == "_tpu"


def test_a_cluster_of_one_is_one_machine(machine):
    machine.setenv("TF_CONFIG", json.dumps(ALONE))
    assert distribution.make_strategy("multi_worker") == "_mirrored"


def test_tpu_arguments_reach_the_resolver(monkeypatch):
    seen, prepared = [], []
    resolver = object()
    monkeypatch.setattr(
        tf.distribute.cluster_resolver,
        "TPUClusterResolver",
        lambda **given: seen.append(given) or resolver,
    )
    for place, name in (
        (tf.config, "experimental_connect_to_cluster"),
        (tf.tpu.experimental, "initialize_tpu_system"),
        (tf.distribute, "TPUStrategy"),
    ):
        monkeypatch.setattr(place, name, prepared.append)
    distribution.make_strategy("tpu", "pod", "zone-a", "project")
    assert seen == [{"tpu": "pod", "zone": "zone-a", "project": "project"}]
    assert prepared == [resolver] * 3
    strategies._tpu_strategy.cache_clear()


def test_a_tpu_that_is_not_there(monkeypatch):
    def resolve(**given):
        raise OSError("Name or service not known")

    place = tf.distribute.cluster_resolver
    monkeypatch.setattr(place, "TPUClusterResolver", resolve)
    with pytest.raises(ValueError, match=r"reached \(Name .*`tpu_name`.*pod"):
        distribution.make_strategy("tpu", "pod")


def test_messages(machine):
    with pytest.raises(ValueError, match="`strategy` must be one of"):
        distribution.make_strategy("parameter_server")
    with pytest.raises(ValueError, match="TF_CONFIG, which is unset"):
        distribution.make_strategy("multi_worker")


def test_workers_must_meet_first(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps(TWO))
    tf.zeros([1])  # TensorFlow has computed something
    with pytest.raises(ValueError, match="before TensorFlow has computed"):
        distribution.make_strategy("auto")
