"""Checks of the options of the memory and of the averaged weights."""

from typing import Any

from simclrv2_tf.config.recipe_options import is_for_a_job

MEMORY_MOMENTUM = 0.999  # of a memory, where none is given; as `Pretrain` has


def averages(config: Any) -> bool:
    """Whether a run keeps an average of its weights."""
    return bool(config.memory_size or config.memory_momentum)


def momentum(size: int | None, given: float | None) -> float:
    """Momentum of the average that a run keeps, 0 where it keeps none.

    Args:
      size: `memory_size`.
      given: `memory_momentum`, None where it is not set.
    """
    if given is not None:
        return given
    return MEMORY_MOMENTUM if size else 0.0


def check_memory(config: Any) -> None:
    """Raises a ValueError for a memory without a contrastive loss."""
    if config.memory_size and not pretrains_alone(config):
        raise ValueError(
            "`memory_size` is for the contrastive loss and has no meaning "
            f"{where(config)}: leave it at 0"
            f"{of_pretraining(config, 'memory_size')}; memory_momentum alone "
            "averages the weights. Received: "
            f"memory_size={config.memory_size}"
        )


def pretrains_alone(config: Any) -> bool:
    """Whether a config is for pretraining, and not for a job that begins so."""
    return config.train_mode == "pretrain" and not is_for_a_job(config)


def where(config: Any) -> str:
    """Where an option of the contrastive loss has no meaning."""
    if is_for_a_job(config):
        return "in all stages of a job"
    return f"with train_mode={config.train_mode!r}"


def of_pretraining(config: Any, option: str) -> str:
    """How a job takes an option of the contrastive loss, after "leave it"."""
    if not is_for_a_job(config):
        return ""
    return f", or give pretrain.{option}, which is for that stage of the job"


def check_average(config: Any) -> None:
    """Raises a ValueError if an average is to be used that a run does not keep.

    The stages of a job are runs, each with a config of its own.
    """
    trains = config.mode in ("train", "train_then_eval")
    if not trains or config.train_mode == "semi_supervised":
        return
    wanted = [n for n in ("eval_ema", "export_ema") if getattr(config, n)]
    if wanted and not averages(config):
        raise ValueError(
            f"`{wanted[0]}` needs an average of the weights, which this run "
            "does not keep: give memory_momentum, 0.999 say. Received: "
            f"{wanted[0]}=True, memory_momentum={config.memory_momentum}"
        )
