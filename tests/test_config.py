"""Config: defaults, ranges, and the messages for what does not go."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.config import groups


def test_each_field_is_in_one_group_and_has_help():
    names = [f.name for g in groups() for f in dataclasses.fields(g)]
    assert sorted(names) == sorted(f.name for f in dataclasses.fields(Config))
    for field in dataclasses.fields(Config):
        assert field.metadata["help"].endswith((".", "all examples."))


def test_whole_widths_are_whole_numbers():
    assert Config(width_multiplier=2.0).width_multiplier == 2
    assert Config(width_multiplier=0.25).width_multiplier == 0.25


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resnet_depth": 42}, r"`resnet_depth` must be one of \[18.*42"),
        ({"mode": "test"}, "`mode` must be one of"),
        ({"optimizer": "sgd"}, "`optimizer` must be one of"),
        ({"train_batch_size": 0}, "`train_batch_size` must be at least 1"),
        ({"temperature": 0}, "`temperature` must be above 0"),
        ({"width_multiplier": 0.3}, "a positive multiple of 1/32"),
        ({"label_fraction": 0}, r"`label_fraction` must be in \(0, 1\]"),
        ({"distill_alpha": 2}, r"`distill_alpha` must be in \[0, 1\]"),
        ({"ft_proj_selector": 4}, "from -4 to 3"),
        ({"fine_tune_after_block": 2}, "no meaning in pretraining"),
        ({"label_fraction": 0.1, "labels_per_class": 1}, "not both"),
        ({"train_mode": "distill"}, "Distillation needs a teacher"),
    ],
)
def test_messages(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)
