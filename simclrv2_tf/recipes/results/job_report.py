"""The table at the end of a job, for a person and for a program."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from collections.abc import Iterator

from simclrv2_tf.console.units import percent
from simclrv2_tf.files.csv_text import csv_of_records
from simclrv2_tf.probing.intervals import wilson

_NAMES = 38  # letters of a row's name, or more where one is longer
_LEFT_OUT = "cross-validation"  # how a row was measured, see `Row`


@dataclasses.dataclass(frozen=True)
class Row:
    """A classifier of the job.

    Attributes:
      name: What it is.
      top_1: Share of right answers; None where it was not measured.
      examples: Of how many.
      parameters: Weights of its network, 0 for none.
      seconds: That it took.
      measured: On what: "evaluation" or "cross-validation".
    """

    name: str
    top_1: float | None
    examples: int
    parameters: int
    seconds: float
    measured: str = "evaluation"

    def values(self) -> dict:
        """All of it, and the 95 % interval of `top_1` as "low" and "high"."""
        top_1 = self.top_1
        if top_1 is not None and math.isnan(top_1):
            top_1 = None
        low, high = (
            (None, None) if top_1 is None else wilson(top_1, self.examples)
        )
        values = dataclasses.asdict(self)
        return {**values, "top_1": top_1, "low": low, "high": high}


def lines(rows: list[Row]) -> Iterator[str]:
    """The table for a person to read."""
    width = max([_NAMES, *(len(_named(row)) for row in rows)])
    yield _line("", "top-1", "95 %", "parameters", "seconds", width)
    for row in rows:
        values = row.values()
        top_1, interval = "-", ""
        if values["top_1"] is not None:
            top_1 = percent(values["top_1"])
            interval = f"{values['low']:.1%} - {values['high']:.1%}"
        count = f"{row.parameters:,}" if row.parameters else ""
        seconds = f"{row.seconds:.0f}"
        yield _line(_named(row), top_1, interval, count, seconds, width)
    if any(row.measured == _LEFT_OUT for row in rows):
        yield "* cross-validated on the labels that training uses"


def _named(row):
    """What a row is called in the table, with a mark for its last line."""
    return f"{row.name} *" if row.measured == _LEFT_OUT else row.name


def _line(name, top_1, interval, parameters, seconds, width):
    columns = f"{top_1:>6} {interval:>15} {parameters:>11} {seconds:>8}"
    return f"{name:<{width}} {columns}"


def as_csv(rows: list[Row]) -> str:
    """The table as CSV."""
    return csv_of_records([row.values() for row in rows])


def beaten(distilled: Row, cheap: Iterable[Row]) -> Iterator[str]:
    """What is cheap and surely better than the distilled network, in words.

    Surely: where its 95 % interval begins above the network's accuracy.
    """
    own = distilled.top_1
    for row in cheap:
        low = row.values()["low"] if row.measured == "evaluation" else None
        if own is not None and low is not None and low > own:
            yield (
                f"The distilled network ({percent(own)}) tells less than "
                f"{_reached(row)}. More time may help (--time_budget), or "
                "--norandom_flip or another --crop_area_min."
            )


def _reached(row):
    return f"{row.name} ({percent(row.top_1)})"
