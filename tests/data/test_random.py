"""Draws are the same compiled by XLA, as on a TPU, and not."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment.params import draw_parameters
from simclrv2_tf.data.random import fold
from simclrv2_tf.data.random import uniform
from simclrv2_tf.data.random import uniform_rows

DRAWS = {
    "fold": lambda step: fold(3, step, 5),
    "fold a pair": lambda step: fold([3, 1], step),
    "one": lambda step: uniform([], fold(3, step)),
    "rows": lambda step: uniform_rows(fold(3, step), 4, 3, 2, 8),
    "jitter": lambda step: draw_parameters(fold(3, step), 4, 0.5),
}


@pytest.mark.parametrize("name", DRAWS)
def test_compiled_or_not(name):
    plain, compiled = (
        tf.function(DRAWS[name], jit_compile=jit)(tf.constant(7))
        for jit in (False, True)
    )
    for one, other in zip(
        tf.nest.flatten(plain), tf.nest.flatten(compiled), strict=True
    ):
        # An amount is a product and a sum of a draw, which XLA makes one.
        np.testing.assert_allclose(one, other, 1e-6 * (name == "jitter"))


def test_numbers_are_those_of_tensorflow():
    for shape in ([], [64, 12]):
        theirs = tf.random.stateless_uniform(shape, [3, 7], alg="philox")
        np.testing.assert_array_equal(uniform(shape, [3, 7]), theirs)
