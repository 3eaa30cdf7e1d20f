"""The batch of a probe: a part of the recipe's where a step takes long.

Steps of a long job take many seconds on paper and, where a machine is slower
than that, minutes. What a step computes grows with its images.
"""

from __future__ import annotations

LONG = 2.0  # seconds of a step on paper, from which on a part is enough
LEAST = 32  # images
_BATCH, _MICROBATCH = "train_batch_size", "gradient_cache_microbatch"


def in_parts(
    options: dict, reckoned: float, replicas: int = 1
) -> tuple[dict, int]:
    """Options of a probe, and how many times its step a whole one takes.

    Microbatches stay as they are, two or more on each device.

    Args:
      options: Those of pretraining.
      reckoned: Seconds of a step on paper, on one device.
      replicas: Devices that share the batch.

    Returns:
      The same options and 1 for a step of `LONG` seconds or less; else those
      of a half, a quarter, … of the batch.
    """
    parts = 1
    while reckoned / replicas / parts > LONG and _divides(
        options, 2 * parts, replicas
    ):
        parts *= 2
    if parts == 1:
        return options, 1
    return {**options, _BATCH: options[_BATCH] // parts}, parts


def _divides(options, parts, replicas):
    """Whether each device has as many whole images, and microbatches."""
    batch, micro = options.get(_BATCH, 0), options.get(_MICROBATCH) or 0
    if batch % (parts * replicas) or batch // parts < LEAST:
        return False
    share = batch // parts // replicas
    return not micro or (share % micro == 0 and share >= 2 * micro)
