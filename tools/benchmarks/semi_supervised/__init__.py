"""The one command on four data sets: does it beat what is cheap, in time?

    python tools/benchmark.py semi_supervised --data=DATA --jobs_dir=JOBS \\
      --minutes=60
    python tools/benchmark.py semi_supervised --datasets=digits --labels=5
    python tools/benchmark.py semi_supervised --data=DATA --datasets=signs \\
      --labels=1 --draws=1 --budget=00:10

DATA holds signs/ and photos/, folders of class folders, and tfds/ with
CIFAR-10. Each set needs its own of these, and digits none. Without --datasets,
--labels and --draws there are 36 jobs: four sets, three numbers of labels,
three draws.

Each job is the command in a process of its own, with no other flag than data,
labels and budget. Draws after the first take the first one's pretraining; with
--share_pretraining other numbers of labels take it too, that of the first
number, whose labels judge its pilots.

The whole list takes some eight hours on two cores. Do it again until it says
that all is done: jobs are kept in JOBS, each is done once, and one that is
stopped goes on from its checkpoint; after --minutes, on SIGTERM or Ctrl-C the
list stops. `benchmarks/semi_supervised.json` is written after each job.
--known=benchmarks/semi_supervised.json keeps the cells of that report where
JOBS is new.
"""

import argparse
import json
import pathlib
import tempfile

from tools.benchmarks.cifar10 import read
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.findings.runs import stopping_cleanly
from tools.benchmarks.semi_supervised import sets
from tools.benchmarks.semi_supervised import shared_pretraining
from tools.benchmarks.semi_supervised import summary

LABELS = (1, 5, 20)
TOO_FEW = "as many as are asked for"  # labels, in the words of the command
_CELL = ("data", "labels", "draw")
SHARED = "--share_pretraining"

show = summary.show


def run(arguments):
    """Yields the report after each job."""
    options = parse_arguments(arguments)
    runs = Runs(options.jobs_dir, minutes=options.minutes)
    cells = known_cells(options)
    with stopping_cleanly():
        for name in options.datasets.split(","):
            for labels in map(int, options.labels.split(",")):
                there = [cell for cell in cells if is_of(cell, name, labels)]
                drawn = {cell["draw"] for cell in there}
                for cell in draws_of(name, labels, drawn, options, runs):
                    cells.append(cell)
                    yield report(options, cells)
        print("all is done", flush=True)


def report(options, cells):
    """What benchmarks/semi_supervised.json holds."""
    return {
        "budget": options.budget,
        "draws": options.draws,
        "share_pretraining": options.share_pretraining,
        "hardware of cells": sorted(
            {cell.get("hardware", "not noted") for cell in cells}
        ),
        "cells": cells,
        "summary": summary.means(cells),
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=absolute, help=sets.HELD)
    parser.add_argument(
        "--datasets",
        default="digits,signs,cifar10,photos",
        help=f"of {', '.join(sets.FOLDERS)}",
    )
    parser.add_argument("--labels", default=",".join(map(str, LABELS)))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--budget", default="00:20")
    parser.add_argument("--share_pretraining", action="store_true")
    parser.add_argument("--jobs_dir", help="kept between calls")
    parser.add_argument("--minutes", type=float, help="then stop")
    parser.add_argument("--known", type=pathlib.Path, help="a report")
    options = parser.parse_args(arguments)
    for name in options.datasets.split(","):  # before hours of jobs
        sets.folder_of(name, options.data)
    if options.jobs_dir is None:
        options.jobs_dir = tempfile.mkdtemp(prefix="simclrv2_jobs_")
    return options


def absolute(path):
    """A path that jobs find too: they start in the root of the clone."""
    return pathlib.Path(path).absolute()


def known_cells(options):
    """The cells of an earlier report, whose jobs were of the same kind."""
    path, budget = options.known, options.budget
    if path is None:
        return []
    known = read(path.parent, path.name)
    if known["budget"] != budget:
        raise SystemExit(
            f"--known must be of jobs of the same time. Received: {path} of "
            f"{known['budget']}, for --budget={budget}"
        )
    check_sharing(known, options)
    return known["cells"]


def check_sharing(known, options):
    """Raises a SystemExit unless jobs shared pretraining as these will."""
    shared = known.get("share_pretraining", SHARED in known.get("command", ""))
    if shared != options.share_pretraining:
        how = f"with {SHARED}" if shared else f"without {SHARED}"
        raise SystemExit(
            f"--known must be of jobs that take pretraining alike. Received: "
            f"{options.known}, whose jobs ran {how}"
        )


def is_of(cell, name, labels):
    return (cell["data"], cell["labels"]) == (name, labels)


def draws_of(name, labels, drawn, options, runs):
    """Yields what each draw of so many labels a class came to."""
    flags = sets.data_flags(name, options.data, runs.directory)
    for draw in sorted(set(range(options.draws)) - drawn):
        job = f"{name}_{labels}_{draw}"
        if job not in runs.record:
            share(job, options, runs.directory)
        came_to = one_job(flags, labels, draw, options.budget, job, runs)
        if came_to is None:  # not so many labels
            return
        yield {**dict(zip(_CELL, (name, labels, draw), strict=True)), **came_to}


def share(job, options, directory):
    """Has a job not begun yet find the pretraining of another, if done."""
    if (directory / job / "job.json").exists():
        return
    name, labels, draw = job.rsplit("_", 2)
    first = directory / f"{name}_{labels}_0"
    other = directory / f"{name}_{options.labels.split(',')[0]}_0"
    if draw != "0" and is_pretrained(first):
        shared_pretraining.of_draw(first, directory / job)
    elif options.share_pretraining and other != first and is_pretrained(other):
        shared_pretraining.of_labels(other, directory / job)


def is_pretrained(job):
    """Whether a job is there that has pretrained."""
    path = job / "progress.json"
    return path.exists() and "pretrained" in json.loads(path.read_text())


def one_job(flags, labels, draw, budget, job, runs):
    """What a job came to; None where there are not so many labels."""
    job_flags = {
        "train_mode": "semi_supervised",
        **flags,
        "labels_per_class": labels,
        "label_seed": draw,
        "time_budget": budget,
    }
    try:
        result = runs.result(job, job_flags, came_to)
    except SystemExit as error:
        if TOO_FEW in str(error):
            return None
        raise
    return {**result, "hardware": runs.record[job]["hardware"]}


def came_to(directory):
    """Accuracy, time and memory of a job that is done."""
    job_report = json.loads((directory / "report.json").read_text())
    return {
        "top-1": {row["name"]: row["top_1"] for row in job_report["rows"]},
        "exported": job_report["exported_run"],
        "steps of pretraining": steps_of(directory / "pretrained"),
        "planned seconds": round(job_report["planned_seconds"]),
        "seconds": round(job_report["seconds"]),
        "planned GB": in_gb(job_report["planned_memory"]),
        "GB": in_gb(job_report["memory"]),
    }


def steps_of(directory):
    """Steps of a run, which names what it exports by them.

    None where there is no export, as of pretraining that was given up.
    """
    names = [path.name for path in directory.glob("saved_model/*")]
    return max((int(name) for name in names if name.isdigit()), default=None)


def in_gb(size):
    """Bytes in GB, None for none known."""
    return size and round(size / 1e9, 2)
