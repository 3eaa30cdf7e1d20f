"""The stages of a job by hand: what a job gives them beside its recipe."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images.job_data import EVALUATING
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe

# Of the runs, so that a job that begins in the directory finds none of them.
FOLDER = "by_hand"
_ORIENTATION, _SIDE = "apply_orientation", "resize_shorter_side"
_EVALUATION = "eval_split"
_FIRST = {  # the stage that comes before another, and what it is for
    "finetune": ("pretrain", "this stage starts from its weights"),
    "distill": ("finetune", "it trains the teacher"),
}
_PILOTS = (
    "a job first tries other augmentations, in {} short runs, and goes on from "
    "the best of them: no flag does that"
)
_HALVES = (
    "a job that learns nothing begins again at half the learning rate: by hand "
    "give --learning_rate"
)
_TRIALS = (
    "a job first tries other ways to fine-tune, on a part of the labels, and "
    "takes the best: no flag does that"
)
_STEPS = (
    "a job takes half to twice as many steps, by the time that the stages "
    "before this one have left: by hand give --train_steps"
)
_STEPS_GIVEN = {"train_steps", "train_epochs"}
_EXPORTS = (
    "a job exports this network, and not the distilled one, where more of it "
    "is right"
)
_COPIES = (
    "a job copies the model that it exports to --export_dir: by hand give that"
)
_EMBEDS = (
    "a job then embeds all images: --mode=embed does that, with the "
    "--model_dir below"
)
_NO_NAME = (
    "the images were given in Python and have no name: give --dataset with "
    "the same images beside"
)
_NOT_EVALUATED = (
    "a job measures accuracy on {}, which was given in Python: no flag names "
    "it, and by hand nothing is measured"
)
_LEFT_OUT = "--{} needs an evaluation, and so it is left out here"


@dataclasses.dataclass(frozen=True)
class ByHand:
    """What the flagfile of a stage holds beside the recipe.

    Attributes:
      options: {option: value} as a job gives it, in place of the recipe's;
        None for one that it leaves unset.
      data: How accuracy is measured, a sentence.
      notes: Sentences about what a job does, and no flag.
    """

    options: dict[str, Any]
    data: str
    notes: list[str]


def stages(
    config: Config,
    recipe: Recipe,
    data: JobData,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict[str, ByHand]:
    """What each stage takes that is run by hand, as the job would run it.

    Args:
      config: The job's `Config`, with a `model_dir`.
      recipe: Its `Recipe`.
      data: Its `JobData`.
      source: A `Source` to train on that no flag names, None for one that the
        config names.
      eval_source: The same to evaluate on.

    Returns:
      {stage: `ByHand`} of the stages that are trained.
    """
    one = _Stages(config, recipe, data, source, eval_source)
    planned = [stage for stage in STAGES if stage in recipe.seconds]
    return {
        s: ByHand(one.options(s), data.note, list(one.notes(s)))
        for s in planned
    }


@dataclasses.dataclass(frozen=True)
class _Stages:
    """What `stages` is given."""

    config: Config
    recipe: Recipe
    data: JobData
    source: Source | None
    eval_source: Source | None

    def options(self, stage):
        """{option: value} that the recipe has not, or another one of."""
        chosen = self.recipe.options(stage)
        given = self._given(stage)
        others = {
            name: value
            for name, value in given.items()
            if name not in chosen or chosen[name] != value
        }
        return {**others, **dict.fromkeys(self._without(stage))}

    def _given(self, stage):
        """{option: value} of all that a job gives a stage, in their order."""
        directory = os.path.join(self.config.directory, FOLDER)
        run = stage_configs.config_of(
            dataclasses.replace(self.config, model_dir=directory),
            self._recipe_by_hand(stage),
            stage,
            self._data_options(),
            self._is_evaluated(),
        )
        given = set(run.given)
        if self.source is not None:
            given -= {"dataset"}
        names = [f.name for f in dataclasses.fields(run) if f.name in given]
        turned = {_ORIENTATION: True} if self._turned() else {}
        side = self.data.train.resize_shorter_side
        reduced = {_SIDE: side} if side and _SIDE not in given else {}
        options = {name: getattr(run, name) for name in names}
        return {**options, **turned, **reduced}

    def _recipe_by_hand(self, stage):
        """The recipe without what asks for an evaluation that no flag names."""
        without, given = self._without(stage), self.recipe.given
        own = given.get(stage, {}).items()
        kept = {name: value for name, value in own if name not in without}
        return dataclasses.replace(self.recipe, given={**given, stage: kept})

    def _without(self, stage):
        """Options that are left out, as nothing is evaluated by hand."""
        options = self.recipe.given.get(stage, {})
        if stage == "pretrain" or self._unnamed() is None:
            return []
        by_labels = options.get("best_folds")  # those that are left in turn
        names = EVALUATING[:1] if by_labels else EVALUATING
        return [name for name in names if options.get(name)]

    def _data_options(self):
        """Those of the data, but of a split that is not the data set's."""
        options = self.data.options
        if not self._is_evaluated():
            return {n: v for n, v in options.items() if n != _EVALUATION}
        return options

    def _is_evaluated(self):
        """Whether flags name what a job evaluates on."""
        return self.data.evaluation is not None and self._unnamed() is None

    def _unnamed(self):
        """The `Source` that a job evaluates on where Python gave it."""
        aside = "holdout_fraction" in self.data.options
        given = self.eval_source is not None and not aside
        return self.data.evaluation if given else None

    def _turned(self):
        """Whether a job turns images, which its weights say to a run alone."""
        sources = (self.data.train, self.data.evaluation)
        return any(s is not None and s.apply_orientation for s in sources)

    def notes(self, stage) -> Iterator[str]:
        """What comes first, and what no flag does."""
        before, why = _FIRST.get(stage, ("", ""))
        if before in self.recipe.seconds:
            yield f"{before}.cfg comes first: {why}"
        if self.source is not None:
            yield _NO_NAME
        unnamed = self._unnamed()
        if stage != "pretrain" and unnamed is not None:
            yield _NOT_EVALUATED.format(unnamed.name)
            yield from map(_LEFT_OUT.format, self._without(stage))
        yield from self._beside(stage)

    def _beside(self, stage):
        """What a job does beside a stage."""
        if stage == "pretrain":
            yield from self._around_pretraining()
        if stage == "finetune" and self.recipe.trials:
            yield _TRIALS
        if stage == "distill" and not _STEPS_GIVEN & self._given_to(stage):
            yield _STEPS
        if stage == "scratch" and self.data.evaluation is not None:
            yield _EXPORTS
        if stage == self._last() and self.config.export_dir:
            yield _COPIES

    def _around_pretraining(self):
        if self.recipe.pilot_runs:
            yield _PILOTS.format(self.recipe.pilot_runs)
        yield _HALVES
        if not len(self.data.labelled):
            yield _EMBEDS

    def _given_to(self, stage):
        """Names of what the user gave for a stage."""
        return set(self.recipe.given.get(stage, {}))

    def _last(self):
        """The stage whose network a job exports, where all goes well."""
        return "distill" if len(self.data.labelled) else "pretrain"
