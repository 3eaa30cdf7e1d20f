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


@pytest.mark.parametrize(
    ("batch", "replicas", "parts"),
    [(1020, 6, 2), (1000, 8, 1), (1024, 8, 4), (1020, 10, 2)],
)
def test_each_device_has_as_many_images(batch, replicas, parts):
    smaller, times = in_parts({"train_batch_size": batch}, 60.0, replicas)
    assert times == parts
    assert smaller["train_batch_size"] % replicas == 0


@pytest.mark.parametrize(
    ("microbatch", "parts"), [(0, 16), (64, 4), (16, 16), (256, 1), (96, 1)]
)
def test_microbatches_stay_two_or_more(microbatch, parts):
    options = {"train_batch_size": 512, "gradient_cache_microbatch": microbatch}
    smaller, times = in_parts(options, 30.0)
    assert (times, smaller["train_batch_size"]) == (parts, 512 // parts)
    assert smaller["gradient_cache_microbatch"] == microbatch
