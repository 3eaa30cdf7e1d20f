"""Channels that stand first are told by their number."""

import pytest

from simclrv2_tf.data.storage.channels_last import check_channels_last


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((3, 32, 48), r"\(height, width, channels\).*\(1, 2, 0\)"),
        ((1, 28, 28), r"the shape \(1, 28, 28\)"),
        ((9, 4, 8, 8), r"\(examples, height, .*to \(0, 2, 3, 1\)"),
    ],
)
def test_first(shape, order):
    with pytest.raises(ValueError, match=f"These must have the.*{order}"):
        check_channels_last(shape, "These")


@pytest.mark.parametrize(
    "shape", [(32, 32, 3), (3, 32, 3), (1, 9, 1), (2, 9, 9), (3, 8, 8, 12)]
)
def test_last(shape):
    check_channels_last(shape, "These")
