"""The devices of this machine, as far as a recipe depends on them."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from simclrv2_tf import scaling
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.machine.cores import cores
from simclrv2_tf.machine.free_memory import free_memory
from simclrv2_tf.runs.hardware import precision


@dataclasses.dataclass(frozen=True)
class Machine:
    """What the job may use.

    Attributes:
      cores: Of the processor.
      accelerators: GPUs or cores of a TPU, 0 for none.
      bfloat16: Whether the devices have it natively.
      memory: Bytes of the host that are free, or fewer where asked for.
      slowness: Times what a step takes on paper that it takes here, where it
        was measured and is longer.
    """

    cores: int
    accelerators: int
    bfloat16: bool
    memory: float
    slowness: float = 1.0

    @property
    def device(self) -> scaling.Device:
        """Its speed, on paper unless a step was measured."""
        device = scaling.this_machine(self.cores, self.memory)
        if self.accelerators:
            device = scaling.DEVICES["v100"]  # few that are in use are slower
        return dataclasses.replace(
            device,
            speed=device.speed / self.slowness,
            speed_16=device.speed_16 / self.slowness,
        )

    def __str__(self) -> str:
        devices = f"{self.cores} cores"
        if self.accelerators:
            devices = f"{self.accelerators} accelerators, {devices}"
        speed = "native bfloat16" if self.bfloat16 else "no native bfloat16"
        return f"{devices}, {gigabytes(self.memory)} free, {speed}"


def this_machine(memory_budget: float = 0.0, strategy: str = "auto") -> Machine:
    """The machine that this runs on.

    Args:
      memory_budget: GB that may be used at most, 0 for what is free.
      strategy: That of the job: "one_device" uses one accelerator of several.
    """
    kinds = ("GPU", "TPU")
    devices = [d for k in kinds for d in tf.config.list_logical_devices(k)]
    most = 1 if strategy == "one_device" else len(devices)
    limits = [free_memory(), memory_budget * 1e9 or float("inf")]
    return Machine(
        cores=cores(),
        accelerators=min(most, len(devices)),
        bfloat16=precision.lacking_device("bfloat16") is None,
        memory=min(limits),
    )
