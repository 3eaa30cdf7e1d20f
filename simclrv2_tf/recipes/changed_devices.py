"""A job that goes on with other devices than it was planned for."""

from __future__ import annotations

from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.running_job import Job
from simclrv2_tf.recipes.stage_checks import check_division
from simclrv2_tf.recipes.stage_configs import FOLDERS
from simclrv2_tf.runs.hardware import devices

DEVICES = "devices"  # in `job.json`: how many share the job's batches


def check(job: Job) -> None:
    """Raises a ValueError if the devices cannot share a batch of the job.

    Batches are fitted to the devices of the plan, and stay as they are. What
    one device could not train either its own run refuses.

    Args:
      job: A `Job` that has begun.
    """
    for stage in _to_come(job):
        config = job.config_of(stage)
        replicas = devices.num_replicas(config)
        error = _refusal(job, stage, config, replicas)
        if error and not _refusal(job, stage, config, 1):
            raise ValueError(_sentence(job, stage, replicas, error))


def _to_come(job):
    """Stages that are not done yet."""
    stages = STAGES if len(job.data.labelled) else STAGES[:1]
    gone = {*job.recipe.left_out}
    gone |= {s for s in stages if FOLDERS[s] in job.record.done}
    return [stage for stage in stages if stage not in gone]


def _refusal(job, stage, config, replicas):
    """Why so many devices cannot train a stage, None if they can."""
    try:
        check_division(stage, config, job.data, replicas)
    except ValueError as error:
        return error
    return None


def _sentence(job, stage, replicas, error):
    """Jobs of earlier versions have not counted their devices."""
    count = job.record.begun().get(DEVICES)
    planned = f"{count} device{'s' if count != 1 else ''}"
    return (
        f"The job was planned for {planned if count else 'other devices'}, and "
        f"the {replicas} of now cannot share the batches of its stage {stage}: "
        "give --strategy=one_device, or the devices of the plan alone "
        f"(CUDA_VISIBLE_DEVICES). {error}"
    )
