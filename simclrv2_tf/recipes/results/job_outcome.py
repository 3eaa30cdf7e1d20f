"""What a job came to: its table, its notes, and the network to use."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.job_recipe import halvings
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import TABLE
from simclrv2_tf.recipes.record import read_json
from simclrv2_tf.recipes.record import write_report
from simclrv2_tf.recipes.record import write_text
from simclrv2_tf.recipes.results import class_balance
from simclrv2_tf.recipes.results import job_export
from simclrv2_tf.recipes.results.feature_checks import FeatureChecks
from simclrv2_tf.recipes.results.final_choice import better
from simclrv2_tf.recipes.results.final_choice import verdict
from simclrv2_tf.recipes.results.job_report import Row
from simclrv2_tf.recipes.results.job_report import as_csv
from simclrv2_tf.recipes.results.job_report import beaten
from simclrv2_tf.recipes.results.job_report import lines

# Parts that take time for the teacher alone.
_BEFORE_THE_TEACHER = ("pilots", "pretrained", "trials")


def conclude(job) -> dict[str, Any]:
    """Writes and prints what a `Job` came to; returns its report."""
    rows = _rows(job)
    report = _report(job, rows)
    write_text(job.config.model_dir, TABLE, as_csv(rows))
    write_report(job.config.model_dir, report)
    print("\n" + "\n".join(lines(rows)) + "\n")
    print("\n".join(report["notes"]))
    print(f"the exported model: {report['export']}")
    print(
        "to use it: simclrv2_tf.load_classifier("
        f"{job.config.model_dir!r}).predict('image.jpg')",
        flush=True,
    )
    return report


def _report(job, rows):
    begun = job.record.begun()
    best = better(rows[0], rows[-1], _balanced(job, rows))
    used = job_seconds.of_the_plan(begun) + sum(row.seconds for row in rows)
    return {
        "rows": [row.values() for row in rows],
        "export": job_export.place(job, best),
        "exported_run": best,
        "notes": list(_notes(job, rows)),
        **job.planned_and_used(job_seconds.planned(begun), used),
        **_memory_before(job),
    }


def _notes(job, rows):
    """Sentences about the plan, then about the table."""
    yield from job.recipe.notes
    yield from halvings(job.record.done.get("attempts", []))
    yield from job.record.done.get("notes", {}).get("said", [])
    yield from FeatureChecks(job).notes()
    others = rows[1:-1]
    yield from beaten(
        rows[0], [row for row in others if row.name != class_balance.NAME]
    )
    yield from class_balance.notes(job)
    sentence = verdict(rows[0], rows[-1], _balanced(job, rows))
    if sentence:
        yield sentence


def _balanced(job, rows):
    """Balanced accuracies to choose by; None where a job has chosen without.

    So a job of an earlier version that has ended keeps what it exported.
    """
    chosen = read_json(job.config.model_dir, REPORT).get("exported_run")
    known = class_balance.balanced(job)
    same = chosen in (None, better(rows[0], rows[-1], known))
    return known if same else None


def _memory_before(job):
    """What the job held at most until it was first concluded, if it was."""
    before = read_json(job.config.model_dir, REPORT)
    return {"memory": before.get("memory")} if before else {}


def _rows(job):
    """The distilled network first, the same from scratch last."""
    parts = {
        "small, distilled": "distilled",
        teacher(job): "finetuned",
        "small, from scratch": "scratch",
    }
    distilled, tuned, scratch = (
        _row(job.record, name, part) for name, part in parts.items()
    )
    checks = [*FeatureChecks(job).rows(), *class_balance.rows(job)]
    return [distilled, tuned, *checks, scratch]


def teacher(job) -> str:
    """What a `Job`'s table calls its teacher."""
    if job.recipe.from_labels_alone:
        return "teacher, from labels alone"
    return "pretrained and fine-tuned teacher"


def _row(record, name, part):
    done, seconds = record.done, record.done[part]["seconds"]
    if part == "finetuned":
        seconds += sum(
            done.get(p, {}).get("seconds", 0) for p in _BEFORE_THE_TEACHER
        )
        seconds += job_seconds.of_attempts(record)
    return Row(
        name=name,
        top_1=done[part].get("eval/label_top_1_accuracy"),
        examples=int(done[part].get("eval/examples", 0)),
        parameters=done[part]["parameters"],
        seconds=seconds,
    )
