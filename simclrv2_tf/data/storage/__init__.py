"""Where the images of a data set are: one small class for each kind."""

from simclrv2_tf.data.storage.byte_ranges import ByteRanges
from simclrv2_tf.data.storage.decoded import Decoded
from simclrv2_tf.data.storage.encoded import Encoded
from simclrv2_tf.data.storage.encoded import Files
from simclrv2_tf.data.storage.in_memory import ArrayStorage
from simclrv2_tf.data.storage.in_memory import InMemory
from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.interface import Storage
from simclrv2_tf.data.storage.interface import within
from simclrv2_tf.data.storage.mapped import Mapped
from simclrv2_tf.data.storage.python_reads import PythonReads

__all__ = [
    "ArrayStorage",
    "ByteRanges",
    "Decoded",
    "Encoded",
    "Files",
    "Fingerprint",
    "InMemory",
    "Mapped",
    "PythonReads",
    "Storage",
    "within",
]
