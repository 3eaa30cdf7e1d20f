"""Whether a command goes on with a job, or asks for another one."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.config import stage_overrides
from simclrv2_tf.recipes.recommend import RULES
from simclrv2_tf.recipes.record import OF_NOW

# Options of single stages that earlier versions took and ignored.
_IGNORED = ("time_limit", "preemption_exit_code")
# Who gets the metrics, and what may change as well when a job goes on.
_CHANGING = ("logger", *OF_NOW)
# Given with their defaults they are asked for; left out, the job decides.
_MEANT = (
    "apply_orientation",
    "checkpoint_epochs",
    "checkpoint_steps",
    "eval_ema",
    "eval_split",
    "resize_shorter_side",
    "train_epochs",
    "train_steps",
)


def check_same(
    begun: dict[str, Any],
    flags: dict[str, Any],
    data: dict[str, Any],
    directory: str,
) -> None:
    """Raises a ValueError unless a job goes on with what it began with.

    Args:
      begun: What the job wrote as it began, see `record.read_job`.
      flags: What this command asks for, see `stage_configs.job_flags`.
      data: What its images are, see `JobData.about`.
      directory: Of the job.
    """
    _check_flags(begun, flags, directory)
    recorded = begun["data"]  # earlier versions did not tell the images
    if recorded != {name: data[name] for name in data if name in recorded}:
        raise ValueError(
            f"`model_dir` {directory!r} holds a job on other images: "
            f"{begun['data']['name']} had {begun['data']['examples']} then "
            f"and has {data['examples']} now, or other labels or pixels. Give "
            "another directory, or bring the data back."
        )


def _check_flags(begun, flags, directory):
    before = {"train_mode": "semi_supervised", **begun["asked"]}
    before, flags = map(_of_effect, (before, flags))
    chosen = _chosen(begun)
    names = [
        n for n in {**before, **flags} if _differ(n, before, flags, chosen)
    ]
    if names:
        then, now = (
            ", ".join(_in_words(name, values) for name in names)
            for values in (before, flags)
        )
        raise ValueError(
            f"`model_dir` {directory!r} holds another job: it was begun with "
            f"{then}, and the flags say {now}. Give another directory, or "
            "those flags."
        )


def _chosen(begun):
    """Options that mean something else left out than given their default."""
    reasons = begun.get("recipe", {}).get("reasons", [])
    planned = {reason.get("option") for reason in reasons}
    return {*planned, *(rule.option for rule in RULES), *_MEANT}


def _differ(name, before, flags, chosen):
    """Whether an option is another one; left out it has its default."""
    default = None if name in chosen else getattr(Config, name, None)
    return before.get(name, default) != flags.get(name, default)


def _in_words(name, values):
    value = values.get(name)
    return f"{name} not given" if value is None else f"{name}={value}"


def _of_effect(flags):
    """What a job was asked, without what changes nothing that it trains.

    Stages of earlier versions ignored some; others may change at any time, as
    those of a run may.
    """
    ignored = (*_IGNORED, *_CHANGING)
    text = stage_overrides.without(flags.get("stage_options"), ignored)
    changing = ("export_dir", *_CHANGING)
    kept = {name: v for name, v in flags.items() if name not in changing}
    return {**kept, "stage_options": _settled(text)}


def _settled(text):
    """Options of stages as one text, however they were written.

    Python has its own order and writes 1 where a command writes 1.0. A text
    that only another version reads stays as it is.
    """
    try:
        options = stage_overrides.read(text, Config)
    except ValueError:
        return text
    return stage_overrides.write(
        {stage: dict(sorted(own.items())) for stage, own in options.items()}
    )
