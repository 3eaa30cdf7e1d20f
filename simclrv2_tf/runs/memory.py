"""Memory in use: of the process, and of accelerators."""

import functools
import os

import tensorflow as tf


def memory_in_use() -> int:
    """Bytes that this process holds now, the largest of host and devices."""
    devices = tf.config.list_logical_devices("GPU")
    return max([_resident(), *(_of_device(device) for device in devices)])


def highest() -> int:
    """Bytes that this process held at most, on the host or on a device."""
    devices = tf.config.list_logical_devices("GPU")
    peaks = (tf.config.experimental.get_memory_info(d.name) for d in devices)
    return max([_highest(), *(info["peak"] for info in peaks)])


@functools.cache
def before_runs() -> int:
    """Bytes of the host that this process held when this was first asked.

    What a run takes is free for the next one in the same process.
    """
    return _resident()


def _resident():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux: the highest so far
        return _highest()


def _highest():
    try:
        import resource
    except ImportError:  # not on this system
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _of_device(device):
    return tf.config.experimental.get_memory_info(device.name)["current"]
