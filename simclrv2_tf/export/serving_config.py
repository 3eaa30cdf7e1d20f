"""Files that tell TensorFlow Serving what to serve, and how to batch."""

from __future__ import annotations

import os

import tensorflow as tf

from simclrv2_tf.export.warmup import MODEL_NAME
from simclrv2_tf.files import atomic
from simclrv2_tf.files.paths import is_remote

MODELS, BATCHING = "models.config", "batching_parameters.txt"
_MODELS_TEXT = """\
# tensorflow_model_server --model_config_file=<this file>
model_config_list {{
  config {{
    name: "{name}"
    base_path: "{path}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
}}
"""
_BATCHING_TEXT = """\
# tensorflow_model_server --enable_batching --batching_parameters_file=<this>
# Requests that come within the timeout are answered as one batch. One image
# that cannot be decoded fails the requests it was batched with.
max_batch_size { value: 32 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 4 }
"""


def write(directory: str) -> None:
    """Writes both files beside the versions, unless they are there already.

    Args:
      directory: Where versions are. `models.config` names it by its absolute
        path.
    """
    path = directory if is_remote(directory) else os.path.abspath(directory)
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    models = _MODELS_TEXT.format(name=MODEL_NAME, path=quoted)
    for name, text in ((MODELS, models), (BATCHING, _BATCHING_TEXT)):
        file_path = os.path.join(directory, name)
        if not tf.io.gfile.exists(file_path):
            atomic.write_text(file_path, text)
