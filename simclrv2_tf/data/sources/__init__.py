"""Data sets by name: one module for each kind, opened by the registry."""

from simclrv2_tf.data.sources.registry import KINDS
from simclrv2_tf.data.sources.registry import from_dataset
from simclrv2_tf.data.sources.registry import open_source
from simclrv2_tf.data.sources.registry import split_names

__all__ = ["KINDS", "from_dataset", "open_source", "split_names"]
