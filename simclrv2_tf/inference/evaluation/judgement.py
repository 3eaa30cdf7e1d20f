"""From answers to the keys of a result, and to the tables beside it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np

from simclrv2_tf.inference.evaluation import class_metrics
from simclrv2_tf.inference.evaluation import reliability
from simclrv2_tf.inference.evaluation.calibration import Calibration
from simclrv2_tf.inference.evaluation.metrics import Answers
from simclrv2_tf.inference.evaluation.metrics import accuracy

Table = Iterable[Sequence[Any]]  # rows, the header first


class Judgement(NamedTuple):
    """What an evaluation of a classifier comes to.

    Attributes:
      result: Keys of `result.json`: "eval/..." are numbers; "classes" and
        "calibration" hold lists, None where there is nothing to tell.
      tables: {name: rows} of the csv files.
    """

    result: dict[str, Any]
    tables: dict[str, Table]


def judge(
    answers: Answers,
    names: Sequence[str],
    calibration: Calibration | None = None,
) -> Judgement:
    """Judges what a classifier answered.

    Args:
      answers: `Answers`, at the temperature of the calibration.
      names: Of the classes, in the network's order.
      calibration: To be judged too, on what it was not fitted on.
    """
    counts = class_metrics.class_counts(answers, len(names))
    curve = reliability.curve(answers.confidence, answers.right)
    scalars = {
        **accuracy(answers),
        "balanced_accuracy": class_metrics.balanced_accuracy(counts),
        "expected_calibration_error": reliability.expected_calibration_error(
            curve
        ),
    }
    columns = {**counts, "accuracy": class_metrics.class_accuracy(counts)}
    classes = {"names": names, **columns}
    tables: dict[str, Table] = {
        "per_class": _rows({"class": names, **columns}),
        "reliability": _rows(curve),
    }
    if len(names) <= class_metrics.MOST_IN_TABLE:
        confusion = class_metrics.confusion(
            answers.labels, answers.predicted, len(names)
        )
        tables["confusion"] = _matrix(confusion, names)
        if len(names) <= class_metrics.MOST_IN_JSON:
            classes["confusion"] = confusion
    result = {f"eval/{name}": value for name, value in scalars.items()}
    result["classes"] = _lists(classes)
    result["calibration"] = {"reliability": _lists(curve)}
    if calibration is None:
        return Judgement(result, tables)
    told, after = _judge_calibration(answers, calibration)
    result["eval/temperature"] = told["temperature"]
    result["eval/calibrated_expected_calibration_error"] = told["error_after"]
    result["calibration"] |= {**told, "reliability_after": _lists(after)}
    return Judgement(result, {**tables, "reliability_after": _rows(after)})


def _judge_calibration(answers, calibration):
    """What a temperature changes, where it was not fitted, and its curve."""
    judging = calibration.judges(answers.numbers)
    right = answers.right[judging]
    before, after = (
        reliability.curve(confidence[judging], right)
        for confidence in (answers.confidence, answers.calibrated)
    )
    told = {
        "temperature": calibration.temperature,
        "fitted_on": int((~judging).sum()),
        "judged_on": len(right),
        "error_before": reliability.expected_calibration_error(before),
        "error_after": reliability.expected_calibration_error(after),
    }
    return told, after


def _lists(columns):
    """Arrays as JSON holds them, None for NaN."""
    return {
        name: [_plain(value) for value in np.asarray(column).tolist()]
        for name, column in columns.items()
    }


def _plain(value):
    return None if value != value else value


def _rows(columns) -> Iterator[Sequence[Any]]:
    """A table of columns; what there is nothing to tell of is empty."""
    yield list(columns)
    yield from zip(*_lists(columns).values(), strict=True)


def _matrix(confusion, names):
    """The confusion matrix with the classes' names around it."""
    yield ["label", *names]
    for name, row in zip(names, confusion.tolist(), strict=True):
        yield [name, *row]
