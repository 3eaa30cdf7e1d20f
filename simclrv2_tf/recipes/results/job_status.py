"""How far a job is, part by part: read in no time, without TensorFlow."""

from __future__ import annotations

import glob
import os

from simclrv2_tf.console.units import duration
from simclrv2_tf.console.units import percent
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import status

# Parts in the order in which they are run, and the stages that they are.
_RUNS = {
    "pretrained": "pretrain",
    "scratch": "scratch",
    "finetuned": "finetune",
    "distilled": "distill",
}


def describe(directory: str) -> str:
    """A job's status, several lines of text.

    Args:
      directory: Of the job, local.
    """
    begun = record.read_job(directory)
    done = record.read_json(directory, record.PROGRESS)
    report = record.read_json(directory, record.REPORT)
    planned = job_seconds.planned(begun)
    seconds = begun["recipe"]["seconds"]
    lines = [
        f"job         {directory}: {begun['data']['name']}",
        f"planned     {duration(planned)}",
        *_attempts(done),
        *_short_runs(directory, done),
        *_stages(directory, done, seconds),
        *_results(report, "distill" in seconds),
    ]
    return "\n".join(lines)


def _attempts(done):
    """Starts of pretraining that failed."""
    for attempt in done.get("attempts", []):
        yield (
            f"begun again after learning rate {attempt['rate']:g}: "
            f"{attempt['why']}"
        )


def _stages(directory, done, seconds):
    """What each stage came to, or how far it is.

    Without pretraining that has learnt something the job is its network from
    scratch, and has no other stage.
    """
    given_up = done.get(record.GIVEN_UP)
    if given_up:
        yield (
            "pretrained  learnt nothing: nothing is fine-tuned or distilled, "
            "and the network from scratch is what the job exports"
        )
        yield f"  {given_up['why']}"
        yield _part(directory, "scratch", done)
        return
    for name, stage in _RUNS.items():
        if stage in seconds or _has_begun(directory, name, done):
            yield _part(directory, name, done)


def _short_runs(directory, done):
    """What pilot runs and trials chose, or how far each of them is."""
    words = {"pilots": "chose", "trials": "of fine-tuning chose"}
    for part, chose in words.items():
        if part in done:
            chosen = done[part]["chosen"] or "what is usual"
            yield f"{part:<12}{chose} {chosen}"
            continue
        for name in _begun_in(directory, part):
            yield _part(directory, name, done)


def _begun_in(directory, part):
    """Runs of a part that have begun, by name."""
    paths = glob.glob(os.path.join(glob.escape(directory), part, "*", FLAGS))
    return sorted(os.path.relpath(os.path.dirname(p), directory) for p in paths)


def _has_begun(directory, name, done):
    return name in done or os.path.exists(os.path.join(directory, name))


def _results(report, labelled):
    """Where a job's export is, and its embeddings if it has no labels."""
    export, embeddings = report.get("export"), report.get("embeddings")
    if export or labelled:
        yield f"exported    {export or 'not yet'}"
    if embeddings or not (export or labelled):
        yield f"embeddings  {embeddings or 'not yet'}"


def _part(directory, name, done):
    if name in done:
        top_1 = done[name].get("eval/label_top_1_accuracy")
        suffix = f", top-1 {percent(top_1)}" if top_1 is not None else ""
        return f"{name:<11} done in {duration(done[name]['seconds'])}{suffix}"
    path = os.path.join(directory, name)
    if not os.path.exists(os.path.join(path, FLAGS)):
        begun = _begun_in(directory, os.path.join(name, record.FOLDS))
        lines = [_part(directory, fold, done) for fold in begun]
        return "\n".join(lines) or f"{name:<11} not begun"
    lines = status.describe(path).split("\n")
    return "\n".join([f"{name}:", *(f"  {line}" for line in lines)])
