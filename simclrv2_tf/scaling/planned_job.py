"""A pretraining job on paper: what its formulas are computed from."""

import dataclasses
import functools

from simclrv2_tf.models import layer_costs

FLOAT = 4  # bytes
SLOTS = {"lars": 1, "momentum": 1, "adam": 2, "lamb": 2}


def _option(default, help):
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True)
class PlannedJob:
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
    average: bool = _option(False, "keep an average of the weights")
    memory_size: int = _option(0, "keys of the momentum memory; 0: none")

    def __post_init__(self):
        _check(self)

    @property
    def share(self) -> int:
        """Images of a device in a step."""
        return self.batch // self.devices

    @property
    def keeps_average(self) -> bool:
        """Whether there is an average of the weights: a memory needs one."""
        return self.average or self.memory_size > 0

    @property
    def at_a_time(self) -> int:
        """Images of a device whose activations exist at the same time."""
        return self.gradient_cache_microbatch or self.share

    @property
    def itemsize(self) -> int:
        """Bytes of an activation."""
        return FLOAT if self.mixed_precision == "float32" else FLOAT // 2

    @functools.cached_property
    def parts(self) -> dict[str, layer_costs.LayerCosts]:
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
    def whole(self) -> layer_costs.LayerCosts:
        """The `LayerCosts` of the whole network."""
        return sum(self.parts.values(), layer_costs.LayerCosts())

    @functools.cached_property
    def trained(self) -> layer_costs.LayerCosts:
        """The `LayerCosts` of the parts that are not frozen."""
        parts = list(self.parts.values())[self.frozen :]
        return sum(parts, layer_costs.LayerCosts())


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
    "memory_size": 0,
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
