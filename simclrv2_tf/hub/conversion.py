"""Weights from one format to another."""

import functools
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.checkpoints.arrays import check_finite
from simclrv2_tf.checkpoints.arrays import joined
from simclrv2_tf.checkpoints.arrays import shapes_of
from simclrv2_tf.files import atomic
from simclrv2_tf.hub import load
from simclrv2_tf.hub import not_kept
from simclrv2_tf.hub import untrained_classifier
from simclrv2_tf.models import pixel_scaling
from simclrv2_tf.models.network import check_arguments
from simclrv2_tf.models.network import check_selector

_LOG = logging.getLogger("simclrv2_tf")
FORMATS = ("keras", "weights.h5", "tf1", "tf2", "safetensors", "pth")
_SUFFIXES = {
    ".keras": "keras",
    ".weights.h5": "weights.h5",
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".pt": "pth",
}
_OF_KERAS = ("keras", "weights.h5")  # written by way of a network
_PREFIXES = {"model.ckpt": "tf1", "ckpt": "tf2"}


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    form: str | None = None,
    ema: bool = False,
    ignore: str | None = None,
    **overrides: Any,
) -> str:
    """Writes weights in another format.

    A classifier that a run never trained is left out. That, and what the
    format does not keep of the network, is logged.

    Args:
      source: See `hub.load_network`.
      target: Path of a file, or prefix of a checkpoint.
      form: One of `FORMATS`; told by the target's name unless given:
        `.keras`, `.weights.h5`, `.safetensors`, `.pth`, `model.ckpt-N`
        ("tf1") or `ckpt-N` ("tf2").
      ema: See `hub.load_network`.
      ignore: See there.
      **overrides: Arguments of `Network` that weights do not tell, such as
        `ft_proj_selector`.

    Returns:
      The format that was written.

    Raises:
      ValueError: If the source cannot be read or the target not be written;
        there is then no target.
    """
    target = os.fspath(target)
    form = form or format_of(target)
    _check_form(form)
    check_arguments(overrides)
    untrained = untrained_classifier.is_untrained(source)
    if untrained:
        overrides = {"num_classes": 0, **overrides}
    write = _by_network if form in _OF_KERAS else _by_arrays
    arguments, left_out = write(form, source, target, ema, ignore, overrides)
    if untrained and any(map(untrained_classifier.is_part, left_out)):
        _LOG.warning("%s: %s", target, untrained_classifier.SENTENCE)
    for sentence in not_kept.sentences(form, arguments):
        _LOG.warning("%s: %s", target, sentence)
    return form


def _by_network(form, source, target, ema, ignore, overrides):
    """Writes what Keras writes: the arguments, and names not written."""
    network = load.load_network(source, ema, ignore=ignore, **overrides)
    _write_keras(form, network, target)
    return network.get_config(), network.load_report.left_out


def _by_arrays(form, source, target, ema, ignore, overrides):
    """Writes array by array: the arguments, and names not written."""
    whole = load.find_weights(source, ema, ignore)
    _check_form_of_keras(form, whole.arguments)
    weights = whole.with_head(overrides.get("proj_head_mode"))
    if overrides.get("num_classes") == 0:
        weights = untrained_classifier.without(weights)
    architecture.check(weights.arguments, overrides)
    arguments = _with_numbers({**weights.arguments, **overrides})
    _check_complete(weights.arrays, arguments)
    written = weights.arrays
    if form == "tf1" and not ema:  # which alone has names for the rest
        check_finite(weights.momentum)
        written = joined(weights.arrays, weights.momentum)
    notes = (*weights.notes, *load.notes_of(weights.arguments, arguments))
    _WRITERS[form](target, written, arguments)
    _LOG.info(
        "%s %s (%s): %s",
        architecture.describe(arguments),
        source,
        weights.kind,
        "; ".join([f"wrote {len(written)} variables", *notes]),
    )
    return arguments, set(whole.arrays) - set(weights.arrays)


def _with_numbers(arguments):
    """The same; means and deviations, text in a run's flags, are numbers."""
    channels = arguments.get("channels", 3)
    scaling = {
        name: pixel_scaling.per_channel(name, arguments[name], channels)
        for name in ("input_mean", "input_std")
        if name in arguments
    }
    return {**arguments, **scaling}


def format_of(target: str) -> str:
    """The format that a target's name tells.

    Raises:
      ValueError: If it tells none.
    """
    for suffix, form in _SUFFIXES.items():
        if target.endswith(suffix):
            return form
    for beginning, form in _PREFIXES.items():
        if os.path.basename(target).startswith(beginning):
            return form
    raise ValueError(
        "The target's name must tell its format: *.keras, *.weights.h5, "
        "*.safetensors, *.pth, model.ckpt-N (TF1) or ckpt-N (tf2); or give "
        f"one of {list(FORMATS)}. Received: {target!r}"
    )


def _check_form(form):
    if form not in FORMATS:
        raise ValueError(
            f"`form` must be one of {list(FORMATS)}. Received: {form!r}"
        )


def _check_form_of_keras(form, arguments):
    if arguments.get("backbone"):
        raise ValueError(
            "A network with a Keras backbone can be written as keras, or as "
            "weights.h5, which Keras alone reads. Received: "
            f"{form!r}: write .keras"
        )


def _check_complete(arrays, arguments):
    """Every array of the network, of its shape, and finite."""
    check_selector(
        arguments.get("ft_proj_selector", 0),
        sum(name.endswith("dense/kernel") for name in _projection(arrays)),
    )
    expected = layout.shapes(arguments)
    actual = shapes_of(arrays)
    differing = sorted(
        n for n in {**expected, **actual} if expected.get(n) != actual.get(n)
    )
    if differing:
        raise ValueError(
            "The weights are not those of one network: "
            f"{len(differing)} variables are missing, unexpected or of "
            f"another shape ({', '.join(differing[:5])})."
        )
    check_finite(arrays)


def _projection(arrays):
    return [name for name in arrays if name.startswith("head_contrastive/")]


def _write_keras(form, network, target):
    """As `network.save` does, which holds a copy of the file in memory."""
    with atomic.files(target) as staged:
        beside = os.path.dirname(staged)
        with tempfile.TemporaryDirectory(dir=beside) as loose:
            if form == "keras":
                network.save(loose, zipped=False)
                _zip(loose, staged)
            else:
                path = os.path.join(loose, "x.weights.h5")
                network.save_weights(path)
                os.replace(path, staged)


def _zip(directory, path):
    """Files of a directory in an archive, not compressed."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(os.listdir(directory)):
            file = os.path.join(directory, name)
            if os.path.isfile(file):
                archive.write(file, name)


def _write_tf1(target, arrays, arguments):
    del arguments  # names and shapes are all that TF1 keeps
    tf1.write(target, arrays)


_WRITERS: dict[str, Callable[..., None]] = {
    "tf1": _write_tf1,
    "tf2": tf2.write,
    "safetensors": pytorch.write,
    "pth": functools.partial(pytorch.write, pickled=True),
}
