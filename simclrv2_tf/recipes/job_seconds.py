"""Seconds that a job took, those of killed and of failed runs too."""

from __future__ import annotations

import os
from typing import Any

from simclrv2_tf.recipes.record import Record
from simclrv2_tf.runs import journal

_BEFORE_DISTILLATION = (
    "pilots",
    "pretrained",
    "scratch",
    "trials",
    "finetuned",
)


def planned(begun: dict[str, Any]) -> float:
    """Seconds that a job was to take, making its plan included.

    Args:
      begun: What the job wrote down as it began, see `record.read_job`.
    """
    return of_the_plan(begun) + sum(begun["recipe"]["seconds"].values())


def of_the_plan(begun: dict[str, Any]) -> float:
    """Seconds that it took to make the plan."""
    return begun.get("seconds", 0.0)


def so_far(record: Record) -> float:
    """Seconds that a job has taken for its plan and the parts that are done."""
    done = (record.done.get(part, {}) for part in _BEFORE_DISTILLATION)
    seconds = sum(part.get("seconds", 0.0) for part in done)
    return of_the_plan(record.begun()) + of_attempts(record) + seconds


def of_attempts(record: Record) -> float:
    """Seconds of the starts of pretraining that failed.

    Jobs of earlier versions have not written them down: the journals tell.
    """
    attempts = record.done.get("attempts", [])
    return sum(
        attempt.get("seconds")
        or in_journal(record.path(f"pretrained-attempt-{number}"))
        for number, attempt in enumerate(attempts, 1)
    )


def spent_before(record: Record, part: str) -> float:
    """Seconds of the runs of a part in processes that were killed.

    That is all of those that they finished, and of the one under way what
    its journal tells.
    """
    return sum(_of_run(record, name) for name in _runs(record, part))


def in_journal(directory: str) -> float:
    """Seconds of all lives of a run, 0 if there is none."""
    return journal.seconds(journal.read(directory, whole=True))


def _runs(record, part):
    """Runs of a part as they are called in the record, done or not."""
    done = {name for name in record.done if name.startswith(part + os.sep)}
    folder = record.path(part)
    begun = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(done | {os.path.join(part, name) for name in begun})


def _of_run(record, name):
    if name in record.done:
        return record.done[name]["seconds"]
    return in_journal(record.path(name))
