"""Networks from what users have: any weights, one call."""

import dataclasses
import logging
import os
import re
from typing import Any

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import detection
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import earlier_constants
from simclrv2_tf.hub import fetch
from simclrv2_tf.hub import keras_archive
from simclrv2_tf.hub import snapshots
from simclrv2_tf.hub import untrained_classifier
from simclrv2_tf.models import pixel_scaling
from simclrv2_tf.models.keras_models.keras_build import canonical
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import check_arguments

_LOG = logging.getLogger("simclrv2_tf")
_CLASSIFIER = "head_supervised/"
_PROJECTION = "head_contrastive/"
_ALL = ("?!global_step", "(?!global_step)")  # schemas that choose everything


def load_network(
    source: str | os.PathLike[str],
    ema: bool = False,
    variable_schema: str | None = None,
    ignore: str | None = None,
    **overrides: Any,
) -> Network:
    """Builds the network that weights belong to, and loads them.

    Loading is strict: all weights are used and all variables set, or the
    error lists what does not fit. The supervised head is left out by itself
    when the number of classes differs, or its run never trained it.

    Args:
      source: A published name ("simclrv2/finetuned_1pct/r50_1x_sk1"); a
        model of a hub ("hf://USER/NAME", "hf://USER/NAME@REVISION",
        "kaggle://…"); a TF1 checkpoint (prefix or directory) or hub module; a
        SavedModel or `ckpt-N` of the original tf2 code; a run directory, its
        `ckpt-N`, our SavedModel; `.keras`, `.weights.h5`; `.safetensors`,
        `.pth`, `.pt`.
      ema: Load momentum weights (`ema_model/…`) of a TF1 checkpoint.
      variable_schema: Regular expression; variables that it does not match
        are left as initialised.
      ignore: Regular expression; tensors of a PyTorch file or of a TF1
        checkpoint that it matches from the start are passed over.
      **overrides: Arguments of `Network`. Those that contradict the weights
        are an error, but for `num_classes`, which also keeps a classifier
        that was never trained. The selector comes from here,
        else from the source, else it is 0.

    Returns:
      A `Network`. What was loaded, and what was left out and why, is logged
      and stands in its `load_report`.

    Raises:
      ValueError: If there are no weights, or they do not fit.
    """
    check_arguments(overrides)
    check_pattern("ignore", ignore)
    check_pattern("variable_schema", variable_schema)
    weights = find_weights(source, ema, ignore)
    weights = weights.with_head(overrides.get("proj_head_mode"))
    if "num_classes" not in overrides:
        weights = untrained_classifier.leave_out(weights, source)
    overrides = _with_canonical_backbone(overrides)
    architecture.check(weights.arguments, overrides)
    network = Network(**{**weights.arguments, **overrides})
    excused = _excused(network, weights, variable_schema)
    with file_errors(str(source)):
        report = assign.assign_strict(
            network.named_variables(), weights.arrays, excused
        )
        if earlier_constants.mark(network):  # which most networks have not
            earlier_constants.settle(network, _of_ours(source, weights))
    network.load_report = assign.LoadReport(
        report.loaded,
        report.left_out,
        (*weights.notes, *notes_of(weights.arguments, network.get_config())),
    )
    name = architecture.describe(weights.arguments)
    _LOG.info("%s %s: %s", name, source, network.load_report)
    return network


def _of_ours(source, weights):
    """A run's checkpoint, or our export; None for other weights."""
    if weights.kind not in (any_format.RUN, any_format.EXPORT):
        return None
    return any_format.locate(snapshots.local(source))[1]


def _with_canonical_backbone(overrides):
    """A backbone as weights have it, where one is asked for."""
    if not overrides.get("backbone"):
        return overrides
    return {**overrides, "backbone": canonical(overrides["backbone"])}


def check_pattern(name: str, pattern: str | None) -> None:
    """Raises a ValueError for what is no regular expression."""
    try:
        re.compile("" if pattern in (None, *_ALL) else pattern)
    except re.error as error:
        raise ValueError(
            f"`{name}` must be a regular expression ({error}). Received: "
            f"{name}={pattern!r}"
        ) from None


def find_weights(
    source: str | os.PathLike[str],
    ema: bool = False,
    ignore: str | None = None,
) -> any_format.Weights:
    """What a source holds, before any network is built.

    Args:
      source: See `load_network`.
      ema: See there.
      ignore: See there.

    Returns:
      A `simclrv2_tf.checkpoints.any_format.Weights`.
    """
    path = snapshots.local(source)
    model = None if _is_here(path) else catalogue.find(path)
    if model is not None:
        return _published(model, ema)
    with file_errors(path):
        kind, place = any_format.locate(path)
    if kind in (detection.KERAS, detection.H5):
        any_format.refuse_momentum(path, ema)
        return keras_archive.read(place, kind)
    return any_format.open_source(path, ema, ignore)


def _is_here(path):
    """Whether a name is that of files, as it may be of a published model."""
    return os.path.exists(path) or os.path.exists(f"{path}.index")


def _published(model, ema):
    weights = any_format.open_source(fetch.fetch(model), ema)
    known = {**weights.arguments}
    notes = (f"published top-1 {model.top1}",)
    if model.selector is not None:
        known["ft_proj_selector"] = model.selector
    expected = catalogue.arguments(model.architecture)
    architecture.check(known, expected)
    return dataclasses.replace(
        weights, kind=model.name, arguments=known, notes=notes
    )


def _excused(network, weights, schema):
    """What need not fit, and why."""
    excused = {}
    classes = network.get_config()["num_classes"]
    known = weights.arguments["num_classes"]
    if classes != known:
        has = f"{known} classes" if known else "no supervised head"
        excused[_CLASSIFIER] = (
            f"the checkpoint has {has}, the network {classes} classes"
        )
    if not any(name.startswith(_PROJECTION) for name in weights.arrays):
        excused[_PROJECTION] = "the checkpoint has no projection head"
    if schema and schema not in _ALL:
        for name in [*network.named_variables(), *weights.arrays]:
            if not re.match(schema, name):
                excused[re.escape(name)] = "not matched by variable_schema"
    return excused


def notes_of(
    known: dict[str, Any], arguments: dict[str, Any]
) -> tuple[str, ...]:
    """What there is to know of a network beyond its weights.

    Args:
      known: Arguments of `Network` that the weights tell.
      arguments: Those that it has.

    Returns:
      Tuple of sentences.
    """
    mean, std = arguments.get("input_mean"), arguments.get("input_std")
    return (*selector_note(known, arguments), *pixel_scaling.note(mean, std))


def selector_note(
    known: dict[str, Any], arguments: dict[str, Any]
) -> tuple[str, ...]:
    """Which projection layer the classifier reads, and who said so.

    Args:
      known: Arguments of `Network` that the weights tell.
      arguments: Those that it has.

    Returns:
      Tuple of sentences.
    """
    if not arguments["num_classes"]:
        return ()
    chosen = arguments.get("ft_proj_selector", 0)
    trained = known.get("ft_proj_selector")
    note = f"the supervised head reads projection layer {chosen}"
    if trained is not None and trained != chosen:
        note += f", while the weights were trained on layer {trained}"
    return (note,)
