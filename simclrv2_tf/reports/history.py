"""What the journal of a run tells: curves, resumptions, warnings."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable

from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.run_files import ENVIRONMENT
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import journal

# Titles of the runs of a job, in the order in which they are run.
STAGES = {
    "pretrained": "Pretraining",
    "scratch": "Small network from scratch",
    "finetuned": "Fine-tuning",
    "distilled": "Distillation",
}
_TITLES = {
    "pretrain": "Pretraining",
    "finetune": "Fine-tuning",
    "distill": "Distillation",
}
# Panel -> names of the numbers in it, as the journal has them; those that a
# run does not have are left out, and so is a panel without any.
_PANELS = {
    "loss": (
        "train/contrast_loss",
        "train/supervised_loss",
        "train/distill_loss",
    ),
    "accuracy": (
        "train/contrast_acc",
        "train/supervised_acc",
        "train/teacher_agreement",
        "neighbours",
    ),
    "alignment and uniformity": ("alignment", "uniformity"),
    "effective rank": ("effective_rank",),
    "learning rate": ("learning_rate",),
}
_NUMBER = re.compile(r"\d[\d.,e%+-]*")
_REMEDY = "restore it, or remove it"


@dataclasses.dataclass(frozen=True)
class RunHistory:
    """A run, as its files tell it.

    Attributes:
      name: Of its directory in a job, "" for a single run.
      title: For a reader.
      directory: Where it is.
      flags: `flags.json`.
      environment: `environment.json`.
      events: Lines of its journal.
    """

    name: str
    title: str
    directory: str
    flags: dict
    environment: dict
    events: list[dict]

    @property
    def resumed(self) -> list[int]:
        """Steps from which it went on after a stop."""
        starts = [e for e in self.events if e["event"] == "start"]
        return [_step(event) for event in starts[1:] if _step(event)]

    @property
    def last_step(self) -> int:
        """The last step that its journal knows of, 0 if there is none."""
        return max(map(_step, self.events), default=0)

    def panels(self) -> dict[str, dict[str, tuple[list, list]]]:
        """{title: {name: (steps, values)}} of what was measured."""
        series = _series(self.events)
        panels = {
            title: {
                _short(name): series[name] for name in names if name in series
            }
            for title, names in _PANELS.items()
        }
        return {title: lines for title, lines in panels.items() if lines}


def panels(
    model_dir: str | os.PathLike[str],
) -> dict[str, dict[str, tuple[list, list]]]:
    """The learning curves of a run, for `reports.learning`.

    Args:
      model_dir: Directory of the run, training or done.

    Returns:
      {title: {name: (steps, values)}} of what was measured.

    Raises:
      ValueError: If there is no run, or a job, which has several.
    """
    directory = os.fspath(model_dir)
    stages = read_stages(directory)
    if record.is_job(directory):
        names = ", ".join(stage.name for stage in stages) or "none yet"
        raise ValueError(
            f"`model_dir` must be that of a single run. Received: "
            f"{directory!r}, a job with the runs {names}"
        )
    if not stages[0].flags:
        raise ValueError(
            "`model_dir` must be the directory of a run, with its flags.json. "
            f"Received: {directory!r}"
        )
    return stages[0].panels()


def read_stages(directory: str) -> list[RunHistory]:
    """The runs of a job that have begun, or the single run in a directory."""
    if not record.is_job(directory):
        flags = read_flags(directory)
        title = _TITLES.get(flags.get("train_mode", ""), "Training")
        return [_stage("", title, directory, flags)]
    stages = []
    for name, title in STAGES.items():
        path = os.path.join(directory, name)
        flags = read_flags(path)
        if flags:
            stages.append(_stage(name, title, path, flags))
    return stages


def _stage(name, title, directory, flags):
    return RunHistory(
        name,
        title,
        directory,
        flags,
        _environment(directory),
        journal.read(directory, whole=True),
    )


def read_flags(directory: str) -> dict:
    """The flags of a run, {} where there is no run.

    Args:
      directory: Of the run.

    Raises:
      ValueError: If their file is no JSON of a dictionary.
    """
    path = os.path.join(directory, FLAGS)
    return read_checked(path, "a run's flags as JSON", _REMEDY)


def _environment(directory):
    path = os.path.join(directory, ENVIRONMENT)
    return read_checked(path, "what a run was trained on as JSON", _REMEDY)


def _step(event):
    step = event.get("step")
    return step if isinstance(step, int) else 0


def _short(name):
    words = name.removeprefix("train/").split("_")
    return " ".join("accuracy" if w == "acc" else w for w in words)


def _series(events):
    """{name: (steps, values)}; what came again after a stop counts once."""
    points: dict[str, dict[int, float]] = {}
    for event in events:
        if event["event"] in ("start", "rollback"):
            points = _up_to(points, _step(event))
        for name, value in _numbers(event):
            points.setdefault(name, {})[_step(event)] = value
    return {
        name: (list(line), list(line.values()))
        for name, line in points.items()
        if line
    }


def _up_to(points, last):
    return {
        name: {step: v for step, v in line.items() if step <= last}
        for name, line in points.items()
    }


def _numbers(event) -> Iterable[tuple[str, float]]:
    """The numbers of a line, those that are finite."""
    key = {"train": "metrics", "health": "numbers"}.get(event["event"])
    values = event.get(key) if key else None
    for name, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, (int, float)):
            yield name, float(value)


def warnings(stage: RunHistory) -> list[dict]:
    """What was warned about, each sort once.

    Returns:
      List of {"sentence", "first", "last", "times"}; the sentence is that of
      the first time.
    """
    by_kind: dict[str, dict] = {}
    for event in stage.events:
        sentences = (
            event.get("warnings") if event["event"] == "health" else None
        )
        for sentence in sentences if isinstance(sentences, list) else ():
            kind = _NUMBER.sub("#", str(sentence))
            step = _step(event)
            known = by_kind.setdefault(
                kind, {"sentence": str(sentence), "first": step, "times": 0}
            )
            known |= {"last": step, "times": known["times"] + 1}
    return list(by_kind.values())


def actions(events: list[dict]) -> list[str]:
    """What was done about it, sentences in the order of a journal."""
    sentences = [sentence for sentence in map(_sentence, events) if sentence]
    trained = [event for event in events if event["event"] == "train"]
    skipped = trained[-1].get("skipped") if trained else 0
    if skipped:
        steps = "1 step" if skipped == 1 else f"{skipped} steps"
        were = "was" if skipped == 1 else "were"
        sentences.append(
            f"{steps} whose loss or gradient was not finite {were} taken back."
        )
    return sentences


def _sentence(event):
    kind, step = event["event"], _step(event)
    if kind == "start":
        return f"Went on from step {step}." if step else None
    if kind == "stop":
        return f"Stopped at step {step}: {_reason(event)}"
    if kind == "rollback":
        return f"Rolled back to step {step}; later batches were passed over."
    if kind == "diverged":
        return f"Diverged at step {step}."
    return None


def _reason(event):
    return f"{event.get('reason') or event.get('kind') or 'no reason given'}"


def probes(events: list[dict]) -> list[dict]:
    """Accuracies of features that a job probed while pretraining went on.

    Those of starts before a halved learning rate are of other networks, and
    are left out; of a step that was probed again the last counts.
    """
    rows: dict[int, dict] = {}
    for event in events:
        if event["event"] == "halved":
            rows = {}
        if event["event"] == "probe":
            row = {n: v for n, v in event.items() if n not in ("event", "time")}
            rows[_step(event)] = row
    return list(rows.values())
