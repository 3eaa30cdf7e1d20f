"""Memory in use: of the process, and of accelerators."""

import functools
import os

import tensorflow as tf

_BEFORE = {"host": 0}  # bytes that the process had come to at `begin`


def memory_in_use() -> int:
    """Bytes in use on the accelerator with most, else by this process.

    That is the memory that `memory_check.expect` estimates.
    """
    return _of_accelerators("current") or _resident()


def begin() -> None:
    """Has `highest` tell of what is in use from now on.

    A process may do one job after another, of which each has its own peak.
    """
    for device in _gpus():
        tf.config.experimental.reset_memory_stats(device.name)
    _BEFORE["host"] = _highest()


def highest() -> int:
    """The most bytes in use since `begin`, see `memory_in_use`.

    The system keeps the peak of a process's life alone: on the host it is what
    is in use now where the process had come to more before.
    """
    return _of_accelerators("peak") or _highest_since()


def _highest_since():
    now = _highest()
    return now if now > _BEFORE["host"] else min(now, _resident())


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
    infos = (tf.config.experimental.get_memory_info(d.name) for d in _gpus())
    return max((info[which] for info in infos), default=0)


def _gpus():
    """Logical GPUs; without a card TensorFlow is not made to begin."""
    if not tf.config.list_physical_devices("GPU"):
        return []
    return tf.config.list_logical_devices("GPU")
