"""What a job without any label comes to: features of all its images."""

from __future__ import annotations

import time
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget.evaluation_time import PAGE
from simclrv2_tf.recipes.job_recipe import halvings
from simclrv2_tf.recipes.record import OF_NOW
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import read_json
from simclrv2_tf.recipes.record import write_report
from simclrv2_tf.recipes.results import job_export
from simclrv2_tf.recipes.running_job import Job

_FIGURES = ("planned_seconds", "seconds", "planned_memory", "memory")


def embed_all(job: Job) -> dict[str, Any]:
    """Embeds the images of a job without labels, and says what to do next."""
    check_owner(job.lock)
    config, begin = _embedding(job), time.monotonic()
    result = job.run(config, job.data.train)
    figures = _figures(job, time.monotonic() - begin)
    check_owner(job.lock)
    notes = [_next(job, config), *job.recipe.notes]
    print(notes[0], flush=True)
    notes += halvings(job.record.done.get("attempts", []))
    report = {"rows": [], "notes": notes, "export": _export(job), **figures}
    write_report(job.config.directory, {**result, **report})
    return {**result, **report}


def _next(job, config):
    """What to do with the embeddings, a sentence."""
    return (
        "No image has a label: the features of all are in "
        f"{config.embed_output}. Look "
        "at what lies close together, label a few images of each class "
        "(class folders, or a csv with empty cells for the rest), and "
        "start a job on them with --checkpoint="
        f"{job.path_of('pretrain')}"
    )


def _figures(job, seconds):
    """Time and memory beside what was planned, as they first came out.

    A report of an earlier version, which has none of them, stays without.

    Args:
      job: A `Job` whose images are embedded.
      seconds: That embedding them took.
    """
    before = read_json(job.config.directory, REPORT)
    if before:
        return {name: before[name] for name in _FIGURES if name in before}
    making = job_seconds.of_the_plan(job.record.begun())
    # The page is made after the report.
    parts = {n: s for n, s in job.recipe.seconds.items() if n != PAGE}
    return job.planned_and_used(
        making + sum(parts.values()), job_seconds.so_far(job.record) + seconds
    )


def _export(job):
    """The pretrained network where `--export_dir` asks for it, else None."""
    if not job.config.export_dir or "pretrain" in job.recipe.left_out:
        return None
    return job_export.place(job, stage_configs.FOLDERS["pretrain"])


def _at_once(recipe):
    """How many images the recipe has a network answer at once, if it says so.

    That is where memory does not hold the usual number.
    """
    options = recipe.options("pretrain")
    return {n: options[n] for n in ("eval_batch_size",) if n in options}


def _embedding(job):
    """The config that embeds all images, by the options of the job.

    What may change when a job goes on stays as it was first given where this
    call does not say.
    """
    first = job.recipe.given.get("pretrain", {})
    options = {
        **{name: first[name] for name in OF_NOW if name in first},
        **stage_configs.given(job.config)["pretrain"],
    }
    npz = options.get("embed_format", "npz") == "npz"
    path = job.record.path("embeddings.npz" if npz else "embeddings")
    left_out = "pretrain" in job.recipe.left_out
    options = {
        **_at_once(job.recipe),
        "embed_output": path,
        **options,
        "checkpoint" if left_out else "model_dir": job.path_of("pretrain"),
    }
    return Config(mode="embed", dataset=job.config.dataset, **options)
