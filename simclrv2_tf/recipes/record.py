"""What a job was asked, what it decided, and what is done: its files.

`job.json` is written once, before anything is trained; `progress.json` after
each part of the job, and where one changes the recipe. Reading them needs no
TensorFlow.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from simclrv2_tf.files import json_files

JOB = "job.json"
PROGRESS = "progress.json"
REPORT, TABLE = "report.json", "table.csv"
GIVEN_UP = "pretraining given up"  # in the progress of a job with labels
FOLDS = "folds"  # folder of runs on parts of the labels, in that on all
RECIPE = "recipe"  # as it is now, in the progress of a job that changed it
# What `job.json` holds, by the type that JSON gives it.
_KINDS = {
    ("asked",): dict,
    ("data",): dict,
    ("data", "name"): str,
    ("data", "examples"): int,
    ("recipe",): dict,
    ("recipe", "seconds"): dict,
    ("recipe", "reasons"): list,
}
# What a job takes from the command that goes on with it: an error that ends a
# stage may ask for it.
OF_NOW = (
    "check_memory",
    "eval_batch_size",
    "max_corrupt_fraction",
    "strategy",
)
# Runs of a job that hold a classifier, the best first.
_CLASSIFIERS = ("distilled", "finetuned", "scratch")
# Those whose features a job under way embeds with, the best first.
_EMBEDDERS = ("distilled", "finetuned", "pretrained", "scratch")
_LOG = logging.getLogger("simclrv2_tf")


def is_job(directory: str | None) -> bool:
    """Whether a directory holds a job, and not a single run."""
    if not directory:
        return False
    return os.path.exists(os.path.join(directory, JOB))


def run_within(directory: str) -> str:
    """The run in a job's directory that holds its classifier.

    Args:
      directory: Of a job; anything else is given back as it is.

    Raises:
      ValueError: If the job has not trained a classifier yet, or is none.
    """
    if not is_job(directory):
        return directory
    read_job(directory)
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


def classifier_of(directory: str) -> str:
    """The same as `run_within`, with a warning where the job is under way."""
    run = run_within(directory)
    if _is_under_way(directory):
        _warn_under_way(run, "classifier is that")
    return run


def embedder_of(directory: str) -> str:
    """The run of a job that embeds; features need no classifier.

    Args:
      directory: Of a job; anything else is given back as it is.

    Raises:
      ValueError: If no run of the job is done that could embed.
    """
    under_way = _is_under_way(directory)
    done = read_json(directory, PROGRESS) if read_job(directory) else {}
    classifies = any(run in done for run in _CLASSIFIERS)
    if not is_job(directory) or classifies and not under_way:
        return run_within(directory)
    runs = [run for run in _EMBEDDERS if run in done]
    if not runs:
        raise ValueError(_no_features(directory, under_way))
    run = os.path.join(directory, runs[0])
    if under_way:
        _warn_under_way(run, "embeddings are those")
    return run


def _no_features(directory, under_way):
    """The error where no run of a job could embed."""
    if under_way:
        return (
            f"The job in {directory!r} must have pretrained, and has not yet: "
            "the same command goes on with it."
        )
    return (
        f"The job in {directory!r} has trained no network: it was given "
        "weights, and no image had a label. Give these weights as --checkpoint."
    )


def _is_under_way(directory):
    return is_job(directory) and not read_json(directory, REPORT)


def _warn_under_way(run, what):
    _LOG.warning(
        "the job in %r is not done: its %s of the run %r for now, and may be "
        "another's at its end (the same command goes on with it)",
        os.path.dirname(run),
        what,
        os.path.basename(run),
    )


def read_json(directory: str, name: str) -> dict[str, Any]:
    """A file of a local job's directory, {} if there is none.

    Raises:
      ValueError: If it is there and cannot be read, or is no JSON of a
        dictionary.
    """
    return json_files.read_checked(
        os.path.join(directory, name),
        "JSON that the job wrote",
        "restore it, or give another --model_dir",
    )


def read_job(directory: str | None) -> dict[str, Any]:
    """What a job wrote down as it began, {} for no job.

    Raises:
      ValueError: If its file is another program's, or damaged.
    """
    if directory is None or not is_job(directory):
        return {}
    begun = read_json(directory, JOB)
    if not _is_whole(begun):
        path = os.path.join(directory, JOB)
        raise ValueError(
            f"The file {path!r} must hold what a job was asked and what it "
            "decided, and does not: restore it, take it away if it is not of "
            "a job, or give another --model_dir."
        )
    return begun


def _is_whole(begun):
    for names, kind in _KINDS.items():
        value: Any = begun
        for name in names:  # an outer one was seen to be a dictionary
            value = value.get(name)
        if not isinstance(value, kind):
            return False
    seconds = begun["recipe"]["seconds"].values()
    return all(isinstance(value, (int, float)) for value in seconds)


def write_json(directory: str, name: str, values: dict[str, Any]) -> None:
    """Writes a file of a job's directory, whole or not at all."""
    json_files.write_json(os.path.join(directory, name), values)


def write_report(directory: str, report: dict[str, Any]) -> None:
    """Writes `report.json`, unless the same is there: its age tells its end."""
    if read_json(directory, REPORT) != report:
        write_json(directory, REPORT, report)


def write_text(directory: str, name: str, text: str) -> None:
    """Writes a text, whole or not at all."""
    from simclrv2_tf.files import atomic

    atomic.write_text(os.path.join(directory, name), text)


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
        return read_job(self.directory)

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
