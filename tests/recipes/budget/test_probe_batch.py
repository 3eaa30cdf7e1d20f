"""A probe takes a part of a batch whose step is long on paper."""

import pytest

from simclrv2_tf.recipes.budget.probe_batch import in_parts


@pytest.mark.parametrize(
    ("reckoned", "batch", "parts"),
    [
        (0.0, 256, 1),
        (2.0, 256, 1),
        (2.1, 256, 2),
        (15.0, 256, 8),
        (100.0, 256, 8),  # no fewer than 32 images
        (15.0, 250, 2),  # 125 is odd
        (15.0, 48, 1),
    ],
)
def test_parts_of_a_batch(reckoned, batch, parts):
    options = {"train_batch_size": batch, "image_size": 96}
    smaller, times = in_parts(options, reckoned)
    assert times == parts
    assert smaller == {"train_batch_size": batch // parts, "image_size": 96}


def test_microbatches_are_as_many():
    options = {"train_batch_size": 512, "gradient_cache_microbatch": 64}
    smaller, times = in_parts(options, 10.0)
    assert (times, smaller) == (
        8,
        {"train_batch_size": 64, "gradient_cache_microbatch": 8},
    )


def test_without_microbatches_there_are_none():
    options = {"train_batch_size": 512, "gradient_cache_microbatch": 0}
    smaller, _ = in_parts(options, 10.0)
    assert smaller["gradient_cache_microbatch"] == 0
