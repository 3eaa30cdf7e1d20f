"""In which process a storage's images are read, and whether they can be."""

from __future__ import annotations

import re

import tensorflow as tf

from simclrv2_tf.data.storage.interface import Storage


def check_process(storage: Storage, name: str) -> None:
    """Raises a ValueError where images would be read in another process.

    A strategy has its input made where its devices are, under `tf.device`.
    For a remote TPU that is another process, in which the Python code that
    reads some storages is not there: every image would count as unreadable.

    Args:
      storage: A `Storage`, of which `tf.data` is about to read.
      name: Of the data set, for the message.
    """
    there = other_process(_device_here(), _device_of_this_process())
    if there and storage.reads_in_python:
        raise ValueError(
            f"The images of {name} are read by Python code, which runs in "
            "this process alone, and the strategy has its input read in "
            f"{there}: hold them in memory (cache_dataset=True), give them as "
            "files of their own (folder:gs://BUCKET/PATH), or train on the "
            "TPU's virtual machine with tpu_name='local'."
        )


def other_process(device: str, own: str) -> str | None:
    """The process that a device is of, None where it is this one.

    Args:
      device: Full name of a device; one that names no process is of this one.
      own: Full name of a device of this process.

    Returns:
      Text such as "/job:worker/replica:0/task:0".
    """
    there = _process(device)
    return None if there in (None, _process(own)) else there


def _process(device):
    match = re.match(r"/job:\w+/replica:\d+/task:\d+", device)
    return match and match[0]


def _device_here():
    """The device on which what is made now would stand."""
    return tf.constant(0).device


def _device_of_this_process():
    with tf.device(None), tf.device("CPU:0"):
        return tf.constant(0).device
