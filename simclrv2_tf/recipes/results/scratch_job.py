"""What a job comes to whose pretraining learnt nothing: its labels alone."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.job_recipe import halvings
from simclrv2_tf.recipes.record import GIVEN_UP
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import TABLE
from simclrv2_tf.recipes.record import read_json
from simclrv2_tf.recipes.record import write_report
from simclrv2_tf.recipes.record import write_text
from simclrv2_tf.recipes.results import job_export
from simclrv2_tf.recipes.results.job_report import Row
from simclrv2_tf.recipes.results.job_report import as_csv
from simclrv2_tf.recipes.results.job_report import lines
from simclrv2_tf.recipes.running_job import Job

RUN, NAME = "scratch", "small, from scratch"


def from_labels_alone(job: Job) -> dict[str, Any]:
    """Trains the small network on the labels, and exports that.

    Args:
      job: A `Job` with labels that has given up pretraining.

    Returns:
      Dictionary of what `report.json` holds, as of any job, with one row.
    """
    job.stage(RUN)
    check_owner(job.lock)
    rows = [_row(job.record.done[RUN])]
    report = {
        "rows": [row.values() for row in rows],
        "export": job_export.place(job, RUN),
        "exported_run": RUN,
        "notes": list(_notes(job)),
        **_figures(job),
    }
    write_text(job.config.directory, TABLE, as_csv(rows))
    write_report(job.config.directory, report)
    print("\n" + "\n".join(lines(rows)) + "\n")
    print("\n".join(report["notes"]))
    print(f"the exported model: {report['export']}", flush=True)
    return report


def _row(done):
    return Row(
        name=NAME,
        top_1=done.get("eval/label_top_1_accuracy"),
        examples=int(done.get("eval/examples", 0)),
        parameters=done["parameters"],
        seconds=done["seconds"],
    )


def _notes(job):
    yield from job.recipe.notes
    attempts = job.record.done.get("attempts", [])
    yield from halvings(attempts)
    yield (
        f"{job.record.done[GIVEN_UP]['why']} The labels are there all the "
        "same: the exported network was trained on them from scratch, and "
        "nothing was fine-tuned or distilled"
    )


def _figures(job):
    """Time and memory beside what was planned, as they first came out."""
    begun, before = job.record.begun(), read_json(job.config.directory, REPORT)
    last = job.record.done[GIVEN_UP]["seconds"]
    figures = job.planned_and_used(
        job_seconds.planned(begun), job_seconds.so_far(job.record) + last
    )
    return {name: before.get(name, value) for name, value in figures.items()}
