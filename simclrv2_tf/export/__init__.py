"""A model at the end of training: to be served, and to build upon.

`export_network` writes a version: a SavedModel with its signatures and warm-up
records, the same network as `.keras`, and as ONNX or LiteRT where asked for.
"""

from simclrv2_tf.export.extra_formats import EXTRA_FORMATS as EXTRA_FORMATS
from simclrv2_tf.export.extra_formats import check_installed as check_installed
from simclrv2_tf.export.extra_formats import file_of as file_of
from simclrv2_tf.export.labels import read_labels as read_labels
from simclrv2_tf.export.latency import measure as measure
from simclrv2_tf.export.latency import table as table
from simclrv2_tf.export.quantized import INT8 as INT8
from simclrv2_tf.export.runtimes import open_file as open_file
from simclrv2_tf.export.version_notes import Decoding as Decoding
from simclrv2_tf.export.version_notes import read_decoding as read_decoding
from simclrv2_tf.export.version_notes import (
    read_temperature as read_temperature,
)
from simclrv2_tf.export.write import export_network as export_network
