"""What a pretraining job needs, on paper: memory, wire, time, input.

Each formula stands by itself and says what it leaves out. They are checked
against measurements on one machine (docs/scaling.md); what concerns several
devices is arithmetic, not measured.
"""

import dataclasses
import functools

from simclrv2_tf import losses
from simclrv2_tf.models import layer_costs

FLOAT = 4  # bytes
VIEWS = 2
# Bytes of the loss for each pair of pairs, and for each pair in tiles of 256
# columns: estimates from the sizes of its matrices, not measured yet.
DENSE_LOSS = 64
TILED_LOSS = 30_000
STEP = 3  # a backward pass costs two forward passes
SLOTS = {"lars": 1, "momentum": 1, "adam": 2, "lamb": 2}


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
LATENCY = 30e-6  # seconds that a collective takes at least: an assumption


# Operations a second of a core with AVX-512: a step of ResNet-18 at 32 pixels
# ran at 105e9 in float32 on 2 cores each, and 1.6 times as fast in bfloat16
# (benchmarks/memory.json, benchmarks/step.json).
CORE, CORE_16 = 105e9 / EFFICIENCY, 170e9 / EFFICIENCY


def this_machine(cores, memory):
    """The processor of a machine as a `Device`, which sends nothing.

    Args:
      cores: How many.
      memory: Bytes.
    """
    return Device(memory, cores * CORE, cores * CORE_16, 1e9, 1e9, 1)


def _option(default, help):
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True)
class Job:
    """A job; names are those of the flags where there is one.

    Raises:
      ValueError: If a number is below 1 or does not divide as it has to.
    """

    batch: int = _option(4096, "images in a step, over all devices")
    devices: int = _option(1, "devices that share a batch")
    hosts: int = _option(1, "machines that feed them")
    resnet_depth: int = _option(50, "18, 34, 50, 101, 152 or 200")
    width_multiplier: float = _option(1.0, "times the channels of all layers")
    sk_ratio: float = _option(0.0, "selective kernels if above 0")
    se_ratio: float = _option(0.0, "squeeze-and-excite if above 0")
    image_size: int = _option(224, "side of the images in pixels")
    proj_head_mode: str = _option("nonlinear", "none, linear or nonlinear")
    num_proj_layers: int = _option(3, "layers of the projection head")
    proj_out_dim: int = _option(128, "features of the projection")
    mixed_precision: str = _option("float32", "float32, bfloat16 or float16")
    remat: bool = _option(False, "make block groups again, keep less")
    gradient_cache_microbatch: int = _option(
        0, "images of a device embedded at a time; 0: all"
    )
    global_bn: bool = _option(True, "normalization spans all devices")
    optimizer: str = _option("lars", "lars, momentum, adam or lamb")
    views: int = _option(2, "views of an image: 2 in pretraining, else 1")
    frozen: int = _option(0, "parts that are not trained: stem, groups, ...")

    def __post_init__(self):
        _check(self)

    @property
    def share(self):
        """Images of a device in a step."""
        return self.batch // self.devices

    @property
    def at_a_time(self):
        """Images of a device whose activations exist at the same time."""
        return self.gradient_cache_microbatch or self.share

    @property
    def itemsize(self):
        """Bytes of an activation."""
        return FLOAT if self.mixed_precision == "float32" else FLOAT // 2

    @functools.cached_property
    def parts(self):
        """The `LayerCosts` of each part of the network."""
        head = (self.proj_head_mode, self.num_proj_layers, self.proj_out_dim)
        return _counted(
            self.image_size,
            *head,
            depth=self.resnet_depth,
            width_multiplier=self.width_multiplier,
            sk_ratio=self.sk_ratio,
            se_ratio=self.se_ratio,
        )

    @functools.cached_property
    def whole(self):
        """The `LayerCosts` of the whole network."""
        return sum(self.parts.values(), layer_costs.LayerCosts())


@functools.lru_cache(maxsize=64)  # jobs that differ in the batch alone
def _counted(image_size, mode, layers, out_dim, **backbone):
    head = {"mode": mode, "num_layers": layers, "out_dim": out_dim}
    return layer_costs.count(image_size, head=head, **backbone)


_LEAST = {
    "batch": 1,
    "devices": 1,
    "hosts": 1,
    "image_size": 8,
    "gradient_cache_microbatch": 0,
    "proj_out_dim": 1,
    "views": 1,
    "frozen": 0,
}


