"""One version of an exported network, with all that belongs to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.export import extra_formats
from simclrv2_tf.export import quantized
from simclrv2_tf.export import serving_config
from simclrv2_tf.export import version_origin
from simclrv2_tf.export import versions
from simclrv2_tf.export import warmup
from simclrv2_tf.export.labels import label_file
from simclrv2_tf.export.servable import make_servable
from simclrv2_tf.export.signatures import TOP
from simclrv2_tf.export.signatures import make_signatures
from simclrv2_tf.export.signatures import name_methods
from simclrv2_tf.export.version_notes import AS_THEY_ARE
from simclrv2_tf.export.version_notes import Decoding
from simclrv2_tf.export.version_notes import write_decoding
from simclrv2_tf.export.version_notes import write_temperature
from simclrv2_tf.files.run_files import NETWORK


def export_network(
    network: keras.Model,
    directory: str,
    version: int,
    prepare: Callable[[tf.Tensor], tf.Tensor],
    *,
    names: Sequence[str] | None = None,
    keep: int = 1,
    formats: Iterable[str] = (),
    top: int = TOP,
    decoding: Decoding = AS_THEY_ARE,
    temperature: float = 1.0,
    calibration: np.ndarray | None = None,
    origin: str | os.PathLike[str] | None = None,
) -> str:
    """Writes `<directory>/<version>/`, a SavedModel and what belongs to it.

    Called as `m(images, trainable=False)` it gives the endpoints, as the
    original release's exports do; with `trainable=True`, or `training=True`
    as Keras and TensorFlow Hub say it, normalization uses and advances the
    batch's statistics and all variables have gradients.
    Nothing random is baked in. `make_signatures` describes the signatures.
    Beside the SavedModel are `network.keras` and, where asked for,
    the files of `EXTRA_FORMATS`; beside the versions `models.config` and
    `batching_parameters.txt` for TensorFlow Serving.

    Args:
      network: A `Network`, all of whose layers are trainable.
      directory: Where versions are.
      version: Whole number, 0 or more: the step of the weights. A version of
        that number is replaced.
      prepare: Function from encoded bytes (string scalar) to one image as
        evaluation sees it, float32 in [0, 1].
      names: Names of the classes; numbers unless given.
      keep: Versions of this origin that stay, this one and the newest before
        it.
      formats: Of `EXTRA_FORMATS`, those to write as well.
      top: Classes that an answer names, 1 or more.
      decoding: How `prepare` decodes images, noted beside the SavedModel.
      temperature: What `serving_default` and `classify` divide logits by
        before they are probabilities, noted beside the SavedModel; endpoints
        and other formats have the logits as they are.
      calibration: Images of training that int8 is calibrated on, float32
        (count, height, width, channels) in [0, 1], of the network's size.
      origin: Path of the run or the weights, where others may export to the
        directory as well; noted beside the SavedModel, as a digest.

    Returns:
      The path that was written.

    Raises:
      ValueError: If arguments do not fit, or something else than an export
        has the version's place. What was there before is still there.
    """
    extra_formats.check_installed(formats)
    extra_formats.check_size(network, formats)
    for form in quantized.INT8 & set(formats):
        quantized.check(network, form, calibration)
    with versions.staged(directory, version) as beside:
        with label_file(network, names) as labels:
            servable = make_servable(network, prepare, labels)
            signatures = make_signatures(servable, network, top, temperature)
            tf.saved_model.save(servable, beside, signatures=signatures)
        name_methods(beside)
        arguments = network.get_config()
        warmup.write_records(
            beside, signatures, arguments["channels"], arguments["image_size"]
        )
        _write_arguments(network, beside)
        version_origin.write(beside, origin)
        write_decoding(beside, decoding)
        write_temperature(beside, temperature)
        extra_formats.write(network, beside, formats, calibration)
    versions.forget_older(directory, version, keep, origin)
    serving_config.write(directory)
    return os.path.join(directory, str(version))


def _write_arguments(network, version):
    """Those of `Network`; of a Keras backbone also the variables' names."""
    arguments = network.get_config()
    if arguments.get("backbone"):
        arguments["variables"] = list(network.named_variables())
        if network.backbone.with_constants:
            arguments["constants"] = True  # earlier versions did without
    path = os.path.join(version, NETWORK)
    with tf.io.gfile.GFile(path, "w") as file:
        json.dump(arguments, file, indent=2)
