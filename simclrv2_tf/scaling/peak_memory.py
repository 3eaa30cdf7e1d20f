"""What a job keeps in the memory of each device at its peak."""

from __future__ import annotations

from simclrv2_tf import losses
from simclrv2_tf.scaling.planned_job import FLOAT
from simclrv2_tf.scaling.planned_job import SLOTS
from simclrv2_tf.scaling.planned_job import PlannedJob

# Bytes of the loss for each pair of pairs, and for each pair in tiles of 256
# columns: estimates from the sizes of its matrices, not measured yet.
DENSE_LOSS = 64
TILED_LOSS = 30_000


def memory(job: PlannedJob) -> dict[str, float]:
    """Bytes on each device, a dictionary of what they are for.

    Left out: what the runtime itself takes, and scratch space of single
    operations.
    """
    whole = job.whole
    copies = 2 + SLOTS[job.optimizer]  # weights, gradients, the optimizer's
    weights = whole.parameters * FLOAT * copies
    if job.itemsize < FLOAT:
        weights += whole.parameters * job.itemsize  # kernels in 16 bits
    pixels = 3 * job.image_size**2
    average = whole.parameters * FLOAT * job.keeps_average
    return {
        "weights, gradients, optimizer": weights,
        "average of the weights": average,
        "memory of keys": job.memory_size * job.proj_out_dim * FLOAT,
        "activations": job.views * job.at_a_time * activations(job),
        "images": job.views * job.share * pixels * FLOAT,
        "contrastive loss": loss(job),
        "embeddings": job.views * job.share * job.proj_out_dim * FLOAT,
    }


def inference_memory(job: PlannedJob) -> float:
    """Bytes of a network that answers a batch and is not trained.

    Weights, and what the first layers compute: all later ones are smaller.
    """
    weights = job.whole.parameters * FLOAT
    return weights + job.share * job.parts["stem"].kept * job.itemsize


def activations(job: PlannedJob) -> float:
    """Bytes of one view that wait for the backward pass.

    Of frozen parts nothing does; but one of them at a time is computed.
    """
    names = list(job.parts)
    frozen = max([job.parts[n].outputs for n in names[: job.frozen]], default=0)
    trained = {name: job.parts[name] for name in names[job.frozen :]}
    kept = sum(part.kept for part in trained.values())
    if not job.remat:
        return (frozen + kept) * job.itemsize
    groups = [p for n, p in trained.items() if n.startswith("block_group")]
    rest = frozen + kept - sum(group.kept for group in groups)
    outputs = sum(group.outputs for group in groups)
    largest = max([g.kept for g in groups], default=0)
    return (rest + outputs + largest) * job.itemsize


def loss(job: PlannedJob) -> float:
    """Bytes of the contrastive loss: all logits at once, or tiles of them."""
    if job.views < 2:
        return 0
    if job.batch <= losses.DENSE_PAIRS:
        return DENSE_LOSS * job.share * job.batch
    return TILED_LOSS * job.share
