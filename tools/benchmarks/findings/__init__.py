"""The paper's findings on CIFAR-10: runs that go on where they stopped.

    python tools/benchmark.py findings --data_dir=DATA --runs_dir=RUNS \\
      --minutes=60

Do it again until it says that all is done. Runs are kept in RUNS, each is done
once, and one that is stopped goes on from its checkpoint; after --minutes, on
SIGTERM or Ctrl-C the run of that moment ends its step and the list stops.
`benchmarks/findings.json` is written after each row, the figures beside it and
docs/findings.md at the end of each call. --plan prints the list and what it
costs, --only=1,3 does the rows of these findings, and --scale=0.1 a tenth of
all steps (in a --runs_dir of its own; with --dry nothing else is written).
--known=benchmarks/findings.json starts a new RUNS with the rows of that report.
--processes=12 does so many runs side by side, for many cores and a GPU, which
one small network leaves idle.

The whole list is 222 runs and 13 hours of processor time, some 6.5 by the clock
on two cores that do nothing else: a step of width 0.25 is measured, the other
widths are reckoned from it (`costs`). After 1.5 hours small and middle network
stand beside each other, after 2.7 the small student, after 4.2 the layers of
the heads with few labels; findings 1, 2 and 3 alone take 5.6, 4.0 and 5.3.

Hyperparameters are chosen on a validation split, `train[90%:]`, by runs on
`train[:90%]` with a draw of labels (seed 100) that no row has: the rate of
fine-tuning for each network, head, layer and count of labels, among three (all
labels take that of 500 a class); the rate from labels alone; the rate of
distillation and the weight of equation 3 for each temperature, on the small
student with 10 labels a class. Pretraining and the lengths of runs are fixed
beforehand. A row is a run on all of `train` with what was chosen, and its
process evaluates once, at its end, on the test set; its figure is kept in
RUNS/rows.json and not asked for again. The probes of linear evaluation have
their strength cross-validated on their own labels.

Finding 4, the momentum memory, is `tools/benchmark.py momentum`; its rows are
taken from benchmarks/momentum.json.
"""

import argparse
import json
import pathlib
from concurrent import futures

from tools.benchmarks.findings import cells
from tools.benchmarks.findings import costs
from tools.benchmarks.findings import figures
from tools.benchmarks.findings import kept_rows
from tools.benchmarks.findings import page
from tools.benchmarks.findings import summary
from tools.benchmarks.findings.jobs import Jobs
from tools.benchmarks.findings.recipe import Recipe
from tools.benchmarks.findings.runs import ROOT
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.findings.runs import TimeOver
from tools.benchmarks.findings.runs import stopping_cleanly
from tools.benchmarks.findings.summary import row_cell
from tools.whole_numbers import at_least

COMMAND = "python tools/benchmark.py findings --data_dir=DATA --runs_dir=RUNS"
MOMENTUM = ROOT / "benchmarks" / "momentum.json"
PAGE = "findings.md"


def run(arguments):
    """Yields the report after each row."""
    options = parse_arguments(arguments)
    recipe = recipe_of(options)
    listed = cells.chosen_cells(options.only, recipe.counts)
    if options.plan:
        print(costs.table(listed, recipe))
        return
    common = {"data_dir": options.data_dir} if options.data_dir else {}
    runs = Runs(options.runs_dir, common, options.minutes, options.processes)
    known = kept_rows.read_rows(runs.directory, options.known, recipe)
    rows, jobs = known.get("rows", []), Jobs(runs, recipe)
    jobs.choices = known.get("choices", {})
    if rows:
        yield report(recipe, jobs, runs, rows, known)
    with stopping_cleanly():
        coming = rows_to_come(listed, rows)
        for row in done(coming, jobs, runs, options.processes):
            rows.append(row)
            choices = dict(jobs.choices)
            kept_rows.write_rows(runs.directory, recipe, known, rows, choices)
            yield report(recipe, jobs, runs, rows, known)
        print("all is done", flush=True)


