"""What the functions take in place of a data set's name."""

import numpy as np
import pytest

import simclrv2_tf


@pytest.mark.parametrize(
    "data",
    [np.zeros((3, 8, 8, 3), np.uint8), (np.zeros((3, 8, 8, 3)), [0, 1, 0])],
)
def test_arrays_are_refused_in_a_sentence(data, tmp_path):
    message = "for arrays give tf.data.Dataset.from_tensor_slices.*Received: "
    with pytest.raises(ValueError, match=message + type(data).__name__ + "$"):
        simclrv2_tf.pretrain(data, tmp_path)
