"""Which network a set of weights belongs to, by names and shapes."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.checkpoints import keras_layout
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints.arrays import Shape
from simclrv2_tf.files.layer_names import model_name

PUBLISHED_SK_RATIO = 0.0625
_PUBLISHED_SE_RATIO = 0.25  # used in no release, but the usual one
_RESNET = ("resnet_depth", "width_multiplier", "sk_ratio", "se_ratio")
_BACKBONE = (*_RESNET, "channels")
_HEAD = ("proj_head_mode", "num_proj_layers", "proj_out_dim")
_HEADS = (*_HEAD, "num_classes")
_WORDS = {"resnet_depth": "depth", "width_multiplier": "width"}
_SHOWN = 3


def infer(
    shapes: Mapping[str, Shape], known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Infers the arguments of `Network` from weights.

    What shapes cannot tell is left out: the selector, and image sizes beyond
    small (32) and not small (224). Depth 18 and 34 do not show `sk_ratio`
    with a small stem; it is then 0.

    Args:
      shapes: {canonical name: shape}.
      known: Arguments from files beside the weights; these alone describe a
        Keras backbone.

    Returns:
      Dictionary of arguments of `Network`.

    Raises:
      ValueError: If the weights belong to no network of this package.
    """
    heads = {**_projection(shapes), "num_classes": _num_classes(shapes)}
    if keras_layout.is_keras(shapes):
        return {**keras_layout.described(known or {}), **heads}
    backbone = {n: tuple(s) for n, s in shapes.items() if n.startswith("base_")}
    if "base_model/conv2d/kernel" not in backbone:
        raise ValueError(
            "The checkpoint holds no backbone: expected variables such as "
            "base_model/conv2d/kernel."
        )
    return {**_backbone(backbone), **heads}


def describe(arguments: Mapping[str, Any]) -> str:
    """A short name such as r152_1x_sk0, or of a Keras backbone."""
    if arguments.get("backbone"):
        return model_name(arguments["backbone"])
    width = f"{arguments.get('width_multiplier', 1):g}"
    sk = 1 if arguments.get("sk_ratio") else 0
    se = "_se" if arguments.get("se_ratio") else ""
    return f"r{arguments.get('resnet_depth')}_{width}x_sk{sk}{se}"


