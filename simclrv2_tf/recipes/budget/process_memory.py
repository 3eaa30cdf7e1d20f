"""What the process of a job comes to: a stage, and what other runs leave."""

from __future__ import annotations

from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.runs.hardware.memory_check import Expected

# What the runs of a job leave of each other in one process of the host
# (benchmarks/recipes.md): so much by four stages and each pilot run or trial.
LEFT_BY_STAGES, LEFT_BY_SHORT_RUN = 0.35e9, 0.14e9


def left(short_runs: int) -> float:
    """Bytes that the runs of a job leave of each other.

    Args:
      short_runs: Pilot runs and trials.
    """
    return LEFT_BY_STAGES + short_runs * LEFT_BY_SHORT_RUN


def whole(expected: Expected, short_runs: int) -> float:
    """Bytes that the process comes to by the end of the job.

    Args:
      expected: What its largest stage is expected to take.
      short_runs: Pilot runs and trials.
    """
    return expected.whole + (left(short_runs) if expected.taken else 0.0)


def limit(expected: Expected, memory_budget: float) -> float:
    """Bytes that the process may come to.

    Args:
      expected: What a stage is expected to take, and what is free.
      memory_budget: GB that it may come to, 0 for what is free.
    """
    free = memory_check.MOST * expected.free + expected.taken
    return min(free, memory_budget * 1e9) if memory_budget else free


def tell(recipe: Recipe, fitted: int, short_runs: int) -> None:
    """Has a recipe say what memory its job is expected to come to.

    Args:
      recipe: A `Recipe` that `memory_fit.fit` has seen.
      fitted: Pilot runs and trials that were reckoned with then.
      short_runs: Those that are planned.
    """
    if not recipe.memory:  # not known
        return
    if recipe.memory_before:
        recipe.memory += left(short_runs) - left(fitted)
    words = f"{gigabytes(recipe.memory)}{before(recipe.memory_before)}"
    recipe.notes.append(f"memory: about {words}")


def before(taken: float) -> str:
    """What the process has already, in words."""
    return f", {gigabytes(taken)} of it before it begins" if taken else ""
