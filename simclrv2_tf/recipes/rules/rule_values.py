"""Values that the table of rules computes from the facts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.facts import Facts

# Images of a step: on processors, where rates were measured; on accelerators.
MEASURED_IMAGES, MOST_IMAGES = 256, 1024
RATE = 2.0  # at 256 images
PROBED_BELOW = 10  # labels a class
# Of all weights, after scaling by the batch: below 50 labels a class, and from
# there on (benchmarks/recipes.md).
LOW_RATE, WHOLE_RATE, MANY_LABELS = 0.0005, 0.01, 50
PAPERS_CROPS, LARGE_CROPS = 0.08, 0.3  # least area
SMALL = 64  # pixels
# Times as long as wide: a view is 4:3 to 3:4, and of a 4:1 image it is a third
# at most. Where none fits it is the whole image, both times.
LONG = 2.0
# Times the side of the network's images: from the first on, images are reduced
# to the second, of which the smallest crop has 1.6 times the side of a view.
FAR_LARGER, REDUCED = 4, 3
CHIRAL = 0.7  # of the images told from their mirror images: half by chance


def of_teacher(name: str) -> Callable[[Facts], Any]:
    """An attribute of the teacher's `Size`."""
    return lambda facts: getattr(network_sizes.choose(facts), name)


def of_student(name: str) -> Callable[[Facts], Any]:
    """The same of the student's."""
    return lambda facts: getattr(network_sizes.choose_student(facts), name)


def precision(facts: Facts) -> str:
    """16 bits where they are native."""
    return "bfloat16" if facts.machine.bfloat16 else "float32"


def batch(facts: Facts) -> int:
    """Images of a step of pretraining: a power of two, or near one."""
    most = MOST_IMAGES if facts.machine.accelerators else MEASURED_IMAGES
    largest = min(most, facts.examples // 4)
    power = max(16, 1 << (largest.bit_length() - 1))
    return in_equal_parts(power, facts.machine.accelerators)


def channels(facts: Facts) -> int:
    """Those that pretraining was given, as all stages see the same images."""
    return facts.given.get("channels") or facts.channels


def pretraining_rate(facts: Facts, images: int = 0) -> float:
    """The rate before it is scaled by batch / 256.

    Scaled it is proportional to the batch up to 256, then to its square root.

    Args:
      facts: `Facts`.
      images: Of a step; 0 for those that are given, or else chosen.
    """
    images = images or facts.given.get("train_batch_size") or batch(facts)
    larger = max(1.0, images / MEASURED_IMAGES)
    return round(RATE / math.sqrt(larger), 5)


def label_batch(facts: Facts) -> int:
    """Images of a step on the labels alone.

    One device has them all where there are fewer labels than devices.
    """
    devices = facts.machine.accelerators
    shared = devices if facts.labelled >= devices else 1
    return in_equal_parts(min(64, facts.labelled), shared)


def in_equal_parts(batch: int, replicas: int) -> int:
    """The largest batch, no larger than one, that replicas can share.

    An image for each of them is the least.
    """
    parts = max(1, replicas)
    return max(1, batch // parts) * parts


def probe_alone(facts: Facts) -> bool:
    """Whether there are too few labels to change the features by them."""
    return facts.per_class < PROBED_BELOW


def trained_after(facts: Facts) -> int:
    """The block group after which weights are trained; -1 for all."""
    return 4 if probe_alone(facts) else -1


def label_rate(facts: Facts, images: int = 0) -> float:
    """So that the rate after scaling by batch / 256 is the same for any.

    Args:
      facts: `Facts`.
      images: Of a step; 0 for those that are chosen.
    """
    if probe_alone(facts):
        return 0.0
    scaled = LOW_RATE if facts.per_class < MANY_LABELS else WHOLE_RATE
    return round(scaled * 256 / (images or label_batch(facts)), 7)


def distill_batch(facts: Facts) -> int:
    """Images of a step of distillation."""
    return in_equal_parts(min(128, batch(facts)), facts.machine.accelerators)


def smallest_crop(facts: Facts) -> float:
    """Least share of an image that a view shows.

    Of a very long one it is a large crop of a square on its shorter side: the
    largest view has 4/3 of that square.
    """
    if facts.elongation > LONG:
        of_square = round(LARGE_CROPS / facts.elongation, 4)
        return min(PAPERS_CROPS, of_square)
    small = network_sizes.choose(facts).image_size <= SMALL
    return LARGE_CROPS if small else PAPERS_CROPS


def flips(facts: Facts) -> bool:
    """Whether a mirror image is as good an image, and of the same class."""
    return facts.told_from_mirror < CHIRAL and not mirrors_differ(facts)


def mirrors_differ(facts: Facts) -> bool:
    """Whether the labels say that mirror images are of other classes."""
    return facts.mirrored_labels is not None and facts.mirrored_labels.differ


def shorter_side(facts: Facts) -> int | None:
    """What the shorter side of far larger images is reduced to, or None."""
    side = max(network_sizes.choose(facts).image_size, facts.largest_given)
    if not facts.reducible or facts.side < FAR_LARGER * side:
        return None
    return REDUCED * side


def blurs(facts: Facts) -> bool:
    """Whether images are large enough to have detail."""
    return network_sizes.choose(facts).image_size > SMALL


def strength(facts: Facts) -> float:
    """Of colour distortion."""
    return 1.0 if network_sizes.choose(facts).image_size >= 96 else 0.5
