"""Small networks with known weights, in place of published ones."""

import numpy as np
import reference

from simclrv2_tf.checkpoints import layout

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 8,
    "image_size": 32,
    "num_classes": 3,
    "proj_out_dim": 4,
}


def weights(arguments):
    """{canonical name: array} of the network of these arguments."""
    return {
        name: np.asarray(reference.parity_weights(name, shape))
        for name, shape in layout.shapes(arguments).items()
    }


def assert_same(arrays, arguments):
    """Arrays are those of `weights`, all of them and bit for bit."""
    expected = weights(arguments)
    assert set(arrays) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, name)


def assert_loaded(network, but=()):
    """A network's variables have the weights of their names."""
    for name, variable in network.named_variables().items():
        if not name.startswith(tuple(but)):
            expected = reference.parity_weights(name, variable.shape)
            np.testing.assert_array_equal(variable.numpy(), expected, name)
