"""What a job without any label comes to: features of all its images."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.job_recipe import halvings
from simclrv2_tf.recipes.record import write_report
from simclrv2_tf.recipes.results import job_export
from simclrv2_tf.recipes.running_job import Job


def embed_all(job: Job) -> dict[str, Any]:
    """Embeds the images of a job without labels, and says what to do next."""
    check_owner(job.lock)
    config = _embedding(job)
    result = job.run(config, job.data.train)
    check_owner(job.lock)
    note = (
        "No image has a label: the features of all are in "
        f"{config.embed_output}. Look "
        "at what lies close together, label a few images of each class "
        "(class folders, or a csv with empty cells for the rest), and "
        "start a job on them with --checkpoint="
        f"{job.path_of('pretrain')}"
    )
    print(note, flush=True)
    notes = [note, *halvings(job.record.done.get("attempts", []))]
    report = {**result, "rows": [], "notes": notes, "export": _export(job)}
    write_report(job.config.directory, report)
    return report


def _export(job):
    """The pretrained network where `--export_dir` asks for it, else None."""
    if not job.config.export_dir or "pretrain" in job.recipe.left_out:
        return None
    return job_export.place(job, stage_configs.FOLDERS["pretrain"])


def _embedding(job):
    """The config that embeds all images, by the options of the job."""
    options = stage_configs.given(job.config)["pretrain"]
    npz = options.get("embed_format", "npz") == "npz"
    path = job.record.path("embeddings.npz" if npz else "embeddings")
    left_out = "pretrain" in job.recipe.left_out
    options = {
        "embed_output": path,
        **options,
        "checkpoint" if left_out else "model_dir": job.path_of("pretrain"),
    }
    return Config(mode="embed", dataset=job.config.dataset, **options)
