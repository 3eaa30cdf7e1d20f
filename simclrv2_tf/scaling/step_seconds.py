"""How long a step takes, on the device and on its wires."""

from __future__ import annotations

from simclrv2_tf import losses
from simclrv2_tf.scaling.accelerators import EFFICIENCY
from simclrv2_tf.scaling.accelerators import Device
from simclrv2_tf.scaling.planned_job import FLOAT
from simclrv2_tf.scaling.planned_job import PlannedJob

BACKWARD = 2  # forward passes that a backward pass takes as long as
STEP = 1 + BACKWARD
LATENCY = 30e-6  # seconds that a collective takes at least: an assumption


def wire(job: PlannedJob) -> dict[str, float]:
    """Bytes that each device sends in a step, a dictionary.

    By rings: of n devices' shares a gather passes on n - 1, and a sum of
    the whole takes twice (n - 1) / n of it. Left out: the keys of a momentum
    memory, which are gathered as the embeddings are. What is frozen sends
    nothing.
    """
    ring = (job.devices - 1) / job.devices
    # Mean and variance on the way forward, two sums on the way back.
    moments = 2 * FLOAT * sum(job.trained.norms) * job.global_bn
    return {
        "gradients": 2 * ring * job.trained.parameters * FLOAT,
        "embeddings": ring * _embeddings(job),
        "moments": 2 * ring * moments * (_forwards(job) + _parts(job)),
    }


def _embeddings(job):
    """Bytes of all devices' embeddings and their gradient, both ways.

    A single view has no other that it is compared with.
    """
    if job.views < 2:
        return 0
    embeddings = job.views * job.batch * job.proj_out_dim * FLOAT
    # In tiles the backward pass gathers three numbers a pair; the dense
    # form sums the gradient of all replicas' embeddings.
    if job.batch <= losses.DENSE_PAIRS:
        return embeddings + 2 * embeddings
    return embeddings + 3 * job.batch * FLOAT


def _parts(job):
    """Micro-batches of a step."""
    return job.share // job.at_a_time


def _forwards(job):
    """Forward passes of a step, those made again among them."""
    again = job.remat + (job.gradient_cache_microbatch > 0)
    return _parts(job) * (1 + again)


def collectives(job: PlannedJob) -> int:
    """How many collectives of a step wait for one another."""
    if job.devices == 1:
        return 0
    # Mean and variance one after the other; backward both sums at once.
    moments = 2 * _forwards(job) + _parts(job)
    # Two of the loss that compares views, one of the gradients.
    of_loss = 2 if job.views > 1 else 0
    return of_loss + 1 + len(job.trained.norms) * moments * job.global_bn


def passes(
    remat: bool = False,
    gradient_cache_microbatch: int = 0,
    memory_size: int = 0,
) -> int:
    """Forward passes that the computing of a step takes as long as.

    A backward pass is two; activations that are made again, views that are
    embedded twice and the momentum encoder are one more each. The arguments
    are those of a `PlannedJob`.
    """
    more = bool(remat) + (gradient_cache_microbatch > 0) + (memory_size > 0)
    return STEP + more


def seconds(
    job: PlannedJob, device: Device, efficiency: float = EFFICIENCY
) -> dict[str, float]:
    """Seconds of a step on the device and on its wires, a dictionary.

    Nothing is taken to overlap.

    Args:
      job: A `PlannedJob`.
      device: A `Device`.
      efficiency: Share of the device's speed that is reached, in (0, 1].
    """
    speed = device.speed if job.itemsize == FLOAT else device.speed_16
    work = job.views * job.share * _multiplications(job)
    between = device.network if job.hosts > 1 else device.wire
    sent = sum(wire(job).values()) / min(between, device.wire)
    return {
        "computing": 2 * work / (speed * efficiency),
        "communicating": sent + collectives(job) * LATENCY,
    }


def _multiplications(job):
    """Of a view in a step: what is frozen takes no backward pass."""
    again = (job.gradient_cache_microbatch, job.memory_size)
    trained = job.trained.multiplications
    frozen = job.whole.multiplications - trained
    forward = passes(False, *again) - BACKWARD
    return trained * passes(job.remat, *again) + frozen * forward


def balance(
    job: PlannedJob, device: Device, efficiency: float = EFFICIENCY
) -> float:
    """Images of a device below which a step mostly communicates.

    Communication hardly depends on the batch, computing is proportional.
    """
    spent = seconds(job, device, efficiency)
    return job.share * spent["communicating"] / spent["computing"]
