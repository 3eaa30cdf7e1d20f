"""Options of single stages of the job, as one text and as dictionaries."""

from __future__ import annotations

import dataclasses
import difflib
import shlex
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.config.home_paths import from_home

STAGES = ("pretrain", "finetune", "distill", "scratch")
# What the job decides for all stages alike, or by itself.
OF_THE_JOB = (
    "mode",
    "model_dir",
    "train_mode",
    "dataset",
    "stage_options",
    "time_budget",
    "time_limit",
    "preemption_exit_code",
    "memory_budget",
    "target",
    "license",
    "intended_use",
    "private",
)
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}


def write(options: Mapping[str, Mapping[str, Any]]) -> str | None:
    """{stage: {name: value}} as text, None if there are none."""
    words = [
        f"{stage}.{name}={value}"
        for stage, given in options.items()
        for name, value in given.items()
    ]
    return shlex.join(words) or None


def without(text: str | None, names: Collection[str]) -> str | None:
    """`write`'s text without the options of such names, None if none is left.

    Args:
      text: What `write` gave.
      names: Of options, without their stages.
    """
    words = [
        word
        for word in shlex.split(text or "")
        if word.partition("=")[0].partition(".")[2] not in names
    ]
    return shlex.join(words) or None


def read(text: str | None, config: Any) -> dict[str, dict[str, Any]]:
    """The options of each stage.

    Args:
      text: As `write` makes it: "pretrain.learning_rate=0.5 ...".
      config: A config, or its class, whose fields say which types they have.

    Returns:
      {stage: {name: value}}, with a dictionary for every stage.

    Raises:
      ValueError: If a stage, a name or a value is none.
    """
    kinds = {f.name: f.metadata["kind"] for f in dataclasses.fields(config)}
    options: dict[str, dict[str, Any]] = {stage: {} for stage in STAGES}
    for word in _words(text or ""):
        where, _, value = word.partition("=")
        stage, _, name = where.partition(".")
        _check(word, stage, name, kinds)
        settled = _value(kinds[name], value, word)
        options[stage][name] = from_home(name, settled)
    return options


def _words(text):
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(
            "`stage_options` must be words as a shell reads them, and a quote "
            f"or a backslash in it has no end ({error}): close it, or leave "
            f"it out. Received: stage_options={text!r}"
        ) from None


def _check(word, stage, name, kinds):
    if stage not in STAGES or "=" not in word:
        raise ValueError(
            "`stage_options` must be words STAGE.NAME=VALUE, a stage being "
            f"one of {list(STAGES)}. Received: {word!r}"
        )
    if name not in kinds or name in OF_THE_JOB:
        allowed = [known for known in kinds if known not in OF_THE_JOB]
        near = difflib.get_close_matches(name, allowed, n=1)
        hint = f": did you mean {stage}.{near[0]}?" if near else "."
        raise ValueError(
            f"A stage of the job has no option of its own {name!r}{hint} "
            f"Received: {word!r}"
        )


def _value(kind, text, word):
    try:
        return _SWITCHES[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise ValueError(
            f"An option of a stage must be of its type, {kind.__name__}. "
            f"Received: {word!r}"
        ) from None
