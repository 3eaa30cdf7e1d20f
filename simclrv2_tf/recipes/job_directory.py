"""Whether a job may have a directory, asked before anything is planned."""

from __future__ import annotations

import os
from typing import Any

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.distribution.cluster import read_cluster
from simclrv2_tf.files.given_directory import check_model_dir
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.same_job import check_same
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.hardware import devices


def check(directory: str | None) -> None:
    """Raises a ValueError if no job can live there; nothing is written."""
    directory = check_model_dir(directory, "job")
    if is_remote(directory):
        raise ValueError(
            "The directory of a job must be on this machine. Received: "
            f"model_dir={directory!r}"
        )
    if os.path.exists(os.path.join(directory, model_dir.FLAGS)):
        raise ValueError(
            f"`model_dir` {directory!r} holds a single run: give the job "
            "another directory."
        )
    record.read_job(directory)


def check_machine(config: Config) -> None:
    """Raises a ValueError if several workers would share a job.

    Args:
      config: The job's `Config`.
    """
    cluster = read_cluster() if _takes_workers(config) else None
    if cluster is not None:
        raise ValueError(
            "A job runs on one machine: unset TF_CONFIG, or run the stages by "
            "hand, on all workers (--train_mode=pretrain, then finetune and "
            "distill). Received: TF_CONFIG with "
            f"{len(cluster.addresses)} workers"
        )


def _takes_workers(config):
    """Whether a run would look for other workers, see `make_strategy`."""
    if config.strategy != "auto":
        return config.strategy == "multi_worker"
    tpu = devices.tpu_address(config) or distribution.tpu_in_environment()
    return not (tpu if config.use_tpu is None else config.use_tpu)


def begun_with(config: Config, data: JobData) -> dict[str, Any]:
    """What the job in `model_dir` wrote as it began, {} for a new one.

    A new one has its directory then, in which a file was written.

    Args:
      config: The job's `Config`.
      data: Its `JobData`.

    Raises:
      ValueError: If it is another job, or nothing can be written there.
    """
    begun = record.read_job(config.model_dir)
    if begun:
        flags = stage_configs.job_flags(config)
        check_same(begun, flags, data.about(), config.directory)
    else:
        model_dir.check(config)
    return begun
