"""What a pretraining job needs, on paper: memory, wire, time, input.

Each formula stands by itself and says what it leaves out. They are checked
against measurements on one machine (docs/scaling.md); what concerns several
devices is arithmetic, not measured.
"""

from __future__ import annotations

from simclrv2_tf.scaling.accelerators import DEVICES
from simclrv2_tf.scaling.accelerators import EFFICIENCY
from simclrv2_tf.scaling.accelerators import Device
from simclrv2_tf.scaling.accelerators import this_machine
from simclrv2_tf.scaling.peak_memory import activations
from simclrv2_tf.scaling.peak_memory import inference_memory
from simclrv2_tf.scaling.peak_memory import loss
from simclrv2_tf.scaling.peak_memory import memory
from simclrv2_tf.scaling.planned_job import FLOAT
from simclrv2_tf.scaling.planned_job import PlannedJob
from simclrv2_tf.scaling.step_seconds import balance
from simclrv2_tf.scaling.step_seconds import collectives
from simclrv2_tf.scaling.step_seconds import passes
from simclrv2_tf.scaling.step_seconds import seconds
from simclrv2_tf.scaling.step_seconds import wire

__all__ = [
    "DEVICES",
    "EFFICIENCY",
    "FLOAT",
    "Device",
    "PlannedJob",
    "activations",
    "balance",
    "collectives",
    "inference_memory",
    "loss",
    "memory",
    "passes",
    "seconds",
    "this_machine",
    "wire",
]
