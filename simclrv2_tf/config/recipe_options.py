"""Options of the job of three stages, and those of its single stages."""

import dataclasses
from typing import Any

from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option


@dataclasses.dataclass(frozen=True)
class RecipeConfig:
    """What the job of three stages may take (train_mode semi_supervised)."""

    time_budget: str | None = option(
        None,
        "Time for the whole job, HH:MM, which its recipe is fitted to; unset: "
        "what the rules think the data deserve.",
        kind=str,
    )
    memory_budget: float = option(
        0.0,
        "Memory for the job in GB, TensorFlow and images included, which its "
        "recipe is fitted to; 0: what is free.",
        range=at_least(0, "GB"),
    )
    stage_options: str | None = option(
        None,
        "Options of single stages (pretrain, finetune, distill, scratch), "
        "which win over the recipe: each can be given as a flag of its own, "
        "--pretrain.learning_rate=0.5.",
        kind=str,
    )


def is_for_a_job(config: Any) -> bool:
    """Whether a config runs the job, or prints its recipe.

    `mode=recommend` needs no `train_mode`: it is always about a job.
    """
    return config.train_mode == "semi_supervised" or config.mode == "recommend"
