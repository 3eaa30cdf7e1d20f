"""Memory in use: of the process, and of accelerators."""

import functools
import os

import tensorflow as tf


def memory_in_use() -> int:
    """Bytes in use on the accelerator with most, else by this process.

    That is the memory that `memory_check.expect` estimates.
    """
    return _of_accelerators("current") or _resident()


def highest() -> int:
    """The most bytes in use so far, see `memory_in_use`."""
    return _of_accelerators("peak") or _highest()


@functools.cache
def before_runs() -> int:
    """Bytes of the host that this process used at the first call.

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


def _of_accelerators(which):
    """Bytes by TensorFlow's allocators, 0 without accelerators."""
    devices = tf.config.list_logical_devices("GPU")
    infos = (tf.config.experimental.get_memory_info(d.name) for d in devices)
    return max((info[which] for info in infos), default=0)
