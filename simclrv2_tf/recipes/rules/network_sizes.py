"""How large a network, and how large its images: what time allows."""

from __future__ import annotations

import dataclasses
import math

from simclrv2_tf import scaling
from simclrv2_tf.recipes.rules.facts import Facts

SMALL_STEM = 32  # up to this side the stem has no stride
SMALLEST = 16
# Images that pretraining has to see for features worth having: the digits
# need 80 epochs of 1,437 (115,000), the hands a hundred of 1,650; CIFAR-10 at
# 1.8 million is not done. Below 30 epochs nothing is learnt from few images.
LEAST_SEEN, LEAST_EPOCHS = 160_000, 30
# Of so many images something is learnt, however seldom each is seen.
MANY_SEEN = 10_000_000
MOST_EPOCHS = 800  # of pretraining, the paper's: more are not planned
# Where the narrow network sees fewer than that, one of half its width is
# better in the same time (benchmarks/recipes.md, slower processors).
NARROW, FEW_SEEN = 0.25, 100_000
NARROWEST = 0.125  # of what is chosen, a student too
# The part of the budget that pretraining gets, see `time_plan`.
PRETRAINING = 0.5


@dataclasses.dataclass(frozen=True)
class Size:
    """A network and the side of its images.

    Attributes:
      image_size: Pixels.
      resnet_depth: Depth of the ResNet.
      width_multiplier: Times the channels of all layers.
    """

    image_size: int
    resnet_depth: int
    width_multiplier: float

    def options(self) -> dict:
        return dataclasses.asdict(self)


_NAMES = tuple(field.name for field in dataclasses.fields(Size))
# The largest first; the paper's ResNet-50s, then what CIFAR-10 is trained
# with (SimCLR, appendix B.9), in fractions of its width.
LADDER = (
    Size(224, 50, 2),
    Size(224, 50, 1),
    Size(160, 50, 1),
    Size(128, 50, 1),
    Size(96, 18, 1),
    Size(32, 18, 1),
    Size(32, 18, 0.5),
    Size(32, 18, NARROW),
    Size(32, 18, NARROWEST),
)


def choose(facts: Facts) -> Size:
    """The largest network that sees enough images in the time there is.

    What weights have, or the user has given, is not chosen.
    """
    *larger, narrowest = _allowed(facts)
    # Devices share a step of pretraining.
    devices = max(1, facts.machine.accelerators)
    seconds = PRETRAINING * facts.seconds * devices
    for size in larger:
        least = _least(size, facts)
        if least <= images_seen(size, facts, seconds):
            return size
    return narrowest


def _least(size, facts):
    """Images that a network has to be able to see to be chosen.

    Few images are seen so often at most, which a large network cannot have
    enough of; the narrow one has no more to see than a narrower one then.
    """
    most = MOST_EPOCHS * facts.examples
    if size == narrow(facts):
        return min(FEW_SEEN, most)
    least = images_wanted(facts.examples)
    return least if least <= most else math.inf


def smaller(facts: Facts) -> Facts | None:
    """Facts by which the next smaller network is chosen, for less memory.

    None where there is none, or what is given leaves no choice.
    """
    sizes = list(dict.fromkeys(_allowed(facts)))
    place = sizes.index(choose(facts)) + 1
    if place == len(sizes):
        return None
    return dataclasses.replace(facts, largest=sizes[place])


def narrow(facts: Facts) -> Size:
    """The network of a job that has all the time that its data deserve.

    The smallest of those that are not a makeshift for want of time.
    """
    return _fitting(facts)[-2]


def largest_within(facts: Facts, images: float, seconds: float) -> Size:
    """The largest network that sees so many images in a time, on paper.

    The narrow one at least, see `narrow`.

    Args:
      facts: `Facts`, whose own time is not looked at.
      images: To be seen.
      seconds: Of pretraining.
    """
    sizes = _fitting(facts)[:-1]
    enough = (s for s in sizes if images_seen(s, facts, seconds) >= images)
    return next(enough, narrow(facts))


def images_wanted(examples: int) -> int:
    """Images that pretraining should see at least."""
    return min(max(LEAST_SEEN, LEAST_EPOCHS * examples), MANY_SEEN)


def images_seen(size: Size, facts: Facts, seconds: float) -> float:
    """Images that pretraining gets through, on paper."""
    return seconds / step_seconds(size, facts, 256) * 256


def step_seconds(size: Size, facts: Facts, batch: int) -> float:
    """Seconds of a step of pretraining, on paper."""
    job = scaling.PlannedJob(
        batch=batch,
        mixed_precision="bfloat16" if facts.machine.bfloat16 else "float32",
        **size.options(),
    )
    return sum(scaling.seconds(job, facts.machine.device).values())


def distill_seconds(facts: Facts, batch: int) -> float:
    """Seconds of a step of distillation, on paper.

    It is the teacher's forward pass and the student's training on one view,
    where pretraining is three passes on each of two.
    """
    teacher = step_seconds(choose(facts), facts, batch)
    trained = step_seconds(choose_student(facts), facts, batch)
    return teacher / 6 + trained / 2


def _fitting(facts):
    """The sizes that there is a choice of, the largest first."""
    decided = {
        name: value
        for name, value in {**facts.initial, **facts.given}.items()
        if name in _NAMES
    }
    sizes = LADDER if "image_size" in decided else _no_larger(facts.side)
    return [dataclasses.replace(size, **decided) for size in sizes]


def _allowed(facts):
    """The same without those that take too much memory, or no time is for.

    The default time is for one of them, and no larger one is put up with.
    """
    sizes = _fitting(facts)
    bounds = (facts.largest, facts.deserved)
    first = max(sizes.index(b) if b in sizes else 0 for b in bounds)
    return sizes[first:]


def _no_larger(side):
    """The sizes whose images are no larger than those there are."""
    smaller = max(SMALLEST, min(side, SMALL_STEM))
    sizes = [
        dataclasses.replace(s, image_size=smaller)
        if s.image_size == SMALL_STEM
        else s
        for s in LADDER
    ]
    return [s for s in sizes if s.image_size <= max(side, smaller)]


def choose_student(facts: Facts) -> Size:
    """That of the student: half of the teacher, or of what time allows."""
    return student(before_halving(facts))


def before_halving(facts: Facts) -> Size:
    """The teacher's size, or what time allows, of which the student has half.

    Weights may be of a teacher that is larger than can be trained here.
    """
    teacher = choose(facts)
    images = {"image_size": teacher.image_size}
    allowed = choose(dataclasses.replace(facts, initial=images))
    return min(teacher, allowed, key=_how_large)


def _how_large(size):
    return size.resnet_depth, size.width_multiplier


def student(size: Size) -> Size:
    """Half the width, a third of the work; the paper halves its own too.

    The narrowest has a student like itself, taught anew: in enough steps small
    networks were as good so as the teacher's that went on from its weights
    (benchmarks/recipes.md, few steps of distillation).
    """
    width = max(size.width_multiplier / 2, NARROWEST)
    return dataclasses.replace(size, width_multiplier=width)
