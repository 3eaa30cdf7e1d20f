"""What a model card tells, as the files of a job, run or export have it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.run_files import NETWORK
from simclrv2_tf.files.run_files import checkpoint_name
from simclrv2_tf.probing.intervals import wilson
from simclrv2_tf.publishing.data_names import shown
from simclrv2_tf.publishing.data_names import shown_weights
from simclrv2_tf.publishing.exported_weights import kinds_in
from simclrv2_tf.recipes import record
from simclrv2_tf.reports import history
from simclrv2_tf.reports import overview

# Options of a stage that tell of no place on a machine.
_SETTINGS = (
    "train_mode",
    "train_batch_size",
    "planned_steps",
    "train_epochs",
    "optimizer",
    "learning_rate",
    "weight_decay",
    "temperature",
    "distill_temperature",
    "label_fraction",
    "labels_per_class",
    "holdout_fraction",
    "image_size",
    "mixed_precision",
    "seed",
)
_BEST = "_best"  # ends the name of the directory of best versions
# Run of a job -> its row of the job's table.
_ROWS = {
    "distilled": "small, distilled",
    "scratch": "small, from scratch",
}
_MEASURED = {
    "eval/label_top_1_accuracy": ("top-1 accuracy", "eval/examples"),
    "eval/label_top_5_accuracy": ("top-5 accuracy", "eval/examples"),
    "eval/balanced_accuracy": ("balanced accuracy", None),
    "eval/expected_calibration_error": ("expected calibration error", None),
    "eval/knn_accuracy": ("nearest neighbours", "eval/knn_examples"),
}
# Of what is answered at a temperature, where one was fitted.
_CALIBRATED = {
    "eval/expected_calibration_error": (
        "eval/calibrated_expected_calibration_error"
    ),
}


@dataclasses.dataclass(frozen=True)
class Result:
    """A number that was measured.

    Attributes:
      what: In words.
      value: In [0, 1].
      low: End of its 95 % interval, None where there is none.
      high: The other end.
      examples: Images that it was measured on, 0 where it is not known.
    """

    what: str
    value: float
    low: float | None
    high: float | None
    examples: int


@dataclasses.dataclass(frozen=True)
class CardFacts:
    """All that a card tells beside what the user says.

    Attributes:
      network: Arguments of `Network`.
      step: Of the weights.
      class_names: None where the network has no classes.
      about: (name, value) of data, labels, seed, versions.
      runs: A row for each run, see `overview.runs`.
      results: Of the published weights.
      measured_on: The data of these results, "" where it is not known.
      compared: The job's table: the same task done otherwise.
      settings: {stage: options}.
    """

    network: dict[str, Any]
    step: int
    class_names: Sequence[str] | None
    about: list[tuple[str, str]]
    runs: list[dict]
    results: list[Result]
    measured_on: str
    compared: list[Result]
    settings: dict[str, dict]


def gather(
    config: Config, version: str, class_names: Sequence[str] | None
) -> CardFacts:
    """The facts of an exported version.

    Args:
      config: A `Config`, see `publish`.
      version: Directory of the version, which its step names.
      class_names: See `CardFacts`.
    """
    network = read_checked(
        os.path.join(version, NETWORK),
        "the arguments of a network as JSON",
        "export the model again",
    )
    name = os.path.basename(os.path.abspath(version))
    step = int(name) if name.isdecimal() else 0
    places = (config.model_dir, config.checkpoint, version)
    directory = next(filter(None, map(_about, places)), None)
    stages = history.read_stages(directory) if directory else []
    kinds = _kinds(config, directory, version) if directory else set()
    result = _results_of(config, directory, version, kinds) if directory else {}
    return CardFacts(
        {k: v for k, v in network.items() if k not in ("name", "variables")},
        step,
        class_names,
        _facts(directory, stages) if directory else [],
        _runs(directory, stages) if directory else [],
        list(_measured(result)),
        shown(str(result.get("data", ""))),
        _compared(directory, kinds) if directory else [],
        {stage.name or "run": _settings(stage.flags) for stage in stages},
    )


def _about(directory: str | None) -> str | None:
    """The job or run that weights are of, None where there is none here.

    A run that is its job's result stands for the job, and a checkpoint for the
    run that it lies in.
    """
    if directory and os.path.isfile(f"{directory}.index"):
        directory = os.path.dirname(os.path.abspath(directory))
    if not directory or not os.path.isdir(directory):
        return None
    place = os.path.abspath(directory)
    if os.path.exists(os.path.join(place, "saved_model.pb")):
        place = os.path.dirname(os.path.dirname(place))
    if _is_result_of(os.path.dirname(place), place):
        return os.path.dirname(place)
    known = any(stage.flags for stage in history.read_stages(place))
    return place if known else None


def _is_result_of(job, run):
    """Whether a run holds the best classifier of a job."""
    try:
        return record.is_job(job) and record.run_within(job) == run
    except ValueError:  # it has none yet
        return False


def _facts(directory, stages):
    """The report's facts without paths of this machine, and the weights taken.

    Published names and data sets by name stay as they are.
    """
    facts = dict(overview.facts(directory, stages))
    name = overview.data_name(directory, stages)
    facts["Data"] = facts["Data"].replace(name, shown(name), 1)
    flags = stages[0].flags
    for title, option in (("Began with", "checkpoint"), ("Teacher", "teacher")):
        path = str(flags.get(option) or "")
        if path and not _is_within(path, directory):
            facts[title] = shown_weights(path)
    begun = record.read_job(directory).get("asked", {}).get("checkpoint")
    if begun:
        facts["Began with"] = shown_weights(str(begun))
    return list(facts.items())


def _is_within(path, directory):
    """Whether a path is that of a job's own run, such as a pilot run."""
    own = os.path.join(os.path.abspath(directory), "")
    return os.path.abspath(path).startswith(own)