def done(coming, jobs, runs, processes):
    """Rows with their accuracy, as they come; one by one in their order."""
    # A thread waits where a run is another's, so there are more than processes.
    threads = 1 if processes == 1 else max(1, len(coming))
    with futures.ThreadPoolExecutor(threads) as pool:
        submitted = [pool.submit(judged, row, jobs) for row in coming]
        try:
            yield from results(submitted)
        except KeyboardInterrupt:
            raise TimeOver("asked to stop") from None
        finally:  # also where one has failed
            runs.end()
            pool.shutdown(wait=False, cancel_futures=True)


def results(submitted):
    """Results of futures as they come; one that failed is raised after them."""
    waiting = list(submitted)
    while waiting:
        ended, _ = futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
        in_order = [one for one in waiting if one in ended]
        for one in sorted(in_order, key=lambda one: bool(one.exception())):
            yield one.result()
        waiting = [one for one in waiting if one not in ended]


def judged(row, jobs):
    """A row with its accuracy."""
    return {**row, "top-1": jobs.top_1(row_cell(row), row["draw"])}


def rows_to_come(listed, rows):
    """Those of some cells that are not there yet, without their accuracy."""
    there = {(row_cell(row), row["draw"]) for row in rows}
    return [
        {**cell._asdict(), "draw": draw}
        for cell in listed
        for draw in range(cell.draws)
        if (cell, draw) not in there
    ]


def report(recipe, jobs, runs, rows, known):
    """What benchmarks/findings.json holds, see `summary` and `cells.Cell`."""
    listed = cells.all_cells(recipe.counts)
    return {
        "command": COMMAND,
        **kept_rows.rows_of(recipe),
        **kept_rows.taken(known, runs),
        "rows in all": sum(cell.draws for cell in listed),
        "cells": summary.summary(rows),
        "rows": rows,
        "choices": dict(jobs.choices),
        "momentum": momentum_rows(),
    }


def momentum_rows(path=MOMENTUM):
    """Rows of the momentum benchmark, None before it has been run."""
    if not path.exists():
        return None
    return json.loads(path.read_text()).get("rows")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", help="TFDS data")
    parser.add_argument("--runs_dir", help="of the runs, kept between calls")
    parser.add_argument("--minutes", type=float, help="then stop")
    parser.add_argument(
        "--only",
        type=findings,
        default=list(cells.FINDINGS),
        help="such as 1,3",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of all steps")
    parser.add_argument(
        "--known",
        help="a report such as benchmarks/findings.json, whose rows and "
        "choices a new --runs_dir need not do again",
    )
    parser.add_argument("--plan", action="store_true", help="print the list")
    parser.add_argument(
        "--processes", type=at_least(1), default=1, help="runs side by side"
    )
    small = parser.add_argument_group("to try it on other data")
    small.add_argument("--dataset", default=Recipe.dataset)
    small.add_argument("--image_size", type=int, default=Recipe.image_size)
    small.add_argument(
        "--labels",
        type=counts,
        default=Recipe.counts,
        help="of each class, from few to many; all labels come beside",
    )
    options = parser.parse_args(arguments)
    if not (options.runs_dir or options.plan):
        parser.error("--runs_dir must say where the runs are kept")
    return options


def findings(text):
    """ "1,3" to [1, 3]."""
    numbers = sorted({int(word) for word in text.split(",")})
    if not set(numbers) <= set(cells.FINDINGS):
        raise argparse.ArgumentTypeError(
            f"must be some of 1, 2, 3 with commas. Received: {text}"
        )
    return numbers


def counts(text):
    """ "10,50" to (10, 50, ALL)."""
    numbers = sorted({int(word) for word in text.split(",")})
    if numbers[0] < 1 or len(numbers) < 2:
        raise argparse.ArgumentTypeError(
            f"must be two numbers of labels or more. Received: {text}"
        )
    return (*numbers, cells.ALL)


def recipe_of(options):
    return Recipe(
        options.dataset, options.image_size, options.labels, options.scale
    )


def show(report, folder):
    """Writes the figures, and the page beside that folder."""
    from simclrv2_tf.reports.png import png

    for number, figure in figures.draw(report).items():
        path = pathlib.Path(folder) / f"findings_{number}.png"
        path.write_bytes(png(figure))
    docs = pathlib.Path(folder).parent / "docs"
    docs.mkdir(exist_ok=True)
    (docs / PAGE).write_text(page.text(report))
