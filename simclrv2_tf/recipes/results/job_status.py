"""How far a job is, part by part: read in no time, without TensorFlow."""

from __future__ import annotations

import os

from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import status

# Parts in the order in which they are run.
_RUNS = ("pretrained", "scratch", "finetuned", "distilled")


def describe(directory: str) -> str:
    """A job's status, several lines of text.

    Args:
      directory: Of the job, local.
    """
    begun = record.read_job(directory)
    done = record.read_json(directory, record.PROGRESS)
    report = record.read_json(directory, record.REPORT)
    planned = job_seconds.planned(begun)
    said = [f"job         {directory}: {begun['data']['name']}"]
    said.append(f"planned     {duration(planned)}")
    for attempt in done.get("attempts", []):
        said.append(
            f"begun again after learning rate {attempt['rate']:g}: "
            f"{attempt['why']}"
        )
    if "pilots" in done:
        chosen = done["pilots"]["chosen"]
        said.append(f"pilots      chose {chosen or 'what is usual'}")
    if "trials" in done:
        chosen = done["trials"]["chosen"]
        said.append(f"trials      of fine-tuning chose {chosen}")
    for name in _RUNS:
        said.append(_part(directory, name, done))
    export = report.get("export")
    said.append(f"exported    {export}" if export else "exported    not yet")
    return "\n".join(said)


def _part(directory, name, done):
    if name in done:
        top_1 = done[name].get("eval/label_top_1_accuracy")
        suffix = f", top-1 {top_1:.1%}" if top_1 is not None else ""
        return f"{name:<12}done in {duration(done[name]['seconds'])}{suffix}"
    path = os.path.join(directory, name)
    if not os.path.exists(os.path.join(path, "flags.json")):
        return f"{name:<12}not begun"
    lines = status.describe(path).split("\n")
    return "\n".join([f"{name}:", *(f"  {line}" for line in lines)])
