"""Whether a job's run stands for the average of its weights.

What a job exports is what its table judges.
"""

from __future__ import annotations

import dataclasses

from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir

_OPTIONS = ("eval_ema", "export_ema")


def as_in_its_job(config: Config) -> Config:
    """The config with the average taken where a run of a job is judged by it.

    What the caller gave stays: either of `eval_ema` and `export_ema`.

    Args:
      config: A `Config` whose `model_dir` is the run that stands for a job.
    """
    if any(name in config.given for name in _OPTIONS):
        return config
    flags = model_dir.read_flags(config.directory)
    judged, exported = (bool(flags.get(name)) for name in _OPTIONS)
    return dataclasses.replace(config, eval_ema=judged, export_ema=exported)


def exports_average(directory: str) -> bool:
    """Whether a run exports the average of its weights.

    Args:
      directory: Of the run.
    """
    return bool(model_dir.read_flags(directory).get("export_ema"))
