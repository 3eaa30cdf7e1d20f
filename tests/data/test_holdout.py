"""What is set aside is a share of each class, always the same."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.runs import inputs

LABELS = np.repeat([0, 1, 2, -1], [10, 20, 1, 30])


def test_a_share_of_each_class_is_set_aside():
    chosen = holdout.held_out(LABELS, 0.2)
    assert np.bincount(LABELS[chosen]).tolist() == [2, 4]
    assert (LABELS[chosen] >= 0).all()
    rest = holdout.left_over(LABELS, 0.2)
    assert sorted([*chosen, *rest]) == list(range(len(LABELS)))


def test_nothing_is_set_aside_without_labels():
    assert not len(holdout.held_out(np.full(5, -1), 0.5))


def test_a_run_trains_on_the_rest_and_evaluates_on_what_is_set_aside():
    config = Config(dataset="digits", holdout_fraction=0.1)
    train = inputs.open_source(config)
    aside = inputs.open_source(config, "holdout")
    whole = inputs.open_source(Config(dataset="digits"))
    assert train.num_examples + aside.num_examples == whole.num_examples
    both = np.concatenate([train.storage.array, aside.storage.array])
    assert sorted(both.sum((1, 2, 3))) == sorted(
        whole.storage.array.sum((1, 2, 3))
    )
    test = inputs.open_source(config, "test")
    assert test.num_examples == 360  # other splits are as they are


def test_a_source_is_divided_as_its_labels_are():
    images = InMemory(np.zeros((len(LABELS), 2, 2, 3), np.uint8))
    names = ("ant", "bee", "cat")
    source = Source("these", LABELS.astype(np.int32), images, names)
    rest, aside = holdout.divide(source, 0.2)
    assert aside.numbers.tolist() == holdout.held_out(LABELS, 0.2).tolist()
    assert rest.numbers.tolist() == holdout.left_over(LABELS, 0.2).tolist()
    rest, aside = holdout.divide(source, 0.0)
    assert (rest.num_examples, aside.num_examples) == (len(LABELS), 0)


def test_the_share_is_a_share():
    with pytest.raises(ValueError, match=r"must be in \[0, 1\)"):
        Config(holdout_fraction=1.0)
