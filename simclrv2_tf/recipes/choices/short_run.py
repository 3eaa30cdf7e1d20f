"""A run of a job that tries something out, and what such runs choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.console.units import percent
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.train import train

DIVERGED = "diverged"  # why a run tells nothing


def train_alone(
    config: Config, source: Source, evaluation: Source | None, interruption
) -> dict:
    """Trains; nothing is evaluated or exported.

    What diverges is tried and no good: its result is {DIVERGED: why}.

    Args:
      config: The `Config` of the run.
      source: A `Source` to train on.
      evaluation: Not looked at.
      interruption: An `Interruption` that has begun.
    """
    del evaluation
    try:
        with devices.scope(config):
            trained = train(config, source, interruption)
    except Diverged as error:
        return {DIVERGED: str(error)}
    return {**trained.metrics, "parameters": trained.parameters}


def outcome(
    record: Record, part: str, judge: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], str]:
    """What short runs came to, judged once, and their shares in words.

    Args:
      record: The job's `Record`.
      part: Name of the part of the job.
      judge: Gives the outcome, with a "chosen" of the "shares" {name: share of
        right answers}.
    """
    if part not in record.done:
        record.finish(part, judge())
    judged = record.done[part]
    shares = judged["shares"].items()
    return judged, ", ".join(
        f"{name}: {percent(share)}" for name, share in shares
    )


def tell(recipe: Recipe, choice: str) -> None:
    """Prints a choice, and has the recipe say it."""
    print(choice, flush=True)
    recipe.notes.append(choice)
