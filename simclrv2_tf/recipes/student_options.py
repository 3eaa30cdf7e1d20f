"""Options of a student that a job would not heed: none is lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simclrv2_tf.config import Config

# What the Keras network is that a teacher is distilled into.
NAMES = ("student", "student_pixels", "student_weights")
_TEACHERS = ("pretrain", "finetune")


def check(config: Config, own: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises a ValueError for options of a student where there is none.

    Args:
      config: The job's `Config`.
      own: {stage: {option: value}} of what was given to one stage alone.
    """
    for stage in _TEACHERS:
        for name in NAMES:
            if name in own[stage]:
                raise ValueError(
                    f"`{name}` is for distillation: give --{name}, or "
                    f"--distill.{name}. Received: "
                    f"--{stage}.{name}={own[stage][name]}"
                )
    _check_is_there(config, own)


def _check_is_there(config, own):
    """Its pixels and weights mean nothing without a student."""
    shared = {name: getattr(config, name) for name in NAMES}
    given = [("", shared), *((f"{stage}.", own[stage]) for stage in own)]
    if any(options.get("student") for _, options in given):
        return
    for where, options in given:
        for name in NAMES[1:]:
            if options.get(name):
                raise ValueError(
                    f"`{name}` is of a Keras network to distil into: give "
                    f"--{where}student beside it, or leave it out. Received: "
                    f"--{where}{name}={options[name]}"
                )
