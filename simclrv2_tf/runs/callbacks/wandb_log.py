"""Metrics for Weights & Biases: one run there, however often resumed."""

from __future__ import annotations

import os
import uuid
from typing import Any

from simclrv2_tf.files.credentials import public_values
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.machine.extras import load_extra
from simclrv2_tf.runs.callbacks import tracker_ids

NAME = "wandb"
_PROJECT = "simclrv2_tf"


class WandbLog:
    """Logs to the run that the directory has there.

    Its own environment variables say who signs in, where and whether at all
    (`WANDB_API_KEY`, `WANDB_PROJECT`, `WANDB_MODE=offline`). What the process
    prints, its command line and its code are not sent.

    Args:
      directory: Of the run.
      options: {name: value} of the config, which are sent without secrets.
    """

    def __init__(self, directory: str, options: dict[str, Any]):
        wandb = load_extra(NAME, NAME, "--logger=wandb")
        known_as = tracker_ids.read_id(directory, NAME) or uuid.uuid4().hex[:12]
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or _PROJECT,
            id=known_as,
            name=os.path.basename(os.path.abspath(directory)),
            resume="allow",
            dir=None if is_remote(directory) else directory,
            config=public_values(options),
            settings=wandb.Settings(
                console="off",
                disable_code=True,
                disable_git=True,
                disable_job_creation=True,
                x_disable_meta=True,
                x_save_requirements=False,
            ),
        )
        tracker_ids.keep_id(directory, NAME, known_as)
        self._next = self._run.step if self._run.resumed else 0

    def log(self, step: int, values: dict[str, float]) -> None:
        """Logs a step, unless it was logged before a stop."""
        if step >= self._next:
            self._run.log(values, step=step, commit=True)

    def close(self, finished: bool) -> None:
        """Ends it; a run that was stopped counts as one that failed there."""
        self._run.finish(exit_code=0 if finished else 1)
