"""A distillation whose loss asks for labels that are not there."""

import types

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.runs.start import distillation_checks

NUMBERS = tuple(map(str, range(12)))


def check(alpha, *labels):
    images = InMemory(np.zeros((len(labels), 8, 8, 3), np.uint8))
    source = Source("these", np.array(labels, np.int32), images, ("a", "b"))
    config = Config(train_mode="distill", teacher="x", distill_alpha=alpha)
    distillation_checks.check_labels(config, source)


def test_labels_alone_must_be_there():
    message = "--distill_alpha=0 gives .*no image of these has one: nothing wo"
    with pytest.raises(ValueError, match=message):
        check(0.0, -1, -1)
    check(0.0, -1, 1)


def test_a_share_for_labels_that_are_not_there_is_told(caplog):
    check(1.0, -1, -1)
    check(0.5, -1, 0)
    assert not caplog.text
    check(0.5, -1, -1)
    assert "--distill_alpha=0.5 gives" in caplog.text
    assert "the loss is smaller by it" in caplog.text


@pytest.mark.parametrize(
    ("teacher", "names", "warns"),
    [
        ("teaches.keras", NUMBERS, True),
        ("teaches.keras", NUMBERS[:10], False),  # the same in both orders
        ("teaches.keras", ("b", "a"), False),  # of no folders
        ("teaches.keras", None, False),
        ("runs/teacher", NUMBERS, False),
    ],
)
def test_numbers_that_keras_has_in_another_order(caplog, teacher, names, warns):
    labels = np.zeros(1, np.int32)
    images = InMemory(np.zeros((1, 8, 8, 3), np.uint8))
    source = Source("these", labels, images, names)
    known = types.SimpleNamespace(get_config=lambda: {"num_classes": 12})
    config = Config(train_mode="distill", teacher=teacher)
    distillation_checks.check_classes(config, [known], source, 12)
    said = "(0, 1, 10, 11, 2, 3, 4, 5, ... (12)): the teacher teaches.keras"
    assert (said in caplog.text) == bool(caplog.text) == warns
