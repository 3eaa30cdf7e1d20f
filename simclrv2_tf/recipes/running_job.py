"""A job that has begun: its stages, and what each came to."""

from __future__ import annotations

import dataclasses
import glob
import os
import time
from collections.abc import Callable
from typing import Any

from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.config.required import required
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.models.network import Network
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.job_seconds import in_journal
from simclrv2_tf.recipes.record import FOLDS
from simclrv2_tf.recipes.record import RECIPE
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.hardware import memory
from simclrv2_tf.runs.interruption import Interruption

Runner = Callable[..., dict]  # of a config, sources and an interruption


class EndedByCallback(Exception):
    """A callback ended a run of the job, which is not done."""


@dataclasses.dataclass
class Job:
    """A job that has begun.

    Attributes:
      config: Its `Config`.
      data: Its `JobData`.
      recipe: Its `Recipe`.
      record: Its `Record`.
      run: `session.run`.
      interruption: An `Interruption`.
      lock: The `Lock` of its directory, looked at between its parts; None for
        none.
    """

    config: Config
    data: JobData
    recipe: Recipe
    record: Record
    run: Runner
    interruption: Interruption
    lock: Lock | None = None

    def write_recipe(self) -> None:
        """Writes flagfiles and record anew, with what was chosen since."""
        check_owner(self.lock)
        recipe = self.recipe.halved(self.record.done.get("attempts", []))
        recipe_text.write_flagfiles(recipe, self.config.directory)
        self.record.finish(RECIPE, recipe.to_json())

    def config_of(self, stage: str, recipe: Recipe | None = None) -> Config:
        """The config of a stage's run, by another recipe than the job's."""
        return stage_configs.config_of(
            self.config,
            recipe or self.recipe,
            stage,
            self.data.options,
            self.data.evaluation is not None,
        )

    def stage(self, stage: str) -> dict[str, Any]:
        """Runs a stage to its end, unless that is done."""
        part = stage_configs.FOLDERS[stage]
        if part not in self.record.done:
            self.run_part(part, self.config_of(stage), self.interruption)
        return self.record.done[part]

    def run_part(
        self,
        part: str,
        config: Config,
        interruption: Interruption,
        run: Runner | None = None,
        source: Source | None = None,
    ) -> None:
        """A run of the job, and what it came to.

        Args:
          part: Name of the part of the job.
          config: The `Config` of the run.
          interruption: An `Interruption` that has begun.
          run: What runs it, in place of `session.run`.
          source: A `Source` to train on, in place of the job's.

        Raises:
          TakenOver: If another process has the job's directory.
          EndedByCallback: If a callback ended the run; it goes on from its
            checkpoint when it is started again.
        """
        check_owner(self.lock)
        print(f"\n== {part} ==", flush=True)
        earlier = _seconds_before(config.directory)
        begin = time.monotonic()
        result = (run or self.run)(
            config,
            source or self.data.train,
            self.data.evaluation,
            interruption,
        )
        seconds = earlier + time.monotonic() - begin
        check_owner(self.lock)
        _check_ended(part, config.directory)
        used = {"seconds": seconds, "peak_memory": memory.highest()}
        self.record.finish(part, {**result, **used})

    def peak_memory(self) -> int:
        """Bytes that a process of the job held at most.

        Parts of earlier versions have not written down what theirs held.
        """
        parts = [p for p in self.record.done.values() if isinstance(p, dict)]
        return max(
            [memory.highest(), *(p.get("peak_memory", 0) for p in parts)]
        )

    def planned_and_used(self, planned: float, used: float) -> dict[str, Any]:
        """Time and memory of a report, beside what was planned.

        Args:
          planned: Seconds that the job was to take.
          used: Those that it took.
        """
        return {
            "planned_seconds": planned,
            "seconds": used,
            "planned_memory": self.recipe.memory or None,
            "memory": self.peak_memory(),
        }

    def path_of(self, stage: str) -> str:
        """The directory of a stage; that of `--checkpoint` if left out."""
        if stage in self.recipe.left_out:
            return required(self.config.checkpoint, "checkpoint")
        return self.record.path(stage_configs.FOLDERS[stage])

    def pretrained_network(self) -> Network:
        """The network that fine-tuning begins with.

        It is pretraining's; that of `--checkpoint`, read as fine-tuning reads
        it, where pretraining is left out.
        """
        reading: dict[str, Any] = {}
        if "pretrain" in self.recipe.left_out:
            reading = stage_configs.reading(self.config_of("finetune"))
        return hub.load_network(self.path_of("pretrain"), **reading)


def _seconds_before(directory):
    """Seconds of a run in processes that were killed, of its folds too."""
    folds = glob.glob(os.path.join(glob.escape(directory), FOLDS, "*"))
    return sum(map(in_journal, [directory, *sorted(folds)]))


def _check_ended(part, directory):
    """Raises `EndedByCallback` where a run's journal says that it was so."""
    last = journal.last_of_state(journal.read(directory))
    if last and last.get("kind") == "callback":
        raise EndedByCallback(
            f"{part}: ended by a callback at step {last.get('step')}, "
            "before its last one; the same call goes on (without that "
            "callback, if it would end it again)"
        )
