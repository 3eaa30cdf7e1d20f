"""From weights of any kind to an exported version."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf import export
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.config import stage_overrides
from simclrv2_tf.data.augment.crops import preprocess_for_eval
from simclrv2_tf.data.decode.limits import Limits
from simclrv2_tf.data.decode.rgb import decode_in_graph
from simclrv2_tf.data.shorter_side import reduce_image
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.source import to_channels
from simclrv2_tf.data.sources import tfds
from simclrv2_tf.files.run_files import VERSIONS as VERSIONS
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.inference.calibration_images import calibration_images
from simclrv2_tf.inference.int8_accuracy import tell_accuracy
from simclrv2_tf.models.dtype_policy import dtype_policy
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_temperature

BEST = "_best"  # after the name of that directory
Data = tuple[Source | None, Source | None]  # of training, of evaluation


def export_weights(
    config: Config,
    source: str | os.PathLike,
    load: Callable[[str | os.PathLike], Network],
    directory: str | None = None,
    data: Data = (None, None),
    ema: bool = False,
) -> str:
    """Exports what a source holds.

    Args:
      config: A `Config`.
      source: Anything that `--checkpoint` accepts.
      load: Function from the source to a `Network`.
      directory: Where versions are, in place of the config's.
      data: What int8 is calibrated and judged on, `Source`s of training and
        of evaluation in place of the config's.
      ema: Whether what is loaded is the average of the weights, for the
        temperature that belongs to them.

    Returns:
      The path that was written.

    Raises:
      ValueError: If there is nowhere to write to, or no weights.
    """
    directory = directory or directory_of(config)
    with dtype_policy("float32"):  # whatever they were trained in
        network = load(source)
        images = None
        if export.INT8 & set(formats_of(config)):
            images = calibration_images(config, source, network, data[0])
        path = export.export_network(
            network,
            directory,
            step_of(source),
            _preparation(config, network),
            names=_class_names(config, source, network),
            keep=config.keep_hub_module_max,
            formats=formats_of(config),
            top=config.export_top_k,
            decoding=_decoding(config),
            temperature=weights_temperature.temperature(source, ema),
            calibration=images,
            origin=_origin(config, source),
        )
        print(f"exported {path}{_turned(config)}{_scaled(path)}", flush=True)
        _tell_quality(config, source, network, path, data[1])
    return path


def _decoding(config):
    """How an export decodes images: as its run."""
    return export.Decoding(config.apply_orientation, config.resize_shorter_side)


def _origin(config, source):
    """The origin of a version in a directory of several runs; else None."""
    if not config.export_dir:
        return None
    prefix = None if config.model_dir else tf1.find(local(source))
    return config.model_dir or (os.path.dirname(prefix) if prefix else source)


def _tell_quality(config, source, network, path, eval_source):
    """Prints the accuracy of int8 and, on request, each format's latency."""
    forms = formats_of(config)
    files = [export.file_of(f, path) for f in forms if f in export.INT8]
    if files:
        tell_accuracy(config, source, network, files, eval_source)
    if config.export_benchmark:
        print(export.table(export.measure(network, path, forms)), flush=True)


def _turned(config):
    """A clause on what an export does to what it decodes, "" if nothing."""
    done = []
    if config.apply_orientation:
        done.append("turns encoded JPEG, PNG and WebP as their EXIF tags say")
    if config.resize_shorter_side:
        done.append(
            "reduces encoded images to a shorter side of "
            f"{config.resize_shorter_side} pixels"
        )
    if not done:
        return ""
    return (
        f": it {' and '.join(done)}; images given as pixels, to "
        "network.keras, ONNX and LiteRT too, are taken as they are"
    )


def _scaled(path):
    """A clause on the temperature of an export, "" if it has none."""
    temperature = export.read_temperature(path)
    if temperature == 1.0:
        return ""
    return f" (probabilities at temperature {temperature:.4g})"


