"""The loggers that `--logger` names, which take the metrics of training."""

from __future__ import annotations

import difflib
from typing import Any

from simclrv2_tf.config import stage_overrides

TENSORBOARD, CSV, WANDB, MLFLOW = "tensorboard", "csv", "wandb", "mlflow"
LOGGERS = (TENSORBOARD, CSV, WANDB, MLFLOW)


def loggers(config: Any) -> tuple[str, ...]:
    """The names in `logger`, each once, in their order."""
    return _names(config.logger)


def all_loggers(config: Any) -> tuple[str, ...]:
    """The same, and those of single stages of a job."""
    own = stage_overrides.read(config.stage_options, config).values()
    texts = [config.logger, *(o["logger"] for o in own if "logger" in o)]
    return tuple(dict.fromkeys(name for t in texts for name in _names(t)))


def check_loggers(config: Any) -> None:
    """Raises a ValueError for a name that is none, with the nearest."""
    for name in all_loggers(config):
        if name not in LOGGERS:
            near = difflib.get_close_matches(name.lower(), LOGGERS, n=1)
            hint = f": did you mean {near[0]}?" if near else "."
            raise ValueError(
                f"`logger` must be of {list(LOGGERS)}, with commas{hint} "
                f"Received: logger={name!r}"
            )


def _names(text):
    names = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))
