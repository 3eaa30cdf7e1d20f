"""The networks in PyTorch, with TensorFlow's padding and pooling.

from simclrv2_tf.checkpoints import pytorch_module

network = pytorch_module.load("r50_1x_sk1.safetensors")
endpoints = network(images)  # (batch, 3, height, width) in [0, 1]

"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import pytorch_files
from simclrv2_tf.checkpoints.layout import Layer
from simclrv2_tf.checkpoints.pytorch_files import METADATA

EPSILON = 1e-5  # of every normalization, original release


def load(path: str, **overrides: Any) -> SimCLRNetwork:
    """The network in a file that this package wrote, for inference.

    Args:
      path: Of a `.safetensors` file, or of a `.pth` or `.pt`.
      **overrides: Arguments of `SimCLRNetwork` in place of the file's, such
        as `ft_proj_selector`.
    """
    shapes, read, metadata = pytorch_files.open_file(path)
    if METADATA not in metadata:
        raise ValueError(
            f"{path!r} does not tell its architecture: expected a file that "
            "tools/convert_checkpoint.py wrote. Convert it first."
        )
    arguments = {**json.loads(metadata[METADATA]), **overrides}
    with torch.device("meta"):  # no weights are drawn only to be replaced
        network = SimCLRNetwork(**arguments)
    state = {name: torch.from_numpy(read(name)) for name in shapes}
    network.load_state_dict(_with_counters(network, state), assign=True)
    return network.eval()


def _with_counters(network, state):
    """Adds the batches that normalizations have counted: none."""
    counters = {
        name: torch.zeros((), dtype=torch.long)
        for name in network.state_dict()
        if name.endswith("num_batches_tracked")
    }
    return {**counters, **state}


class SimCLRNetwork(nn.Module):
    """Images to the dictionary of named endpoints.

    Feature maps are (batch, channels, height, width), as PyTorch has them.

    Args:
      ft_proj_selector: The layer that the supervised head reads.
      input_mean: What is taken from each channel of the images first,
        numbers or text with commas between them.
      input_std: What each channel is then divided by, the same.
      batch_norm_decay: Share of the old value in the moving statistics.
        PyTorch keeps the unbiased variance there, the original the biased.
      **arguments: Those of `simclrv2_tf.Network` that tell the shapes.
    """

    def __init__(
        self,
        ft_proj_selector: int = 0,
        batch_norm_decay: float = 0.9,
        input_mean: str | Sequence[float] | None = None,
        input_std: str | Sequence[float] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__()
        self.selector = ft_proj_selector
        self.mean, self.std = _per_channel(input_mean), _per_channel(input_std)
        layers: dict[str, dict[str, Layer]] = {}
        for layer in layout.layers(arguments):
            layers.setdefault(layer.place, {})[layer.kind] = layer
        self.stem = Stem(
            _below(layers, "stem"), arguments.get("image_size", 224)
        )
        self.groups = nn.ModuleList(
            nn.ModuleList(
                Block(below, 2 if group and not index else 1)
                for index, below in enumerate(_numbered(layers, group))
            )
            for group in range(4)
        )
        heads = _below(layers, "projection_head")
        self.projection_head = nn.ModuleList(
            ProjectionLayer(heads[str(index)]) for index in range(len(heads))
        )
        if "supervised_head" in layers:
            self.supervised_head = _dense(layers["supervised_head"]["dense"])
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = 1 - batch_norm_decay

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.mean is not None:
            images = images - self.mean.to(images)
        if self.std is not None:
            images = images / self.std.to(images)
        endpoints = self.stem(images)
        outputs = endpoints["initial_max_pool"]
        for number, group in enumerate(self.groups):
            for block in group:
                outputs = block(outputs)
            endpoints[f"block_group{number + 1}"] = outputs
        hidden = [outputs.mean((2, 3))]
        for layer in self.projection_head:
            hidden.append(layer(hidden[-1]))
        endpoints["final_avg_pool"] = hidden[0]
        endpoints["proj_head_input"] = hidden[0]
        endpoints["proj_sel"] = hidden[self.selector]
        endpoints["proj_head_output"] = hidden[-1]
        if hasattr(self, "supervised_head"):
            endpoints["logits_sup"] = self.supervised_head(
                hidden[self.selector]
            )
        return endpoints


def _per_channel(numbers):
    """Numbers as (channels, 1, 1); None for None."""
    if numbers is None:
        return None
    if isinstance(numbers, str):  # as flags have them, and files had
        numbers = [float(number) for number in numbers.split(",")]
    return torch.tensor(numbers, device="cpu").reshape(-1, 1, 1)


class ConvBN(nn.Module):
    """Convolution (with a bias or without) and normalization, if any."""

    def __init__(self, layers: Mapping[str, Layer], stride: int = 1) -> None:
        super().__init__()
        size, _, channels, filters = layers["conv"].shapes["kernel"]
        self.conv = nn.Conv2d(
            channels,
            filters,
            size,
            stride,
            padding=(size - 1) // 2,  # of odd kernels: the same on both sides
            bias="bias" in layers["conv"].shapes,
        )
        if "norm" in layers:
            self.norm = nn.BatchNorm2d(filters, EPSILON)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.conv(inputs)
        return self.norm(outputs) if hasattr(self, "norm") else outputs


class Stem(nn.Module):
    """First convolutions and pooling."""

    def __init__(
        self, layers: Mapping[str, Mapping[str, Layer]], image_size: int
    ) -> None:
        super().__init__()
        self.pool = image_size > layout.SMALL_IMAGE
        three = "conv_1" in layers
        if three:
            self.conv_1 = ConvBN(layers["conv_1"], 2)
            self.conv_2 = ConvBN(layers["conv_2"])
        self.conv = ConvBN(layers["conv"], 2 if self.pool and not three else 1)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        if hasattr(self, "conv_1"):
            images = self.conv_1(images).relu()
            images = self.conv_2(images).relu()
        initial_conv = self.conv.conv(images)
        outputs = self.conv.norm(initial_conv).relu()
        if self.pool:
            outputs = max_pool_same(outputs)
        return {"initial_conv": initial_conv, "initial_max_pool": outputs}


class Block(nn.Module):
    """Residual block; which parts it has, the layout says."""

    def __init__(
        self, layers: Mapping[str, Mapping[str, Layer]], stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        strided = next(n for n in ("streams", "conv_2") if n in layers)
        if "conv_3" not in layers:
            strided = "conv_1"
        self.averaged = 0
        for name, below in layers.items():
            step = stride if name == strided else 1
            if name == "shortcut":
                self.averaged = below["conv"].averaged
                step = 1 if self.averaged else stride
            self.add_module(name, ConvBN(below, step))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.conv_1(inputs).relu()
        if hasattr(self, "streams"):
            outputs = self._select(outputs)
        else:
            outputs = self.conv_2(outputs)
        if hasattr(self, "conv_3"):
            mixed = hasattr(self, "streams")
            outputs = self.conv_3(outputs if mixed else outputs.relu())
        if hasattr(self, "reduce"):
            gate = self.reduce(outputs.mean((2, 3), keepdim=True)).relu()
            outputs = torch.sigmoid(self.expand(gate)) * outputs
        return (outputs + self._shortcut(inputs)).relu()

    def _select(self, inputs):
        streams = torch.stack(self.streams(inputs).relu().chunk(2, dim=1))
        mean = streams.sum(0).mean((2, 3), keepdim=True)
        mixing = self.mix(self.squeeze(mean).relu())
        mixing = torch.stack(mixing.chunk(2, dim=1)).softmax(0)
        return (streams * mixing).sum(0)

    def _shortcut(self, inputs):
        if not hasattr(self, "shortcut"):
            return inputs
        if self.averaged == 1:
            inputs = average_same(inputs)
        elif self.averaged == 2:
            padded = functional.pad(inputs, (0, 1, 0, 1))
            inputs = functional.avg_pool2d(padded, 2, 2)
        return self.shortcut(inputs)


class ProjectionLayer(nn.Module):
    """Dense without bias, normalization, and ReLU unless it is the last."""

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        super().__init__()
        self.dense = _dense(layers["dense"])
        shapes = layers["norm"].shapes
        self.norm = nn.BatchNorm1d(shapes["gamma"][0], EPSILON)
        self.last = "beta" not in shapes
        if self.last:
            self.norm.register_parameter("bias", None)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.norm(self.dense(inputs))
        return outputs if self.last else outputs.relu()


def max_pool_same(inputs: torch.Tensor) -> torch.Tensor:
    """3×3 of stride 2, padded as TensorFlow's SAME: at even sizes after."""
    sides = []
    for size in (inputs.shape[3], inputs.shape[2]):
        total = max((-(-size // 2) - 1) * 2 + 3 - size, 0)
        sides += [total // 2, total - total // 2]
    padded = functional.pad(inputs, sides, value=float("-inf"))
    return functional.max_pool2d(padded, 3, 2)


def average_same(inputs: torch.Tensor) -> torch.Tensor:
    """2×2 of stride 1 that leaves the padding out of the mean."""
    sums = functional.avg_pool2d(functional.pad(inputs, (0, 1, 0, 1)), 2, 1)
    ones = functional.pad(torch.ones_like(inputs[:1, :1]), (0, 1, 0, 1))
    return sums / functional.avg_pool2d(ones, 2, 1)


def _dense(layer):
    width, out = layer.shapes["kernel"]
    return nn.Linear(width, out, bias="bias" in layer.shapes)


def _below(layers, place):
    """{rest of the place: layers}."""
    return {
        name[len(place) + 1 :]: below
        for name, below in layers.items()
        if name.startswith(f"{place}.")
    }


def _numbered(layers, group):
    """The blocks of a group in order."""
    blocks = {}
    for name, below in _below(layers, f"groups.{group}").items():
        index, part = name.split(".")
        blocks.setdefault(int(index), {})[part] = below
    return [blocks[index] for index in sorted(blocks)]
