"""Rows of a runs' directory, with what they are of and what they took.

`rows.json` holds {"rows", "choices", "scale", "what", "processor hours", "runs
by hardware"} as a report does, but for hours and hardware: they are of the runs
elsewhere, which the report given by --known has counted. Those of the runs here
are in their record.
"""

from __future__ import annotations

import collections
import pathlib

from tools.benchmarks.cifar10 import read
from tools.benchmarks.findings.runs import write_json

ROWS = "rows.json"
HOURS, HARDWARE = "processor hours", "runs by hardware"


def rows_of(recipe):
    """What rows of a recipe are, as a report says it."""
    return {
        "what": f"top-1 on the test set of {recipe.dataset}",
        "scale": recipe.scale,
    }


def read_rows(directory, report, recipe):
    """Rows of a directory, or those of a report where it has none.

    Raises:
      SystemExit: If they are of other data or of another scale; older files
        do not say of which, and are taken as they are.
    """
    kept = directory / ROWS
    if not (kept.exists() or report):
        return {}
    path = kept if kept.exists() else pathlib.Path(report)
    known, wanted = read(path.parent, path.name), rows_of(recipe)
    about = {name: known.get(name, wanted[name]) for name in wanted}
    if about != wanted:
        raise SystemExit(
            f"{path} must hold rows of the same data and as many steps. "
            f"Received: {about['what']}, {about['scale']} times the steps, "
            f"for --scale={recipe.scale} --dataset={recipe.dataset}: give "
            "another --runs_dir or --known"
        )
    return known


def write_rows(directory, recipe, known, rows, choices):
    """Keeps all rows, with what the known ones took elsewhere."""
    taken = {name: known[name] for name in (HOURS, HARDWARE) if name in known}
    kept = {**rows_of(recipe), **taken, "rows": rows, "choices": choices}
    write_json(directory / ROWS, kept)


def taken(known, runs):
    """Hours and hardware of the runs here and of those elsewhere."""
    hours = known.get(HOURS, 0.0) + runs.processor_hours
    by_hardware = collections.Counter(known.get(HARDWARE, {}))
    by_hardware.update(runs.hardware())
    return {HOURS: round(hours, 2), HARDWARE: dict(by_hardware)}
