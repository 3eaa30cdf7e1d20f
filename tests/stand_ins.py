"""Small networks with known weights, in place of published ones."""

import numpy as np
import parity_networks
import reference

from simclrv2_tf.checkpoints import layout
from simclrv2_tf.models.network import Network

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 8,
    "image_size": 32,
    "num_classes": 3,
    "proj_out_dim": 4,
}


def weights(arguments):
    """{canonical name: array} of the network of these arguments."""
    return parity_networks.weights(layout.shapes(arguments))


def network(arguments, **options):
    """A `Network` that has them; `options` are arguments without weights."""
    made = Network(**arguments, **options)
    of_names = weights(arguments)
    for name, variable in made.named_variables().items():
        variable.assign(of_names[name])
    return made


def arrays_of(model):
    """{canonical name: array} of a network's or a stage's variables."""
    return {name: v.numpy() for name, v in model.named_variables().items()}


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
