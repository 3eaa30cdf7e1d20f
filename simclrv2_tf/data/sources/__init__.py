"""Data sets by name: one module for each kind, opened by the registry."""

from simclrv2_tf.data.sources.array.tf_dataset import from_dataset
from simclrv2_tf.data.sources.digits import open_digits
from simclrv2_tf.data.sources.folder.folders import open_folder
from simclrv2_tf.data.sources.registry import KINDS
from simclrv2_tf.data.sources.registry import is_tfds
from simclrv2_tf.data.sources.registry import open_source
from simclrv2_tf.data.sources.registry import split_names

__all__ = [
    "KINDS",
    "from_dataset",
    "is_tfds",
    "open_digits",
    "open_folder",
    "open_source",
    "split_names",
]
