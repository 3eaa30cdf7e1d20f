"""The layers of every network, with their places and shapes.

A place says where a layer is ("groups.0.2.conv_1"); a canonical scope says
what a TF1 checkpoint calls it ("base_model/conv2d_8"). Every format names its
layers by place, so that one walk through the architecture, in the order in
which the original release created its variables, connects them all.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.checkpoints.arrays import Shape

DEPTHS = {
    18: (False, (2, 2, 2, 2)),  # bottleneck?, blocks in each group
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
    200: (True, (3, 24, 36, 3)),
}
SMALL_IMAGE = 32  # up to this side in pixels: one 3×3 convolution as stem
SK_MIN_CHANNELS = 32
_STATISTICS = ("moving_mean", "moving_variance")


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer with variables.

    Attributes:
      scope: Canonical scope, "base_model/conv2d_8".
      place: "stem.conv", "groups.0.2.conv_1", "projection_head.0",
        "supervised_head".
      kind: "conv", "norm" or "dense".
      shapes: {name of a variable: shape}.
      averaged: Stride of the average before the layer, a ResNet-D shortcut;
        0 for no average.
    """

    scope: str
    place: str
    kind: str
    shapes: dict[str, Shape]
    averaged: int = 0


def layers(arguments: Mapping[str, Any]) -> list[Layer]:
    """All layers of a network.

    Args:
      arguments: Those of `Network`; missing ones have its defaults.

    Returns:
      List of `Layer`: backbone in creation order, then the heads.
    """
    features = _base(arguments) * 8 * (4 if _bottleneck(arguments) else 1)
    return [
        *backbone(arguments),
        *_projection(arguments, features),
        *_supervised(arguments, features),
    ]


def shapes(arguments: Mapping[str, Any]) -> dict[str, Shape]:
    """{canonical name: shape} of a network."""
    return {
        f"{layer.scope}/{name}": shape
        for layer in layers(arguments)
        for name, shape in layer.shapes.items()
    }


def hypotheses() -> Iterator[dict[str, Any]]:
    """Arguments of one backbone of each structure there is."""
    choices = itertools.product(DEPTHS, (0.0, 0.0625), (0.0, 0.25), (224, 32))
    for depth, sk_ratio, se_ratio, image_size in choices:
        yield {
            "resnet_depth": depth,
            "sk_ratio": sk_ratio,
            "se_ratio": se_ratio,
            "image_size": image_size,
        }


def backbone(arguments: Mapping[str, Any]) -> list[Layer]:
    """The layers of the backbone in creation order."""
    counts = {"conv2d": 0, "batch_normalization": 0}
    named = []
    for place, kind, variables, averaged in _walk(arguments):
        name = "conv2d" if kind == "conv" else "batch_normalization"
        number = f"_{counts[name]}" if counts[name] else ""
        counts[name] += 1
        scope = f"base_model/{name}{number}"
        named.append(Layer(scope, place, kind, variables, averaged))
    return named


def _base(arguments):
    return int(64 * arguments.get("width_multiplier", 1))


def _bottleneck(arguments):
    return DEPTHS[arguments["resnet_depth"]][0]


def _walk(arguments):
    """Yields (place, kind, shapes, averaged) through stem and groups."""
    base, channels = _base(arguments), arguments.get("channels", 3)
    yield from _stem(arguments, base, channels)
    channels = base
    bottleneck, counts = DEPTHS[arguments["resnet_depth"]]
    for group, count in enumerate(counts):
        filters = base * 2**group
        for index in range(count):
            place = f"groups.{group}.{index}"
            stride = 2 if group and not index else 1
            if not index:
                out = filters * (4 if bottleneck else 1)
                average = stride if arguments.get("sk_ratio") else 0
                yield from _conv_bn(
                    f"{place}.shortcut", 1, channels, out, average
                )
            branch = _bottleneck_branch if bottleneck else _basic_branch
            yield from branch(place, channels, filters, arguments)
            channels = filters * (4 if bottleneck else 1)
            yield from _excite(place, channels, filters, arguments)


def _stem(arguments, base, channels):
    small = arguments.get("image_size", 224) <= SMALL_IMAGE
    if small or not arguments.get("sk_ratio"):
        yield from _conv_bn("stem.conv", 3 if small else 7, channels, base)
        return
    yield from _conv_bn("stem.conv_1", 3, channels, base // 2)
    yield from _conv_bn("stem.conv_2", 3, base // 2, base // 2)
    yield from _conv_bn("stem.conv", 3, base // 2, base)


def _basic_branch(place, channels, filters, arguments):
    del arguments  # selective kernels live in bottlenecks alone
    yield from _conv_bn(f"{place}.conv_1", 3, channels, filters)
    yield from _conv_bn(f"{place}.conv_2", 3, filters, filters)


def _bottleneck_branch(place, channels, filters, arguments):
    yield from _conv_bn(f"{place}.conv_1", 1, channels, filters)
    ratio = arguments.get("sk_ratio")
    if ratio:
        middle = max(int(filters * ratio), SK_MIN_CHANNELS)
        yield from _conv_bn(f"{place}.streams", 3, filters, 2 * filters)
        yield from _conv_bn(f"{place}.squeeze", 1, filters, middle)
        yield _conv(f"{place}.mix", 1, middle, 2 * filters)
    else:
        yield from _conv_bn(f"{place}.conv_2", 3, filters, filters)
    yield from _conv_bn(f"{place}.conv_3", 1, filters, 4 * filters)


def _excite(place, channels, filters, arguments):
    ratio = arguments.get("se_ratio")
    if ratio:
        middle = max(1, int(filters * ratio))
        yield _conv(f"{place}.reduce", 1, channels, middle, bias=True)
        yield _conv(f"{place}.expand", 1, middle, channels, bias=True)


def _conv(place, size, channels, filters, bias=False, averaged=0):
    variables = {"kernel": (size, size, channels, filters)}
    if bias:
        variables["bias"] = (filters,)
    return place, "conv", variables, averaged


def _conv_bn(place, size, channels, filters, averaged=0):
    yield _conv(place, size, channels, filters, averaged=averaged)
    yield place, "norm", _norm(filters), averaged


def _norm(features, center=True):
    names = ("gamma", *(("beta",) if center else ()), *_STATISTICS)
    return dict.fromkeys(names, (features,))


def _projection(arguments, width):
    mode = arguments.get("proj_head_mode", "nonlinear")
    count = {"none": 0, "linear": 1}.get(
        mode, arguments.get("num_proj_layers", 3)
    )
    for index in range(count):
        last = index == count - 1
        out = arguments.get("proj_out_dim", 128) if last else width
        scope = f"head_contrastive/{'l' if mode == 'linear' else 'nl'}_{index}"
        place = f"projection_head.{index}"
        yield Layer(f"{scope}/dense", place, "dense", {"kernel": (width, out)})
        yield Layer(
            f"{scope}/batch_normalization", place, "norm", _norm(out, not last)
        )


def _supervised(arguments, width):
    classes = arguments.get("num_classes", 1000)
    if classes:
        shape = {"kernel": (width, classes), "bias": (classes,)}
        yield Layer(
            "head_supervised/linear_layer/dense",
            "supervised_head",
            "dense",
            shape,
        )