def _check(job):
    for name, least in _LEAST.items():
        if getattr(job, name) < least:
            raise ValueError(
                f"`{name}` must be at least {least}. Received: "
                f"{name}={getattr(job, name)}"
            )
    for name, allowed in (
        ("mixed_precision", ("float32", "bfloat16", "float16")),
        ("optimizer", tuple(SLOTS)),
        ("proj_head_mode", ("none", "linear", "nonlinear")),
    ):
        if getattr(job, name) not in allowed:
            raise ValueError(
                f"`{name}` must be one of {list(allowed)}. "
                f"Received: {name}={getattr(job, name)!r}"
            )
    for name, whole, words, part in (
        ("batch", job.batch, "devices", job.devices),
        ("devices", job.devices, "hosts", job.hosts),
        ("images of a device", job.share, "a micro-batch", job.at_a_time),
    ):
        if whole % part:
            raise ValueError(
                f"The {name} ({whole}) must be a multiple of {words} ({part})."
            )


def memory(job):
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
    return {
        "weights, gradients, optimizer": weights,
        "activations": job.views * job.at_a_time * activations(job),
        "images": job.views * job.share * pixels * FLOAT,
        "contrastive loss": loss(job),
        "embeddings": job.views * job.share * job.proj_out_dim * FLOAT,
    }


def inference_memory(job):
    """Bytes of a network that answers a batch and is not trained.

    Weights, and what the first layers compute: all later ones are smaller.
    """
    weights = job.whole.parameters * FLOAT
    return weights + job.share * job.parts["stem"].kept * job.itemsize


def activations(job):
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


def loss(job):
    """Bytes of the contrastive loss: all logits at once, or tiles of them."""
    if job.views < 2:
        return 0
    if job.batch <= losses.DENSE_PAIRS:
        return DENSE_LOSS * job.share * job.batch
    return TILED_LOSS * job.share


def wire(job):
    """Bytes that each device sends in a step, a dictionary.

    By rings: of n devices' shares a gather passes on n - 1, and a sum of
    the whole takes twice (n - 1) / n of it.
    """
    ring = (job.devices - 1) / job.devices
    embeddings = VIEWS * job.batch * job.proj_out_dim * FLOAT
    # In tiles the backward pass gathers three numbers a pair; the dense
    # form sums the gradient of all replicas' embeddings.
    backward = 3 * job.batch * FLOAT
    if job.batch <= losses.DENSE_PAIRS:
        backward = 2 * embeddings
    # Mean and variance on the way forward, two sums on the way back.
    moments = 2 * FLOAT * sum(job.whole.norms) * job.global_bn
    return {
        "gradients": 2 * ring * job.whole.parameters * FLOAT,
        "embeddings": ring * (embeddings + backward),
        "moments": 2 * ring * moments * (_forwards(job) + _parts(job)),
    }


def _parts(job):
    """Micro-batches of a step."""
    return job.share // job.at_a_time


def _forwards(job):
    """Forward passes of a step, those made again among them."""
    again = job.remat + (job.gradient_cache_microbatch > 0)
    return _parts(job) * (1 + again)


def collectives(job):
    """How many collectives of a step wait for one another."""
    if job.devices == 1:
        return 0
    # Mean and variance one after the other; backward both sums at once.
    moments = 2 * _forwards(job) + _parts(job)
    # Two of the loss, one of the gradients.
    return 3 + len(job.whole.norms) * moments * job.global_bn


def seconds(job, device, efficiency=EFFICIENCY):
    """Seconds of a step on the device and on its wires, a dictionary.

    Nothing is taken to overlap.

    Args:
      job: A `Job`.
      device: A `Device`.
      efficiency: Share of the device's speed that is reached, in (0, 1].
    """
    speed = device.speed if job.itemsize == FLOAT else device.speed_16
    again = job.remat + (
        job.gradient_cache_microbatch > 0
    )  # forward passes made again
    work = VIEWS * job.share * job.whole.multiplications * (STEP + again)
    between = device.network if job.hosts > 1 else device.wire
    sent = sum(wire(job).values()) / min(between, device.wire)
    return {
        "computing": 2 * work / (speed * efficiency),
        "communicating": sent + collectives(job) * LATENCY,
    }


def balance(job, device, efficiency=EFFICIENCY):
    """Images of a device below which a step mostly communicates.

    Communication hardly depends on the batch, computing is proportional.
    """
    spent = seconds(job, device, efficiency)
    return job.share * spent["communicating"] / spent["computing"]
