"""Networks away from their start, where residual branches give zero."""

import tensorflow as tf


def perturb(network):
    """Adds noise to all that is trained, the same in each call; the network."""
    for index, variable in enumerate(network.trainable_variables):
        noise = tf.random.stateless_normal(variable.shape, [index, 1])
        variable.assign_add(tf.cast(0.1 * noise, variable.dtype))
    return network
