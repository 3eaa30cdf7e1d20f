"""Accelerators and processors on paper: memory, speed and wires."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Device:
    """An accelerator and the wires between it and its like.

    Attributes:
      memory: Bytes.
      speed: Operations a second at best in float32, two a multiply-add.
      speed_16: The same in 16 bits.
      wire: Bytes a second that it sends to a neighbour of the same host.
      network: Bytes a second that it sends to another host.
      hosted: Devices of a host.
    """

    memory: float
    speed: float
    speed_16: float
    wire: float
    network: float
    hosted: int


# The makers' figures to the best of our knowledge, rounded. NVIDIA's are SXM:
# float32 on A100 and H100 is TF32, wires are one direction of NVLink, networks
# one adapter a GPU but one of 100 Gb/s for two V100. Of Google's TPU v3 and v4
# the wires are the all-reduce bandwidth of a pod divided among its cores or
# chips.
DEVICES = {
    "v100": Device(32e9, 15.7e12, 125e12, 150e9, 6.25e9, 8),
    "a100": Device(80e9, 156e12, 312e12, 300e9, 25e9, 8),
    "h100": Device(80e9, 495e12, 989e12, 450e9, 50e9, 8),
    "tpu_v3_core": Device(16 * 2**30, 61.5e12, 61.5e12, 166e9, 166e9, 8),
    "tpu_v4_chip": Device(32 * 2**30, 275e12, 275e12, 268e9, 268e9, 4),
}
# The share of its best that a device reaches. The SimCLR paper's 1.5 hours
# (ResNet-50, 100 epochs of ImageNet, batch 4,096, 128 cores of TPU v3) are
# 15 % of what those cores could do.
EFFICIENCY = 0.15


# Operations a second of a core with AVX-512: a step of ResNet-18 at 32 pixels
# ran at 105e9 in float32 on 2 cores each, and 1.6 times as fast in bfloat16
# (benchmarks/memory.json, benchmarks/step.json).
CORE, CORE_16 = 105e9 / EFFICIENCY, 170e9 / EFFICIENCY


def this_machine(cores: int, memory: float) -> Device:
    """The processor of a machine as a `Device`, which sends nothing.

    Args:
      cores: How many.
      memory: Bytes.
    """
    return Device(memory, cores * CORE, cores * CORE_16, 1e9, 1e9, 1)
