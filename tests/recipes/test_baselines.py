"""Baselines go by the images that there are."""

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.recipes import baselines


def test_unreadable_images_are_rows_of_zeros():
    """However many: a job's runs have judged that, over all images."""
    rng = np.random.default_rng(0)
    encoded = [
        tf.io.encode_png(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8))
        for _ in range(4)
    ]
    encoded = [image.numpy() for image in encoded]
    encoded[2] = b"<html>404</html>"
    images = Encoded(np.array(encoded, object))
    rows = baselines.pixels_of(Source("few", np.zeros(4, np.int32), images), 4)
    np.testing.assert_allclose(
        np.linalg.norm(rows, axis=1), [1, 1, 0, 1], rtol=1e-6
    )