def agreeing(
    inferred: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of the known arguments that the weights allow.

    Heads are those that the weights have: some may be passed over in a file
    that describes them.

    Args:
      inferred: Arguments of `Network` that the weights tell.
      known: Arguments that stand beside them, in a run's flags or a file.
    """
    known = {k: v for k, v in known.items() if _fits_heads(k, v, inferred)}
    if inferred.get("backbone"):
        return {k: v for k, v in known.items() if k not in _RESNET}
    shapes = _backbone_shapes(inferred)
    return {
        key: value
        for key, value in known.items()
        if key not in (*_BACKBONE, "image_size")
        or _backbone_shapes({**inferred, key: value}) == shapes
    }


def _fits_heads(key, value, inferred):
    """Whether a known argument may stand beside the heads of the weights."""
    if key == "ft_proj_selector" and not inferred["num_classes"]:
        layers = 1 if inferred["proj_head_mode"] == "linear" else 0
        layers = inferred.get("num_proj_layers", layers)
        return -layers - 1 <= value <= layers
    return key not in _HEADS or key not in inferred


def check(inferred: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Compares a checkpoint's architecture with the requested one.

    Args:
      inferred: Arguments of `Network` that the weights tell.
      wanted: Arguments that the caller gives, any number of them.

    Raises:
      ValueError: One sentence that names both.
    """
    has, requested = differences(inferred, wanted)
    if has:
        raise ValueError(
            f"The checkpoint is {describe(inferred)} ({has}), the flags say "
            f"{requested}: give the checkpoint's architecture, or another "
            "checkpoint."
        )


def differences(
    inferred: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[str, str]:
    """The differences of two architectures, in words.

    Args:
      inferred: See `check`.
      wanted: See there.

    Returns:
      What the first has, as "depth 50, width 2", and what the second has in
      its place; "" twice where weights of the first fit the second.
    """
    inferred = {"channels": 3, **inferred}  # which weights leave out
    differing = keras_layout.differing(inferred, wanted)
    if not inferred.get("backbone") and not differing:
        differing = _differing_backbone(inferred, wanted)
    if inferred.get("proj_head_mode", "none") != "none":
        differing += _differing_head(inferred, {**inferred, **wanted})
    has, requested = (
        ", ".join(_in_words(key, arguments) for key in differing)
        for arguments in (inferred, wanted)
    )
    return has, requested


def _differing_backbone(inferred, wanted):
    """Names of the arguments that make it another backbone."""
    keys = [k for k in (*_BACKBONE, "image_size") if k in wanted]
    both = {**inferred, **{key: wanted[key] for key in keys}}
    if both["resnet_depth"] in layout.DEPTHS:
        if _backbone_shapes(both) == _backbone_shapes(inferred):
            return []
    small = layout.SMALL_IMAGE
    return [
        key
        for key in keys
        if (
            (both[key] <= small) != (inferred.get(key, 224) <= small)
            if key == "image_size"
            else both[key] != inferred.get(key, both[key])
        )
    ]


def _differing_head(inferred, wanted):
    differing = [k for k in _HEAD if k in inferred]
    if wanted.get("proj_head_mode") == "linear":  # has one layer by itself
        differing = [k for k in differing if k != "num_proj_layers"]
    return [k for k in differing if wanted[k] != inferred[k]]


def _in_words(key, arguments):
    if key == "backbone":
        return f"backbone {describe(arguments)}"
    return f"{_WORDS.get(key, key)} {arguments.get(key)}"


def _backbone_shapes(arguments):
    return {
        f"{layer.scope}/{name}": shape
        for layer in layout.backbone(arguments)
        for name, shape in layer.shapes.items()
    }


def _backbone(shapes):
    """The backbone whose variables, names and shapes, are all these."""
    structure, _ = min(_structures(), key=lambda s: _distance(s[1], shapes))
    nearest = _with_sizes(structure, shapes)
    expected = _backbone_shapes(nearest)
    if expected != shapes:
        raise ValueError(_misfit(describe(nearest), expected, shapes))
    return nearest


@functools.cache
def _structures():
    """Arguments and shapes of one backbone of each structure there is."""
    every = layout.hypotheses()
    return [(arguments, _backbone_shapes(arguments)) for arguments in every]


def _distance(expected, shapes):
    """Number of variables that only one has, or that differ in rank."""
    kernels = sum(
        expected[n][:2] != shapes[n][:2]
        for n in expected
        if n in shapes and n.endswith("/kernel")
    )
    return len(set(expected) ^ set(shapes)) + kernels


def _with_sizes(structure, shapes):
    """Adds the numbers of channels to a structure."""
    last = _last(structure, "conv_1")
    filters = shapes.get(f"{last}/kernel", (0, 0, 0, 512))[-1]
    width = filters / 512
    channels = shapes["base_model/conv2d/kernel"][-2]
    sized = {
        **structure,
        "width_multiplier": int(width) if width.is_integer() else width,
    }
    if channels != 3:
        sized["channels"] = channels
    sized["sk_ratio"] = _ratio(
        sized, "sk_ratio", "mix", PUBLISHED_SK_RATIO, shapes, filters
    )
    sized["se_ratio"] = _ratio(
        sized, "se_ratio", "expand", _PUBLISHED_SE_RATIO, shapes, filters
    )
    return sized


def _ratio(arguments, key, place, usual, shapes, filters):
    """The usual ratio where it fits, else what the last block shows."""
    if not arguments[key] or (scope := _last(arguments, place)) is None:
        return arguments[key]
    fits = all(
        shapes.get(f"{layer.scope}/kernel") == layer.shapes["kernel"]
        for layer in layout.backbone({**arguments, key: usual})
        if layer.place.endswith(place)
    )
    shape = shapes.get(f"{scope}/kernel")
    return usual if fits or shape is None else _share(shape[2], filters)


def _share(middle, filters):
    """The ratio for which `int(filters * ratio)` is `middle`."""
    ratio = middle / filters
    return ratio if int(filters * ratio) == middle else math.nextafter(ratio, 1)


def _last(arguments, place):
    """Scope of the last convolution at such a place, None without one."""
    scopes = [
        layer.scope
        for layer in layout.backbone(arguments)
        if layer.kind == "conv" and layer.place.endswith(f".{place}")
    ]
    return scopes[-1] if scopes else None


def _misfit(name, expected, actual):
    missing = [n for n in expected if n not in actual]
    unexpected = [n for n in actual if n not in expected]
    reshaped = [
        f"{n} {actual[n]} for {expected[n]}"
        for n in expected
        if n in actual and actual[n] != expected[n]
    ]
    kinds = {
        "missing": missing,
        "unexpected": unexpected,
        "of another shape": reshaped,
    }
    differences = "; ".join(
        f"{len(names)} {kind} ({', '.join(names[:_SHOWN])}"
        f"{', …' if len(names) > _SHOWN else ''})"
        for kind, names in kinds.items()
        if names
    )
    return (
        "The checkpoint's backbone belongs to no ResNet of depth "
        f"{', '.join(map(str, layout.DEPTHS))}. Nearest is {name}, with "
        f"variables {differences}: take a complete checkpoint."
    )


def _projection(shapes):
    layers = {}
    for name, shape in shapes.items():
        match = re.fullmatch(r"head_contrastive/(n?l)_(\d+)/dense/kernel", name)
        if match:
            layers[int(match[2])] = (match[1], tuple(shape))
    if not layers:
        return {"proj_head_mode": "none"}
    kind, shape = layers[max(layers)]
    mode = "linear" if kind == "l" else "nonlinear"
    arguments = {"proj_head_mode": mode, "proj_out_dim": shape[1]}
    return (
        arguments
        if mode == "linear"
        else {**arguments, "num_proj_layers": len(layers)}
    )


def _num_classes(shapes):
    kernel = shapes.get("head_supervised/linear_layer/dense/kernel")
    return int(kernel[1]) if kernel is not None else 0
