"""What the functions take in place of a data set's name."""

import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf


@pytest.mark.parametrize(
    "data",
    [np.zeros((3, 8, 8, 3), np.uint8), (np.zeros((3, 8, 8, 3)), [0, 1, 0])],
)
def test_arrays_are_refused_in_a_sentence(data, tmp_path):
    message = "for arrays give tf.data.Dataset.from_tensor_slices.*Received: "
    with pytest.raises(ValueError, match=message + type(data).__name__ + "$"):
        simclrv2_tf.pretrain(data, tmp_path)


@pytest.mark.parametrize(
    "option",
    [
        {"label_map": "map.csv"},
        {"exclude_images": "names.txt"},
        {"train_split": "train[:50%]"},
    ],
)
def test_what_needs_a_name_is_refused_for_what_has_none(option, tmp_path):
    images = np.full((3, 8, 8, 3), 128, np.uint8)
    data = tf.data.Dataset.from_tensor_slices((images, [0, 1, 0]))
    (name,) = option
    with pytest.raises(ValueError, match=f"`{name}` is for .*before they are"):
        simclrv2_tf.pretrain(data, tmp_path, **option)
