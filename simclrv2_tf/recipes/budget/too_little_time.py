"""The error of a time budget that allows no epoch, and what would allow one."""

from __future__ import annotations

from collections.abc import Callable

from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes.rules.facts import Facts

_CALLED = {
    "pretrain": "pretraining",
    "finetune": "fine-tuning",
    "distill": "distillation",
    "scratch": "the small network from scratch",
}


def error(
    stage: str, facts: Facts, short: Callable[[float], str | None]
) -> ValueError:
    """What to raise, with the least budget that does.

    Args:
      stage: Name of the stage that has no epoch.
      facts: `Facts`.
      short: Function from the seconds of a budget to the name of such a
        stage, None where there is none.
    """
    minutes = least_minutes(short, int(facts.seconds / 60))
    needed = f"{minutes // 60:02d}:{minutes % 60:02d}"
    received = f"{duration(facts.seconds)} for {facts.examples:,} images"
    if not facts.seconds_given:
        received = f"none, which is {received}"
    return ValueError(
        f"The time budget must allow an epoch of {_CALLED[stage]}, for which "
        f"this job needs {needed}. Received: {received}; give "
        f"--time_budget={needed} or more."
    )


def least_minutes(short: Callable[[float], str | None], below: int) -> int:
    """The least minutes above some that are no longer too short.

    Args:
      short: See `error`.
      below: Minutes that are too short.
    """
    more = 1
    while short(60 * (below + more)):
        more *= 2
    least, most = below + more // 2, below + more
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if short(60 * middle) else (least, middle)
    return most
