"""The plain pipeline that ours is measured against has its statistics."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment import policy
from tools.benchmarks.input import reference

COUNT = 2000


def quantiles(values):
    return np.quantile(values, np.linspace(0.05, 0.95, 10))


@pytest.mark.slow
def test_colours_are_distributed_as_ours():
    """Quantiles of 2,000 draws agree to a tenth of their spread."""
    image = np.random.default_rng(0).random((8, 8, 3), np.float32)
    images = tf.repeat(image[None], COUNT, axis=0)
    tf.random.set_seed(1)
    plain = tf.data.Dataset.from_tensor_slices(images).map(
        lambda x: reference.random_color(x, 0.5)
    )
    plain = next(plain.batch(COUNT).as_numpy_iterator())
    ours = policy.augment_views(images, [1, 2], strength=0.5, blur=False)
    for statistic in (np.mean, np.std):
        a, b = (
            quantiles(statistic(x, axis=(1, 2, 3)))
            for x in (plain, ours.numpy())
        )
        assert np.abs(a - b).max() < 0.1 * (b[-1] - b[0])
    chroma = [np.ptp(x, axis=-1).mean((1, 2)) for x in (plain, ours.numpy())]
    shares = [(c < 1e-6).mean() for c in chroma]
    assert abs(shares[0] - shares[1]) < 5 * np.sqrt(2 * 0.2 * 0.8 / COUNT)


def test_blur_is_chosen_for_half_and_has_one_width():
    images = np.random.default_rng(0).random((400, 30, 30, 3), np.float32)
    tf.random.set_seed(1)
    blurred = reference.random_blur(tf.constant(images)).numpy()
    change = np.abs(blurred - images).mean((1, 2, 3))
    assert abs((change > 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(400)
    assert change[change > 0].std() < 0.2 * change.max()


@pytest.mark.parametrize("size", [16, pytest.param(40, marks=pytest.mark.slow)])
def test_batches_have_two_views_in_the_unit_interval(size):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 20, 24, 3)).astype(np.uint8)
    examples = tf.data.Dataset.from_tensor_slices(images)
    batch = next(iter(reference.train_dataset(examples, 4, size)))
    assert batch.shape == (4, size, size, 6)
    for view in reference.blur_views(batch):
        assert 0 <= view.numpy().min() <= view.numpy().max() <= 1
    assert not np.allclose(batch[..., :3], batch[..., 3:])