def _runs(directory, stages):
    """The report's runs, without the path of a backbone."""
    return [
        {**run, "network": shown_weights(run["network"])}
        for run in overview.runs(directory, stages)
    ]


def _settings(flags):
    return {n: flags[n] for n in _SETTINGS if flags.get(n) is not None}


def _kinds(config, directory, version):
    """Which weights are published: True for averaged, False for trained ones.

    Where the run's checkpoint does not show it, flags decide: the present
    ones, and for an export that is taken as it is those of its run.
    """
    run = record.run_within(directory)
    step = os.path.basename(os.path.abspath(version))
    kinds = kinds_in(version, os.path.join(run, checkpoint_name(step)))
    if kinds is not None:
        return kinds
    named = config.checkpoint_ema and not config.model_dir
    return {bool(config.export_ema or named or _flag(run, "export_ema"))}


def _flag(run, name):
    return history.read_flags(run).get(name, False)


def _results_of(config, directory, version, kinds):
    """The evaluation of these very weights, {} if there is none.

    Results of earlier versions do not say which weights were judged; flags
    are the best guess.
    """
    run = record.run_within(directory)
    guess = config.eval_ema or _flag(run, "eval_ema")
    versions, step = os.path.split(os.path.abspath(version))
    names = [f"result_{step}.json"]
    if versions.endswith(_BEST):
        names.insert(0, f"result_best_{step}.json")
    results = filter(None, (_results(run, name) for name in names))
    judged = (result for result in results if result.get("ema", guess) in kinds)
    return next(judged, {})


def _results(run, name):
    return read_checked(
        os.path.join(run, name),
        "an evaluation's results as JSON",
        "remove it, or evaluate again",
    )


def _measured(result):
    for key, (words, count) in _MEASURED.items():
        value = result.get(_CALIBRATED.get(key), result.get(key))
        if isinstance(value, float) and 0 <= value <= 1:
            yield _result(words, value, int(result.get(count, 0)))


def _result(what, value, examples):
    low, high = wilson(value, examples) if examples else (None, None)
    return Result(what, value, low, high, examples)


def _compared(directory, kinds):
    """The rows of a job's table that were measured, its own first.

    A row is of the weights that its stage was to be evaluated with.
    """
    report = record.read_json(directory, record.REPORT)
    run = record.run_within(directory)
    judged = _flag(run, "eval_ema") in kinds
    own = judged and _ROWS.get(report.get("exported_run"))
    rows = [
        _result(
            f"{row['name']}{' (this network)' * (row['name'] == own)}",
            row["top_1"],
            row["examples"] * (row["measured"] == "evaluation"),
        )
        for row in report.get("rows", [])
        if row["top_1"] is not None
    ]
    return sorted(rows, key=lambda row: "(this network)" not in row.what)
