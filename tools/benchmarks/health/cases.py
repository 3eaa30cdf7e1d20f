"""Forty runs: half of them ought to learn, half of them cannot."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any
from typing import cast

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from tools.benchmarks.health import images
from tools.benchmarks.health.images import DIGITS
from tools.benchmarks.health.images import OTHER

STEPS = {32: 700, 64: 400, 128: 220, 256: 130}  # by batch
SIZES = {DIGITS: 16, OTHER: 20}  # of the views, in pixels
SOUND = {
    "mode": "train",
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "num_proj_layers": 2,
    "proj_out_dim": 32,
    "optimizer": "lars",
    "learning_rate": 4.0,
    "warmup_epochs": 1,
    "color_jitter_strength": 0.2,
    "use_blur": False,
    "lineareval_while_pretraining": False,
    "checkpoint_epochs": 10000,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A run.

    Attributes:
      what: What is peculiar about it, in words.
      data: `DIGITS` or `OTHER`.
      temperature: Of the loss.
      batch: Images in a step.
      options: What differs from `SOUND`.
      spoil: Function of uint8 images to what the run is given instead.
    """

    what: str
    data: str
    temperature: float
    batch: int
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    spoil: Callable | None = None

    @property
    def folder(self) -> str:
        words = f"{self.data} {self.what} {self.temperature} {self.batch}"
        return re.sub(r"[^\w.-]+", "_", words)

    @property
    def steps(self) -> int:
        return STEPS[self.batch]

    def config(self) -> dict[str, Any]:
        """Fields of the run's `Config`."""
        return {
            **SOUND,
            "image_size": SIZES[self.data],
            "temperature": self.temperature,
            "train_batch_size": self.batch,
            "train_steps": self.steps,
            **self.options,
        }

    def described(self) -> dict[str, Any]:
        """What the report says of it."""
        names = ("what", "data", "temperature", "batch", "options")
        return {name: getattr(self, name) for name in names}

    def spoiled(self, source: Source) -> Source:
        """The images that the run is given."""
        if self.spoil is None:
            return source
        pixels = self.spoil(cast(InMemory, source.storage).array)
        return dataclasses.replace(source, storage=images.Unchecked(pixels))


def lars(rate):
    return {"learning_rate": rate}


def adam(rate):
    return {"optimizer": "adam", "learning_rate": rate}


def momentum(rate, weight_decay=1e-4):
    return {
        "optimizer": "momentum",
        "learning_rate": rate,
        "weight_decay": weight_decay,
    }


def sound(data):
    """Runs with settings that suit the data."""
    for temperature, batches in {
        0.1: (32, 64, 128, 256),
        0.5: (32, 256),
        1.0: (256,),
    }.items():
        for batch in batches:
            yield Case("LARS", data, temperature, batch)


# Some of what looks spoiled learns: batch normalization undoes a scale of the
# pixels, and bears much too high a rate while the weights grow.
CASES = (
    *sound(DIGITS),
    Case("Adam", DIGITS, 0.5, 128, adam(0.001)),
    Case("LARS, rate 1000", DIGITS, 0.5, 128, lars(1000.0)),
    Case("pixels up to 255", DIGITS, 0.5, 128, spoil=images.in_bytes),
    Case("divided by 255 twice", DIGITS, 0.1, 128, spoil=images.divided_twice),
    *sound(OTHER),
    Case("momentum", OTHER, 0.5, 128, momentum(0.2)),
    Case("divided by 255 twice", OTHER, 0.5, 256, spoil=images.divided_twice),
    # Far too low a rate.
    Case("LARS, rate 1e-6", DIGITS, 0.1, 64, lars(1e-6)),
    Case("LARS, rate 1e-6", OTHER, 0.5, 128, lars(1e-6)),
    Case("Adam, rate 1e-9", DIGITS, 1.0, 256, adam(1e-9)),
    Case("momentum, rate 1e-7", DIGITS, 0.5, 32, momentum(1e-7)),
    Case("momentum, rate 1e-7", OTHER, 0.1, 32, momentum(1e-7)),
    # Far too high a one, to divergence.
    Case("LARS, rate 1000", OTHER, 0.1, 64, lars(1000.0)),
    Case("Adam, rate 3", DIGITS, 0.1, 256, adam(3.0)),
    Case("momentum, rate 1e4", OTHER, 1.0, 128, momentum(1e4)),
    Case("momentum, rate 1e10", DIGITS, 0.1, 32, momentum(1e10)),
    Case("LARS, rate 1e6", DIGITS, 0.5, 64, lars(1e6)),
    # Weights that vanish.
    Case("weight decay 30", DIGITS, 0.1, 128, momentum(0.1, 30.0)),
    Case("weight decay 30", OTHER, 0.5, 128, momentum(0.1, 30.0)),
    # Images that say nothing, or not what they should.
    Case("constant images", DIGITS, 0.1, 64, spoil=images.constant),
    Case("constant images", OTHER, 0.5, 256, spoil=images.constant),
    Case("one image repeated", OTHER, 0.5, 128, spoil=images.repeated),
    Case("one image repeated", DIGITS, 1.0, 32, spoil=images.repeated),
    Case("noise images", OTHER, 0.1, 256, spoil=images.noise),
    Case("noise images", DIGITS, 0.5, 64, spoil=images.noise),
    Case("pixels up to 255", OTHER, 0.1, 64, spoil=images.in_bytes),
    Case("pixels permuted", OTHER, 0.1, 128, spoil=images.permuted),
)
