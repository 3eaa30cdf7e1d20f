"""`probe.json`, `probe.csv` and the table of probes.

`probe.json` holds three parts:

- "protocol": what holds for all figures: data, classes, what they are judged
  on, seeds, networks with their image size and width, the strengths tried;
- "curve": a list of points, one for each network, endpoint, classifier and
  count of labels, in the order of the table;
- "draws": a list of measurements, one for each draw of such a point; the rows
  of `probe.csv`.

A point has `network`, `endpoint` and `classifier` (these three name a line of
a label-efficiency curve), `labels` (labels a class, on average), `mean`, `low`
and `high` (top-1 and its 95 % interval, shares in [0, 1]), and beside them
`count` (as --label_counts has it), `labels_in_all`, `draws`, `std`,
`interval` ("student" over the draws, "wilson" of a single one), `split`,
`image_size`, and the classifier's settings: `family` ("knn", "logistic",
"ridge"), `k`, `temperature`, `strengths` (of each draw), `l2`; null for those
that it has not.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import numpy as np

from simclrv2_tf.console.units import percent
from simclrv2_tf.files import atomic
from simclrv2_tf.files.csv_text import csv_of_records
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.probing import intervals

NAME = "probe"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One classifier on one draw of labels; a row of `probe.csv`.

    Attributes:
      network: Whose features.
      endpoint: Which.
      classifier: Its name with its settings.
      labels: Labels a class, on average.
      count: As it was asked for.
      labels_in_all: That it learnt from.
      draw: Number of the draw, from 0.
      seed: Of the draw.
      top_1: Share of right answers.
      examples: Of how many.
      split: That they are of.
      image_size: Side in pixels of what the network saw.
      family: knn, logistic or ridge.
      k: Neighbours that vote.
      temperature: Of their votes.
      strength: Of the logistic regression.
      strength_by: How that was chosen.
      l2: Of the ridge regression.
    """

    network: str
    endpoint: str
    classifier: str
    labels: float
    count: str
    labels_in_all: int
    draw: int
    seed: int
    top_1: float
    examples: int
    split: str
    image_size: int
    family: str
    k: int | None = None
    temperature: float | None = None
    strength: float | None = None
    strength_by: str | None = None
    l2: float | None = None


_POINT = ("network", "endpoint", "classifier", "labels", "count")
_ALIKE = ("labels_in_all", "examples", "split", "image_size", "family")
_SETTINGS = ("k", "temperature", "l2")


def curve(measurements: list[Measurement]) -> list[dict]:
    """A point for all draws of a count of labels."""
    points: dict[tuple, list[Measurement]] = {}
    for one in measurements:
        key = tuple(getattr(one, name) for name in _POINT)
        points.setdefault(key, []).append(one)
    return [_point(draws) for draws in points.values()]


def _point(draws):
    shares = [one.top_1 for one in draws]
    first = draws[0]
    if len(draws) > 1:
        interval, (low, high) = "student", intervals.student(shares)
        spread = float(np.std(shares, ddof=1))
    else:
        interval, spread = "wilson", None
        low, high = intervals.wilson(shares[0], first.examples)
    strengths = [one.strength for one in draws]
    return {
        **{name: getattr(first, name) for name in _POINT},
        "mean": float(np.mean(shares)),
        "low": low,
        "high": high,
        "std": spread,
        "interval": interval,
        "draws": len(draws),
        **{name: getattr(first, name) for name in (*_ALIKE, *_SETTINGS)},
        "strengths": strengths if first.family == "logistic" else None,
    }


def write(
    directory: str, protocol: dict, measurements: list[Measurement]
) -> dict:
    """Writes both files; returns what is in `probe.json`."""
    rows = [dataclasses.asdict(one) for one in measurements]
    result = {"protocol": protocol, "curve": curve(measurements), "draws": rows}
    stem = os.path.join(directory, NAME)
    atomic.write_text(f"{stem}.csv", csv_of_records(rows))
    write_json(f"{stem}.json", result)
    return result


def lines(points: list[dict]) -> Iterator[str]:
    """The curve for a person to read."""
    names = {p["network"] for p in points} | {p["endpoint"] for p in points}
    width = max(map(len, names | {"endpoint"}))
    begin = f"{'network':<{width}} {'endpoint':<{width}} {'classifier':<22}"
    yield f"{begin} {'labels':>8} {'top-1':>6} {'95 %':>15} {'draws':>5}"
    for point in points:
        between = f"{point['low']:.1%} - {point['high']:.1%}"
        yield (
            f"{point['network']:<{width}} {point['endpoint']:<{width}} "
            f"{point['classifier']:<22} {point['count']:>8} "
            f"{percent(point['mean']):>6} {between:>15} {point['draws']:>5}"
        )
