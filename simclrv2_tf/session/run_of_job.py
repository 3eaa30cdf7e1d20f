"""The run of a job whose network a mode is about."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.config import Config
from simclrv2_tf.config import probe_values
from simclrv2_tf.recipes.record import classifier_of
from simclrv2_tf.recipes.record import embedder_of
from simclrv2_tf.recipes.record import is_job
from simclrv2_tf.runs.average_of_job import as_in_its_job

_OF_FEATURES = ("embed", "probe", "curate")  # a job's are of trained weights


def with_run_of_job(config: Config) -> Config:
    """The config with each job's directory replaced by that of a run in it.

    That run holds the job's classifier, as the job judges it; for embeddings,
    where there is none, it is a run that has features.

    Args:
      config: A `Config`.

    Raises:
      ValueError: If a job has no such run yet.
    """
    compared = config.compare and ",".join(
        classifier_of(name) if is_job(name) else name
        for name in probe_values.words("compare", config)
    )
    config = dataclasses.replace(config, compare=compared)
    directory = config.model_dir
    if not directory or not is_job(directory):
        return config
    run_of = embedder_of if config.mode == "embed" else classifier_of
    config = dataclasses.replace(config, model_dir=run_of(directory))
    return config if config.mode in _OF_FEATURES else as_in_its_job(config)
