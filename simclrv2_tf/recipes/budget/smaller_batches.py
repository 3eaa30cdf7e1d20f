"""What a stage may change to take less memory, the mildest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simclrv2_tf.recipes.job_recipe import Recipe

LEAST_MICROBATCH = 16  # images that give batch normalization its moments


def changes(
    recipe: Recipe, stage: str, options: dict[str, Any], replicas: int
) -> Iterator[dict[str, Any]]:
    """Changes of what the user has not given, and that go with it.

    Args:
      recipe: A `Recipe`, which stays as it is.
      stage: Name of the stage. Pretraining takes micro-batches and then
        smaller batches; other stages smaller batches and then `remat`.
      options: Those of the stage.
      replicas: Devices that share a batch.
    """
    given = recipe.given.get(stage, {})
    if stage == "pretrain":
        yield from _of_pretraining(given, options, replicas)
        return
    batches = [options["train_batch_size"]]
    if "train_batch_size" not in given:
        batches += _halves(batches[0], replicas)
    yield from ({"train_batch_size": batch} for batch in batches[1:])
    if "remat" not in given:
        yield {"remat": True}
        for batch in batches[1:]:
            yield {"train_batch_size": batch, "remat": True}


def _of_pretraining(given, options, replicas):
    part = given.get("gradient_cache_microbatch")
    for changed in _smaller(options["train_batch_size"], replicas):
        batch = changed.get("train_batch_size")
        if batch and "train_batch_size" in given:
            continue
        if part is None:
            yield changed
        elif batch and _divides(part, batch // replicas):
            yield {"train_batch_size": batch}


def _divides(part, share):
    """Whether a device's share of a batch has so many images in each part."""
    return not part or (share > part and share % part == 0)


def _smaller(batch, replicas):
    """Changes from the mildest on; a device has its share of a batch."""
    share = batch // replicas
    part = share // 2
    while part >= LEAST_MICROBATCH:
        if share % part == 0:
            yield {"gradient_cache_microbatch": part}
        part //= 2
    for smaller in _halves(batch, replicas):
        yield {
            "train_batch_size": smaller,
            "gradient_cache_microbatch": _part_of(smaller // replicas),
        }


def _part_of(share):
    """The smallest micro-batch of a device's share, 0 for none."""
    divided = share > LEAST_MICROBATCH and share % LEAST_MICROBATCH == 0
    return LEAST_MICROBATCH if divided else 0


def _halves(batch, replicas):
    """Half of a batch, a quarter, ..., which replicas can share."""
    share = batch // replicas
    while share >= 2 * LEAST_MICROBATCH:
        share //= 2
        yield share * replicas
