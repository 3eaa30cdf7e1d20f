"""What a job came to: its table, its notes, and the network to use."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.recipes.feature_checks import FeatureChecks
from simclrv2_tf.recipes.job_report import Row
from simclrv2_tf.recipes.job_report import as_csv
from simclrv2_tf.recipes.job_report import beaten
from simclrv2_tf.recipes.job_report import lines
from simclrv2_tf.recipes.job_report import verdict
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import TABLE
from simclrv2_tf.recipes.record import read_json
from simclrv2_tf.recipes.record import write_json
from simclrv2_tf.recipes.record import write_text
from simclrv2_tf.runs import memory

# Parts that take time for the teacher alone.
_BEFORE_THE_TEACHER = ("pilots", "pretrained", "trials")


def conclude(job) -> dict[str, Any]:
    """Writes and prints what a `Job` came to; returns its report."""
    rows = _rows(job)
    report = _report(job, rows)
    write_text(job.config.model_dir, TABLE, as_csv(rows))
    write_json(job.config.model_dir, REPORT, report)
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
    done = job.record.done
    said = verdict(rows[0], rows[-1])
    best = "scratch" if said else "distilled"
    notes = [*job.recipe.notes, *done.get("notes", {}).get("said", [])]
    notes += beaten(rows[0], rows[1:-1])
    spent = job.record.begun()["seconds"] + sum(row.seconds for row in rows)
    return {
        "rows": [row.values() for row in rows],
        "export": done[best]["export"],
        "exported_run": best,
        "notes": [*notes, said] if said else notes,
        "planned_seconds": sum(job.recipe.seconds.values()),
        "seconds": spent,
        "planned_memory": job.recipe.memory or None,
        "memory": _memory(job),
    }


def _memory(job):
    """Bytes that its process held at most when the job was first concluded."""
    before = read_json(job.config.model_dir, REPORT)
    return before.get("memory") if before else memory.highest()


def _rows(job):
    """The distilled network first, the same from scratch last."""
    parts = {
        "small, distilled": "distilled",
        teacher(job): "finetuned",
        "small, from scratch": "scratch",
    }
    distilled, tuned, scratch = (
        _row(job.record.done, name, part) for name, part in parts.items()
    )
    return [distilled, tuned, *FeatureChecks(job).rows(), scratch]


def teacher(job) -> str:
    """What a `Job`'s table calls its teacher."""
    if job.recipe.from_labels_alone:
        return "teacher, from labels alone"
    return "pretrained and fine-tuned teacher"


def _row(done, name, part):
    before = _BEFORE_THE_TEACHER if part == "finetuned" else ()
    seconds = done[part]["seconds"]
    seconds += sum(done.get(p, {}).get("seconds", 0) for p in before)
    return Row(
        name=name,
        top_1=done[part].get("eval/label_top_1_accuracy"),
        examples=int(done[part].get("eval/examples", 0)),
        parameters=done[part]["parameters"],
        seconds=seconds,
    )
