"""The batch of a probe: a part of the recipe's where a step takes long.

Steps of a long job take many seconds on paper and, where a machine is slower
than that, minutes. What a step computes grows with its images.
"""

from __future__ import annotations

LONG = 2.0  # seconds of a step on paper, from which on a part is enough
LEAST = 32  # images, for eight accelerators as well
_SIZES = ("train_batch_size", "gradient_cache_microbatch")


def in_parts(options: dict, reckoned: float) -> tuple[dict, int]:
    """Options of a probe, and how many times its step a whole one takes.

    Args:
      options: Those of pretraining.
      reckoned: Seconds of a step on paper.

    Returns:
      The same options and 1 for a step of `LONG` seconds or less; else those
      of a half, a quarter, … of the batch, and of its microbatches.
    """
    parts = 1
    while reckoned / parts > LONG and _divides(options, 2 * parts):
        parts *= 2
    smaller = {n: size // parts for n, size in _sizes(options).items()}
    return {**options, **smaller}, parts


def _sizes(options):
    return {name: options[name] for name in _SIZES if options.get(name)}


def _divides(options, parts):
    sizes = _sizes(options)
    if any(size % parts for size in sizes.values()):
        return False
    return sizes.get("train_batch_size", 0) // parts >= LEAST
