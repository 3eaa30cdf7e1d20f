"""Sources that people put together: what does not go together is told."""

import numpy as np
import pytest
from data_files import ENCODED
from data_files import LABELS
from data_files import NAMES
from data_files import PIXELS

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory


def source_of(labels=LABELS, images=PIXELS, names=NAMES):
    return Source("mine", labels, InMemory(images), names)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"labels": LABELS[:9]}, "Received: 9 labels and 12 images"),
        ({"labels": np.tile(LABELS, 2)}, "Received: 24 labels and 12 images"),
        ({"labels": LABELS.tolist()}, "an array of whole.*Received: list for"),
        ({"labels": np.eye(12)}, "Received: float64 of the shape .12, 12."),
        ({"labels": LABELS.astype(str)}, "Received: <U21 of the shape .12,."),
        ({"labels": LABELS + 1}, "3 names and the label 3.*subtract 1"),
        ({"names": NAMES[:2]}, "2 names and the label 2 for mine"),
        ({"labels": LABELS - 2}, "from 0 on, or -1.*Received: -2"),
        ({"images": PIXELS[..., 0]}, r"shape \(12, 9, 7\); grey images"),
        (
            {"images": PIXELS.transpose(0, 3, 1, 2)},
            r"The images of mine must have the channels last.*\(0, 2, 3, 1\)",
        ),
    ],
)
def test_what_does_not_go_together(parts, message):
    with pytest.raises(ValueError, match=message):
        source_of(**parts)


def test_encoded_images_are_counted_too():
    with pytest.raises(ValueError, match="12 labels and 11 images"):
        Source("mine", LABELS, Encoded(np.array(ENCODED[1:], object)), NAMES)


def test_classes_without_names_are_told_where_they_are_needed():
    source = source_of(names=None)
    assert source.num_examples == 12
    message = "Received: class_names=None and labels up to 2 for mine; give"
    with pytest.raises(ValueError, match=message):
        source.num_classes  # noqa: B018


def test_what_goes_together():
    assert source_of().num_classes == 3
    assert source_of(LABELS * 0 - 1, names=None).num_classes == 0
    assert source_of(LABELS.astype(np.uint8)).num_classes == 3
    assert source_of(names=[*NAMES, "unused"]).num_classes == 4
    assert source_of(LABELS[:0], PIXELS[:0]).num_examples == 0
