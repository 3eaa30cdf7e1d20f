"""How PyTorch layouts name the layers.

Each is a scheme for `naming`: from a layer to the names of its variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simclrv2_tf.checkpoints.layout import Layer

_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
_LINEAR = {"kernel": "weight", "bias": "bias"}
# Places among the children of torchvision's ResNet; 2 is ReLU, 3 pools.
_CHILDREN = {
    "conv1": 0,
    "bn1": 1,
    "layer1": 4,
    "layer2": 5,
    "layer3": 6,
    "layer4": 7,
}


def ours(layer: Layer, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Names in `pytorch_module.SimCLRNetwork`."""
    del arguments
    part = {"conv": ".conv", "norm": ".norm", "dense": ".dense"}[layer.kind]
    part = "" if layer.place == "supervised_head" else part
    return _named(layer, f"{layer.place}{part}")


def torchvision(
    layer: Layer, arguments: Mapping[str, Any]
) -> dict[str, str] | None:
    """`conv1`, `layer1.0.conv1`, `downsample`, `fc`: plain ResNets alone."""
    if arguments.get("sk_ratio") or arguments.get("se_ratio"):
        return None
    kind = "conv" if layer.kind == "conv" else "bn"
    area, *rest = layer.place.split(".")
    if area == "stem":
        return _named(layer, f"{kind}1")
    if area == "supervised_head":
        return _named(layer, "fc")
    if area == "projection_head":
        return None
    group, index, part = rest
    block = f"layer{int(group) + 1}.{index}"
    if part == "shortcut":
        number = 0 if layer.kind == "conv" else 1
        return _named(layer, f"{block}.downsample.{number}")
    return _named(layer, f"{block}.{kind}{part[-1]}")


def sequence(
    layer: Layer, arguments: Mapping[str, Any]
) -> dict[str, str] | None:
    """Torchvision's children by number, as `Sequential(*children)` has them."""
    names = torchvision(layer, arguments)
    if names is None or layer.place == "supervised_head":
        return None
    split = {name: full.split(".", 1) for name, full in names.items()}
    return {
        n: f"{_CHILDREN[first]}.{rest}" for n, (first, rest) in split.items()
    }


def converter(
    layer: Layer, arguments: Mapping[str, Any]
) -> dict[str, str] | None:
    """`resnet.net…`, `resnet.fc` and `head.layers…`: bottlenecks alone."""
    if arguments["resnet_depth"] < 50 or arguments.get("se_ratio"):
        return None
    area, *rest = layer.place.split(".")
    norm = layer.kind == "norm"
    if area == "stem":
        last = 4 if arguments.get("sk_ratio") else 0
        place = {"conv_1": 0, "conv_2": 2}.get(rest[0], last)
        return _named(layer, f"resnet.net.0.{_pair(place, norm)}")
    if area == "supervised_head":
        return _named(layer, "resnet.fc")
    if area == "projection_head":
        return _named(layer, f"head.layers.{3 * int(rest[0]) + norm}")
    group, index, part = rest
    block = f"resnet.net.{int(group) + 1}.blocks.{index}"
    selective = bool(arguments.get("sk_ratio"))
    return _named(layer, f"{block}.{_converter_part(part, norm, selective)}")


def bare_converter(
    layer: Layer, arguments: Mapping[str, Any]
) -> dict[str, str] | None:
    """The converter's network saved without its head."""
    names = converter(layer, arguments)
    if names is None or layer.place.startswith("projection_head"):
        return None
    return {name: full.removeprefix("resnet.") for name, full in names.items()}


def _converter_part(part, norm, selective):
    if part == "shortcut":
        conv = "projection.shortcut.2" if selective else "projection.shortcut"
        return "projection.bn.0" if norm else conv
    inside = {
        "streams": ("net.2.main_conv.0", "net.2.main_conv.1.0"),
        "squeeze": ("net.2.mixing_conv.0", "net.2.mixing_conv.1.0"),
        "mix": ("net.2.mixing_conv.2", None),
    }
    if part in inside:
        return inside[part][norm]
    last = 3 if selective else 4
    index = {"conv_1": 0, "conv_2": 2, "conv_3": last}[part]
    return f"net.{_pair(index, norm)}"


def _pair(index, norm):
    """A convolution, and the norm behind it in a sequence of its own."""
    return f"{index + 1}.0" if norm else f"{index}"


def _named(layer, prefix):
    own = _NORM if layer.kind == "norm" else _LINEAR
    return {name: f"{prefix}.{own[name]}" for name in layer.shapes}


# Name of a layout -> scheme, and what stands before its first name.
LAYOUTS = {
    "our PyTorch module": (ours, r"(.*?)stem\.conv\.conv\.weight"),
    "SimCLRv2-Pytorch": (converter, r"(.*?)resnet\.net\.0\.0\.weight"),
    "SimCLRv2-Pytorch, no head": (
        bare_converter,
        r"((?:.*\.)?)net\.0\.0\.weight",
    ),
    "torchvision": (torchvision, r"((?:.*\.)?)conv1\.weight"),
    "torchvision, numbered": (sequence, r"((?:.*\.)?)0\.weight"),
}
# Layouts whose weights are trained on images less ImageNet's mean over its
# deviation, unless their owner says otherwise: torchvision's own are
# (`torchvision.transforms.Normalize` of its recipes), and MoCo's and lightly's.
IMAGENET_SCALED = ("torchvision", "torchvision, numbered")
IMAGENET_MEAN = [0.485, 0.456, 0.406]
IMAGENET_STD = [0.229, 0.224, 0.225]
# Name of a layout -> the block whose shortcut may be an identity.
FIRST_SHORTCUTS = {
    "torchvision": "layer1.0",
    "torchvision, numbered": "4.0",
}
