"""From a classifier's predictions to the keys and tables of a result."""

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


class EvaluationReport(NamedTuple):
    """The evaluation of a classifier.

    Attributes:
      result: Keys of `result.json`: "eval/..." are numbers; "classes" and
        "calibration" hold lists, None where there is no value.
      tables: {name: rows} of the csv files.
    """

    result: dict[str, Any]
    tables: dict[str, Table]


def evaluation_report(
    answers: Answers,
    names: Sequence[str],
    calibration: Calibration | None = None,
) -> EvaluationReport:
    """Evaluates a classifier's predictions.

    Args:
      answers: `Answers`, at the temperature of the calibration.
      names: Of the classes, in the network's order.
      calibration: To be evaluated too, on what it was not fitted on.
    """
    counts = class_metrics.class_counts(answers, len(names))
    curve = reliability.curve(answers.confidence, answers.right)
    columns = {**counts, "accuracy": class_metrics.class_accuracy(counts)}
    confusion = _confusion(answers, len(names))
    tables = _tables(names, columns, curve, confusion)
    result = _numbers(answers, counts, curve)
    result["classes"] = _classes(names, columns, confusion)
    result["calibration"] = {"reliability": _lists(curve)}
    if calibration is not None:
        figures, after = _calibration_figures(answers, calibration)
        result["eval/temperature"] = figures["temperature"]
        error = figures["error_after"]
        result["eval/calibrated_expected_calibration_error"] = error
        result["calibration"] |= {**figures, "reliability_after": _lists(after)}
        tables["reliability_after"] = _rows(after)
    return EvaluationReport(result, tables)


def _numbers(answers, counts, curve):
    """{"eval/...": number} of all examples."""
    error = reliability.expected_calibration_error(curve)
    numbers = {
        **accuracy(answers),
        "balanced_accuracy": class_metrics.balanced_accuracy(counts),
        "expected_calibration_error": error,
    }
    return {f"eval/{name}": value for name, value in numbers.items()}


def _confusion(answers, count):
    """int (count, count) of labels and predictions, None of many classes."""
    if count > class_metrics.MOST_IN_TABLE:
        return None
    return class_metrics.confusion(answers.labels, answers.predicted, count)


def _classes(names, columns, confusion):
    """Lists of each class's numbers, with the confusion matrix of a few."""
    classes = {"names": names, **columns}
    if len(names) <= class_metrics.MOST_IN_JSON:
        classes["confusion"] = confusion
    return _lists(classes)


def _tables(names, columns, curve, confusion):
    """{name: rows} of the csv files."""
    tables = {
        "per_class": _rows({"class": names, **columns}),
        "reliability": _rows(curve),
    }
    if confusion is not None:
        tables["confusion"] = _matrix(confusion, names)
    return tables


def _calibration_figures(answers, calibration):
    """What a temperature changes, where it was not fitted, and its curve."""
    judging = calibration.judges(answers.numbers)
    right = answers.right[judging]
    before, after = (
        reliability.curve(confidence[judging], right)
        for confidence in (answers.confidence, answers.calibrated)
    )
    figures = {
        "temperature": calibration.temperature,
        "fitted_on": int((~judging).sum()),
        "judged_on": len(right),
        "error_before": reliability.expected_calibration_error(before),
        "error_after": reliability.expected_calibration_error(after),
    }
    return figures, after


def _lists(columns):
    """Arrays as JSON holds them, None for NaN."""
    return {
        name: [_plain(value) for value in np.asarray(column).tolist()]
        for name, column in columns.items()
    }


def _plain(value):
    return None if value != value else value


def _rows(columns) -> Iterator[Sequence[Any]]:
    """A table of columns; a missing value is an empty cell."""
    yield list(columns)
    yield from zip(*_lists(columns).values(), strict=True)


def _matrix(confusion, names):
    """The confusion matrix with the classes' names around it."""
    yield ["label", *names]
    for name, row in zip(names, confusion.tolist(), strict=True):
        yield [name, *row]
