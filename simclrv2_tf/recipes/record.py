"""What a job was asked, what it decided, and what is done: its files.

`job.json` is written once, before anything is trained; `progress.json` after
each part of the job. Reading them needs no TensorFlow.
"""

from __future__ import annotations

import json
import os
from typing import Any

JOB = "job.json"
PROGRESS = "progress.json"
REPORT, TABLE = "report.json", "table.csv"
# Runs of a job that hold a classifier, the best first.
_CLASSIFIERS = ("distilled", "finetuned", "scratch")


def is_job(directory: str | None) -> bool:
    """Whether a directory holds a job, and not a single run."""
    return bool(directory) and os.path.exists(os.path.join(str(directory), JOB))


def run_within(directory: str) -> str:
    """The run in a job's directory that holds its classifier.

    Args:
      directory: Of a job; anything else is given back as it is.

    Raises:
      ValueError: If the job has not trained a classifier yet.
    """
    if not is_job(directory):
        return directory
    report = read_json(directory, REPORT)
    exported = report.get("exported_run")
    done = read_json(directory, PROGRESS)
    runs = [exported] if exported else [r for r in _CLASSIFIERS if r in done]
    if report and not runs:
        raise ValueError(
            f"The job in {directory!r} had no labels, and so it has trained "
            "no classifier: give the run of its features, the directory "
            "`pretrained` in it."
        )
    if not runs:
        raise ValueError(
            f"The job in {directory!r} must have trained a classifier, and "
            "has not yet: the same command goes on with it."
        )
    return os.path.join(directory, runs[0])


def read_json(directory: str, name: str) -> dict[str, Any]:
    """A file of a local job's directory, {} if there is none.

    Raises:
      ValueError: If it is there and is no JSON.
    """
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except ValueError:
            raise ValueError(
                f"The file {path!r} must hold JSON that the job wrote, and "
                "does not: restore it, or give another --model_dir."
            ) from None


def write_json(directory: str, name: str, values: dict[str, Any]) -> None:
    """Writes a file of a job's directory, whole or not at all."""
    write_text(directory, name, json.dumps(values, indent=2) + "\n")


def write_text(directory: str, name: str, text: str) -> None:
    """Writes a text, whole or not at all."""
    from simclrv2_tf.files import atomic

    with atomic.files(os.path.join(directory, name)) as staged:
        with open(staged, "w", encoding="utf-8") as file:
            file.write(text)


class Record:
    """A job's files.

    Args:
      directory: Of the job, on this machine.

    Attributes:
      directory: The same.
      done: {part of the job: what it came to}.
    """

    def __init__(self, directory: str):
        self.directory = directory
        self.done = read_json(directory, PROGRESS)

    def begun(self) -> dict[str, Any]:
        """What `begin` wrote, {} for a new job."""
        return read_json(self.directory, JOB)

    def begin(self, **values: Any) -> None:
        """Writes down what the job was asked and what it decided."""
        write_json(self.directory, JOB, values)

    def finish(self, part: str, values: Any) -> None:
        """Writes down what a part of the job came to."""
        self.done[part] = values
        write_json(self.directory, PROGRESS, self.done)

    def path(self, *names: str) -> str:
        """A path in the job's directory."""
        return os.path.join(self.directory, *names)


def check_same(begun: dict, asked: dict, data: dict, directory: str) -> None:
    """Raises a ValueError unless a job goes on with what it began with."""
    before = begun["asked"]
    names = [n for n in {**before, **asked} if before.get(n) != asked.get(n)]
    if names:
        held, now = (
            ", ".join(f"{n}={values.get(n)}" for n in names)
            for values in (before, asked)
        )
        raise ValueError(
            f"`model_dir` {directory!r} holds another job: it was begun with "
            f"{held}, and the flags say {now}. Give another directory, or "
            "those flags."
        )
    if begun["data"] != data:
        raise ValueError(
            f"`model_dir` {directory!r} holds a job on other images: "
            f"{begun['data']['name']} had {begun['data']['examples']} then "
            f"and has {data['examples']} now, or other labels. Give another "
            "directory, or bring the data back."
        )
