"""What cannot be one prepared data set is refused before it is written."""

import numpy as np
import pytest

from simclrv2_tf.data.prepare import beam
from simclrv2_tf.data.prepare import shards
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory


def split(name, classes=("a", "b"), channels=3):
    pixels = np.zeros((2, 4, 4, channels), np.uint8)
    labels = np.array([0, 1], np.int32)
    return Source(name, labels, InMemory(pixels), classes)


def test_splits_that_are_alike_share_their_kind():
    kind = shards.common({"train": split("one"), "test": split("two")})
    assert kind == (3, ("a", "b"))


@pytest.mark.parametrize("unlike", [{"classes": ("a", "c")}, {"channels": 1}])
def test_splits_of_unlike_kinds_are_refused(unlike):
    sources = {"train": split("one"), "test": split("two", **unlike)}
    words = "same classes and channels. Received: one, two"
    with pytest.raises(ValueError, match=words):
        shards.common(sources)


def test_a_target_of_beam_is_called_as_tfds_calls_it(tmp_path):
    beam._check_name(str(tmp_path / "my_data" / "1.0.0"))
    with pytest.raises(ValueError, match="'mydata'. Received: 'MyData'"):
        beam._check_name(str(tmp_path / "MyData" / "1.0.0"))
