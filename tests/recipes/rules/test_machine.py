"""The devices that a recipe reckons with."""

import pytest
import tensorflow as tf

from simclrv2_tf.recipes.rules import machine


@pytest.mark.parametrize(
    ("gpus", "strategy", "used"),
    [
        (0, "auto", 0),
        (0, "one_device", 0),
        (4, "auto", 4),
        (4, "mirrored", 4),
        (4, "one_device", 1),
    ],
)
def test_one_device_of_several_is_one(monkeypatch, gpus, strategy, used):
    monkeypatch.setattr(
        tf.config,
        "list_logical_devices",
        lambda kind: [kind] * gpus if kind == "GPU" else [],
    )
    monkeypatch.setattr(machine.precision, "lacking_device", lambda kind: None)
    found = machine.this_machine(strategy=strategy)
    assert found.accelerators == used
    assert (str(used) + " accelerators" in str(found)) == (used > 0)


def test_memory_is_what_is_free_or_what_may_be_taken(monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda *_: 2e9)
    assert machine.this_machine().memory == 2e9
    assert machine.this_machine(0.5).memory == 0.5e9
