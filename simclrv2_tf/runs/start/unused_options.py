"""Options that would be ignored: refused before anything is done."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator

from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir

_TRAINING = ("train", "train_then_eval")
_JUDGING = ("eval", "probe")
_JOB = "semi_supervised"
# Of the whole job, and what a run has in their place.
_OF_JOBS = {
    "time_budget": "a run has time_limit",
    "memory_budget": "a run looks at what is free, see check_memory",
    "stage_options": "a run takes options without a stage's name",
}
_OF_DISTILLATION = ("teacher", "student", "student_pixels", "student_weights")
_OF_STUDENTS = _OF_DISTILLATION[1:]  # earlier flagfiles of stages have them
_STAGES = {"pretrain": "pretraining", "finetune": "fine-tuning"}
_SHOWN = 60  # characters of a network, whose JSON may be a page long
_LOG = logging.getLogger("simclrv2_tf")


def check(config: Config) -> None:
    """Raises a ValueError for an option that what `mode` does has no use for.

    A run that has begun with one goes on, and a warning says so.

    Args:
      config: A `Config`.
    """
    if config.mode in _JUDGING and config.split:
        raise ValueError(
            "`split` is for mode='embed', 'predict' and 'curate': give "
            "eval_split, which is the split to evaluate on. Received: "
            f"split={config.split!r}, mode={config.mode!r}"
        )
    if config.mode in _TRAINING and config.train_mode != _JOB:
        _check_training(config)


def _check_training(config):
    unused = {**dict(_of_jobs(config)), **dict(_of_distillation(config))}
    before = model_dir.read_flags(config.model_dir) if unused else {}
    for name, sentence in unused.items():
        written = name in _OF_STUDENTS and config.train_mode != "distill"
        if not before.get(name) and not written:
            raise ValueError(sentence)
        _LOG.warning("%s", sentence)
    if config.knn_k and config.mode == "train":
        _LOG.warning(
            "knn_k=%s changes nothing: mode='train' evaluates no neighbours; "
            "mode='train_then_eval' does at the end, --mode=eval at any time",
            config.knn_k,
        )


def _of_jobs(config: Config) -> Iterator[tuple[str, str]]:
    """Yields (name, sentence) of what is for the job of three stages."""
    for name, instead in _OF_JOBS.items():
        value = getattr(config, name)
        if value:
            yield (
                name,
                f"`{_as_given(name, value)}` is for the whole job: give "
                f"train_mode={_JOB!r}, or leave it out; {instead}. Received: "
                f"{name}={value!r}, train_mode={config.train_mode!r}",
            )


def _as_given(name, value):
    """The option as it was written: of a stage, with the stage's name."""
    if name != "stage_options":
        return name
    return shlex.split(value)[0].partition("=")[0]


def _of_distillation(config: Config) -> Iterator[tuple[str, str]]:
    """Yields (name, sentence) of what distillation alone would heed."""
    for name in _OF_DISTILLATION:
        value = getattr(config, name)
        if not value:
            continue
        if config.train_mode != "distill":
            yield name, _no_meaning(config, name, value)
        elif name.startswith("student_") and not config.student:
            yield (
                name,
                f"`{name}` is for a Keras student: give `student` too, or "
                f"leave it out. Received: {name}={value!r}, student=None",
            )


def _no_meaning(config, name, value):
    return (
        f"`{name}` is for distillation and has no meaning in "
        f"{_STAGES[config.train_mode]}: give train_mode='distill', or leave "
        f"it out. Received: {name}={value[:_SHOWN]!r}, train_mode="
        f"{config.train_mode!r}"
    )
