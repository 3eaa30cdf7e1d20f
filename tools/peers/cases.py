"""What is measured: networks, batches, and the ways to run the peer's loop."""

import dataclasses
import itertools
import os

FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)


@dataclasses.dataclass(frozen=True)
class Case:
    """A network on images, the same on both sides.

    Attributes:
      title: In words.
      depth: Of the ResNet, 18 or 50.
      width: Times its channels.
      image_size: Of the views, in pixels; 32 takes CIFAR-10, else photographs.
      batch: Images a step; twice as many views.
      strength: Of the colour distortion.
      blur: Whether half of the views are blurred, each with its own width.
      projection: Outputs of the two-layer head.
      temperature: Of NT-Xent.
      target: Times the peer's images/s in bfloat16 that ours is to reach.
    """

    title: str
    depth: int
    image_size: int
    batch: int
    strength: float
    blur: bool
    width: float = 1.0
    projection: int = 128
    temperature: float = 0.5
    target: float = 1.5


CASES = {
    "r18-b128": Case("ResNet-18, 32 px, batch 128", 18, 32, 128, 0.5, False),
    "r18-b256": Case("ResNet-18, 32 px, batch 256", 18, 32, 256, 0.5, False),
    "r50-b16": Case(
        "ResNet-50, 224 px, batch 16",
        50,
        224,
        16,
        1.0,
        True,
        temperature=0.1,
        target=1.2,
    ),
}
SMALL = [name for name, case in CASES.items() if case.image_size <= 32]
# The network of flags/cifar10_cpu.cfg, whose neighbours are compared.
NEIGHBOURS = Case(
    "ResNet-18 of quarter width, 32 px, batch 256",
    18,
    32,
    256,
    0.5,
    False,
    width=0.25,
    projection=64,
    temperature=0.2,
)
ALL = {**CASES, "neighbours": NEIGHBOURS}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A way to run the peer's loop.

    Attributes:
      precision: Of autocast.
      channels_last: Whether images and kernels lie in that order.
      compiled: Whether `torch.compile` makes the network.
      workers: Processes that make views; 0 for none.
    """

    precision: str = FLOAT32
    channels_last: bool = False
    compiled: bool = False
    workers: int = 2

    def __str__(self):
        words = [self.precision]
        words += ["channels-last"] * self.channels_last
        words += ["torch.compile"] * self.compiled
        return f"{', '.join(words)}, {self.workers} workers"

    def words(self):
        """As a command line."""
        return [f"--setting={self.form}", f"--workers={self.workers}"]

    @property
    def form(self):
        """All but the workers, as `setting_of` reads it."""
        words = [self.precision]
        words += ["channels_last"] * self.channels_last
        return "+".join(words + ["compiled"] * self.compiled)


def cores():
    """Cores that this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def setting_of(form, workers):
    """The `Setting` of a form such as "bfloat16+channels_last+compiled".

    Raises:
      ValueError: If it is none.
    """
    for setting in all_settings(workers):
        if setting.form == form:
            return setting
    forms = [setting.form for setting in all_settings(workers)]
    raise ValueError(
        f"`setting` must be one of {forms}. Received: setting={form!r}"
    )


def all_settings(workers):
    """Every combination of precision, layout and compilation."""
    ways = itertools.product(PRECISIONS, (False, True), (False, True))
    return [Setting(*way, workers) for way in ways]


def add_setting(parser):
    """The arguments that `Setting.words` gives."""
    parser.add_argument("--setting", default=FLOAT32)
    parser.add_argument("--workers", type=int, default=2)


def add_measurement(parser):
    """What to measure and for how long, the same on both sides."""
    parser.add_argument("--case", choices=ALL, required=True)
    parser.add_argument("--npz", help="CIFAR-10, for 32 pixels")
    parser.add_argument("--photos", help="folder of class folders, for 224")
    parser.add_argument("--bare", action="store_true", help="one batch only")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--least", type=int, default=4, help="steps")