def export_newest(config: Config, data: Data = (None, None)) -> str:
    """Exports a config's newest weights; returns the path.

    Args:
      config: A `Config`.
      data: See `export_weights`.

    Raises:
      ValueError: See `export_weights`.
    """
    directory_of(config)  # or the error that there is none, first of all
    return _export(config, weights.newest(config), None, data)


def export_best(config: Config, data: Data = (None, None)) -> str:
    """Exports a run's best checkpoint, beside the last; returns the path."""
    directory = directory_of(config).rstrip("/") + BEST
    return _export(config, weights.best(config), directory, data)


def _export(config, prefix, directory, data):
    ema = weights.takes_average(config, prefix, config.export_ema)
    load = functools.partial(_load, config, ema)
    return export_weights(config, prefix, load, directory, data, ema)


def _load(config, ema, prefix):
    """The network in float32, without a classifier that was never trained."""
    config = dataclasses.replace(config, mixed_precision="float32")
    trained = weights_classes.has_classifier(prefix)
    arguments = {} if trained else {"num_classes": 0}
    return weights.load(config, prefix, ema, **arguments)


def formats_of(config: Config) -> tuple[str, ...]:
    """The formats of `--export_formats`, a tuple."""
    return _names(config.export_formats)


def all_formats(config: Config) -> tuple[str, ...]:
    """The same, and those of single stages of a job, each once."""
    own = stage_overrides.read(config.stage_options, config).values()
    texts = [config.export_formats, *(o.get("export_formats") for o in own)]
    return tuple(dict.fromkeys(name for t in texts for name in _names(t)))


def _names(text):
    names = (name.strip() for name in (text or "").split(","))
    return tuple(name for name in names if name)


def directory_of(config: Config) -> str:
    """Where versions go.

    Args:
      config: A `Config`: `export_dir`, else `model_dir`.

    Raises:
      ValueError: If neither is given.
    """
    if config.export_dir:
        return config.export_dir
    if not config.model_dir:
        raise ValueError(
            "An exported model needs a place: give --export_dir, the directory "
            "of its versions, or --model_dir, below which that is "
            f"{VERSIONS}/. Received: neither."
        )
    return os.path.join(config.model_dir, VERSIONS)


def step_of(source: str | os.PathLike) -> int:
    """The step of weights, 0 where nothing tells it.

    The end of a checkpoint's prefix, the version of a SavedModel, or what is
    known of a published model.
    """
    path = local(source)
    place = tf1.find(path) or saved_model.find(path)
    if place is None:
        model = None if os.path.exists(path) else catalogue.find(path)
        return (model and model.step) or 0
    name = os.path.basename(place.rstrip("/"))
    match = re.search(r"(?:^|-)(\d+)$", name)
    return int(match[1]) if match else 0


def _class_names(config, source, network):
    """As the run, the SavedModel or else the data set of the flags has them."""
    names = weights_classes.class_names(source)
    count = network.get_config()["num_classes"]
    if names is None and count:
        names = tfds.class_names(config.dataset, config.data_dir)
    return names if names and len(names) == count else None


def _preparation(config, network):
    """From encoded bytes to one image, as evaluation does it."""
    arguments = network.get_config()
    size, channels = arguments["image_size"], arguments["channels"]
    decode = functools.partial(
        decode_in_graph,
        limits=Limits(config.max_image_pixels, config.max_image_bytes),
        apply_orientation=config.apply_orientation,
    )

    def prepare(encoded):
        image = _decoded(encoded, channels, decode)
        if config.resize_shorter_side:
            image = reduce_image(image, config.resize_shorter_side)
        return to_channels(preprocess_for_eval(image, size), channels)

    return prepare


def _decoded(encoded, channels, decode):
    """An image as an export takes it: pixels as decoded, not scaled yet.

    No format of files holds other numbers of channels than 1 and 3: those are
    serialized tensors, float32 (height, width, channels).
    """
    if channels not in (1, 3):
        image = tf.io.parse_tensor(encoded, tf.float32)
        return tf.ensure_shape(image, [None, None, channels])
    return decode(encoded)
