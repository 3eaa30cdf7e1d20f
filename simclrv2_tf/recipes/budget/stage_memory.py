"""What a stage of a job is expected to take, before its weights are there."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from simclrv2_tf import scaling
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import MODES
from simclrv2_tf.runs.hardware import memory_check

_OF_THE_NETWORK = describing(Config, BACKBONE, HEADS)
# Options that memory depends on.
_COUNTED = {
    *(field.name for field in dataclasses.fields(scaling.PlannedJob)),
    *("train_batch_size", "fine_tune_after_block"),
    *("memory_momentum", "backbone", "eval_batch_size"),
}
_OF_AN_ANSWER = {*_OF_THE_NETWORK, "image_size", "mixed_precision"}


def expect(
    recipe: Recipe,
    stage: str,
    changes: dict[str, Any] | None = None,
    replicas: int = 1,
    initial: dict[str, Any] | None = None,
) -> memory_check.Expected:
    """What a run of a stage is expected to take at its peak.

    That is in training, or where `eval_batch_size` images are answered at
    once: its network is evaluated, and its features are probed.

    Args:
      recipe: A `Recipe`.
      stage: Name of the stage; distillation has the recipe's teacher.
      changes: {option: value} that are not as in the recipe.
      replicas: Devices that share a batch.
      initial: Arguments of the network that `--checkpoint` holds, {} or None
        for none.
    """
    options = {**_options(recipe, stage, initial or {}), **(changes or {})}
    counted = {n: v for n, v in options.items() if n in _COUNTED}
    counted["train_mode"] = MODES[stage]
    if stage != "distill":
        config, teachers = Config(**counted), None
    else:
        config = Config(**counted, teacher="the job's")
        teachers = [_network(_options(recipe, "finetune", initial or {}))]
    expected = memory_check.expect(config, replicas, teachers)
    if math.isnan(expected.peak):
        return expected
    first = "finetune" if "pretrain" in recipe.left_out else "pretrain"
    devices = 1 if expected.on_host else replicas
    answering = _answering(config, devices, features=stage == first)
    if expected.on_host:
        answering = answering * memory_check.GROWTH + memory_check.COMPILED
    return dataclasses.replace(expected, peak=max(expected.peak, answering))


def _answering(config, devices, features):
    """Bytes of a network that answers images of an evaluation, see `scaling`.

    Features of what is pretrained are those of one device, in 32 bits, and
    devices of the host share its memory.
    """
    names = {field.name for field in dataclasses.fields(scaling.PlannedJob)}
    named = {n: getattr(config, n) for n in names & _OF_AN_ANSWER}
    if features:
        devices, named["mixed_precision"] = 1, "float32"
    share = -(-config.eval_batch_size // devices)
    return scaling.inference_memory(scaling.PlannedJob(batch=share, **named))


def _options(recipe, stage, initial):
    """Those of a stage, with what it has of the weights that it starts from."""
    own = recipe.options(stage)
    if stage == "pretrain":
        return {**_network(initial), **own}
    if stage == "finetune":
        before = _network(_options(recipe, "pretrain", initial))
        return {**before, **own}
    if stage == "distill" and own.get("student"):
        return {**own, "backbone": own["student"]}
    return own


def _network(options):
    return {n: v for n, v in options.items() if n in _OF_THE_NETWORK}
