"""Several logical CPUs in one process, before TensorFlow has computed."""

import tensorflow as tf

from simclrv2_tf import distribution


def split_cpu(devices):
    """The processor as so many devices."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * devices
    )


def mirrored(replicas):
    """A strategy of so many replicas."""
    split_cpu(replicas)
    return distribution.make_strategy("mirrored")
