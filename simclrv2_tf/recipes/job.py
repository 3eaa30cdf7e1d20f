"""The three stages as one job, from images to an exported classifier."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import time_left
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.choices.pretraining import pretrain
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.record import write_json
from simclrv2_tf.recipes.results.job_outcome import conclude
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import lock as locks
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.lock import Lock

Runner = Callable[..., dict]  # of a config, sources and an interruption


def semi_supervised(
    config: Config,
    run: Runner,
    source: Source | None = None,
    eval_source: Source | None = None,
    interruption: Interruption | None = None,
) -> dict[str, Any]:
    """Pretrains, fine-tunes, distils, evaluates and exports.

    Killed at any moment, the same call goes on: every part of the job is a
    run that goes on, and what is done is not done again.

    Args:
      config: The job's `Config`.
      run: `session.run`, which starts a run.
      source: A `Source` to train on, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.
      interruption: An `Interruption` that has begun; None for one of its own.

    Returns:
      Dictionary of what `report.json` holds: "rows", "export", "notes".

    Raises:
      ValueError: If data, machine, time and directory do not go together.
      TakenOver: If another process took the directory since.
    """
    job_directory.check(config.model_dir)
    data = open_data(config, source, eval_source)
    with contextlib.ExitStack() as stack:
        if interruption is None:
            limit = time_limit_seconds(config)
            interruption = stack.enter_context(
                Interruption(config.preemption_exit_code, limit)
            )
        recipe, seconds = _decide(config, data)
        lock = stack.enter_context(Lock(config.model_dir))
        record = Record(config.model_dir)
        recipe = _begin(config, data, record, recipe, seconds)
        job = Job(config, data, recipe, record, run, interruption, lock)
        return job.to_the_end()


def _decide(config, data):
    """The recipe, made once: a job that goes on has it already."""
    if job_directory.begun_with(config, data):
        return None, 0.0
    begin = time.monotonic()
    recipe = make_recipe.make_recipe(config, data)
    return recipe, time.monotonic() - begin


def _begin(config, data, record, recipe, seconds):
    """Writes down what was decided, or finds what had been."""
    begun = job_directory.begun_with(config, data)
    if begun:
        return Recipe.from_json(begun["recipe"])
    recipe_text.write_flagfiles(recipe, config.model_dir)
    record.begin(
        asked=stage_configs.asked(config),
        data=data.about(),
        recipe=recipe.to_json(),
        seconds=seconds,
    )
    print("\n".join(recipe_text.lines(recipe)), flush=True)
    return Recipe.from_json(record.begun()["recipe"])


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

    def to_the_end(self) -> dict[str, Any]:
        """The job, in the order of the paper; returns its report."""
        if self.recipe.pilot_runs:
            pilots.choose_augmentation(self)
            self._write_recipe()
        if "pretrain" not in self.recipe.left_out:
            pretrain(self)
        if not len(self.data.labelled):
            return self._without_labels()
        self.stage("scratch")
        if self.recipe.trials:
            teacher_trials.choose_way(self)
            self._write_recipe()
        self.stage("finetune")
        if time_left.keep_to_plan(self):
            self._write_recipe()
        self.stage("distill")
        locks.check(self.lock)
        return conclude(self)

    def _write_recipe(self):
        """What was chosen since is in the flagfiles too."""
        locks.check(self.lock)
        recipe_text.write_flagfiles(self.recipe, self.config.model_dir)

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
        interruption,
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
        """
        locks.check(self.lock)
        print(f"\n== {part} ==", flush=True)
        earlier = journal.seconds(journal.read(config.model_dir, whole=True))
        begin = time.monotonic()
        result = (run or self.run)(
            config,
            source or self.data.train,
            self.data.evaluation,
            interruption,
        )
        seconds = earlier + time.monotonic() - begin
        locks.check(self.lock)
        self.record.finish(part, {**result, "seconds": seconds})

    def path_of(self, stage: str) -> str:
        """The directory of a stage; that of `--checkpoint` if left out."""
        if stage in self.recipe.left_out:
            return self.config.checkpoint
        return self.record.path(stage_configs.FOLDERS[stage])

    def _embedding(self):
        """The config that embeds all images, by the options of the job."""
        options = stage_configs.given(self.config)["pretrain"]
        npz = options.get("embed_format", "npz") == "npz"
        path = self.record.path("embeddings.npz" if npz else "embeddings")
        left_out = "pretrain" in self.recipe.left_out
        options = {
            "embed_output": path,
            **options,
            "checkpoint" if left_out else "model_dir": self.path_of("pretrain"),
        }
        return Config(mode="embed", dataset=self.config.dataset, **options)

    def _without_labels(self):
        """Embeds the images, and says what to do next."""
        locks.check(self.lock)
        config = self._embedding()
        result = self.run(config, self.data.train)
        locks.check(self.lock)
        note = (
            "No image has a label: the features of all are in "
            f"{config.embed_output}. Look "
            "at what lies close together, label a few images of each class "
            "(class folders, or a csv with empty cells for the rest), and "
            "start a job on them with --checkpoint="
            f"{self.path_of('pretrain')}"
        )
        print(note, flush=True)
        report = {**result, "rows": [], "notes": [note], "export": None}
        write_json(self.config.model_dir, REPORT, report)
        return report
