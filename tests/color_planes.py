"""Images as the colour operations take them, planes, and back."""

import tensorflow as tf


def to_planes(images):
    """(batch, height, width, 3) to (3, batch, height * width)."""
    shape = tf.shape(images)
    planes = tf.transpose(images, [3, 0, 1, 2])
    channels = images.shape[-1]
    return tf.reshape(planes, [channels, shape[0], shape[1] * shape[2]])


def from_planes(planes, images):
    """Back to the shape of `images`."""
    shape = tf.shape(images)
    channels = images.shape[-1]
    planes = tf.reshape(planes, [channels, shape[0], shape[1], shape[2]])
    return tf.ensure_shape(tf.transpose(planes, [1, 2, 3, 0]), images.shape)
