"""Damaged files for every reader: crashes, hangs, and errors of other kinds.

Each reader runs in processes of its own with bounded memory. Every input is
made from (reader, number, seed): a finding is repeated with
`python -m tools.benchmarks.robustness.worker READER FIRST COUNT SEED`.
"""

import argparse
import json
import multiprocessing
import pathlib
import time

from tools.benchmarks.robustness import readers
from tools.benchmarks.robustness import worker

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "benchmarks"
_CONTEXT = multiprocessing.get_context("forkserver")
# Imported once: processes are forks of one that has them.
_CONTEXT.set_forkserver_preload(
    ["simclrv2_tf.hub.conversion", "simclrv2_tf.data.sources"]
)
HANG_SECONDS = 120  # without a word from a process, on a busy machine
SHOWN = 20  # findings that are told in full


def run(arguments):
    options = parse_arguments(arguments)
    rows = {} if not options.only else known_rows()
    chosen = options.only or list(readers.READERS)
    rows |= {name: attack(name, options) for name in chosen}
    rows = {name: rows[name] for name in readers.READERS if name in rows}
    return {
        "what": "inputs made by mutation, and what readers made of them",
        "seed": options.seed,
        "inputs": sum(row["inputs"] for row in rows.values()),
        "findings": sum(len(row["findings"]) for row in rows.values()),
        "readers": rows,
    }


def known_rows():
    """Those of the last report: readers can be tried again one by one."""
    try:
        return json.loads((OUT / "robustness.json").read_text())["readers"]
    except OSError:
        return {}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=readers.READERS)
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="of each reader's inputs, in (0, 1]",
    )
    return parser.parse_args(arguments)


def attack(name, options):
    """Tries all inputs of a reader, going on behind those that kill it."""
    count = max(1, round(readers.READERS[name].inputs * options.share))
    row = {"inputs": count, "read": 0, "refused": 0, "findings": []}
    start, next_one = time.time(), 0
    while next_one < count:
        next_one = _one_process(name, next_one, count, options.seed, row)
    row["seconds"] = round(time.time() - start, 1)
    print(f"{name}: {json.dumps({**row, 'findings': len(row['findings'])})}")
    for finding in row["findings"][:SHOWN]:
        print(f"  {finding}", flush=True)
    return row


def _one_process(name, first, count, seed, row):
    """Runs a worker until it ends; returns the number to go on with."""
    hears, tells = _CONTEXT.Pipe(duplex=False)
    arguments = (name, first, count - first, seed, tells.send)
    process = _CONTEXT.Process(target=worker.attack, args=arguments)
    process.start()
    tells.close()
    current, why = _follow(hears, first, row)
    process.kill()
    process.join()
    if why == "done":
        return count
    kind = f"{why}, exit code {process.exitcode}"
    row["findings"].append({"number": current, "kind": kind})
    return current + 1


def _follow(hears, first, row):
    """Takes in what a worker tells; returns where it is and how it ended."""
    current = first
    while hears.poll(HANG_SECONDS):
        try:
            message = hears.recv()
        except EOFError:
            return current, "crash"
        if message["kind"] == "done":
            return current, "done"
        if message["kind"] == "at":
            current = message["number"]
        elif message["kind"] in ("read", "refused"):
            row[message["kind"]] += message["count"]
        else:
            row["findings"].append(message)
    return current, "hang"


def show(report, folder):
    """Writes robustness.md."""
    lines = [
        "# Robustness of the readers",
        "",
        "`python tools/benchmark.py robustness`, seed "
        f"{report['seed']}: {report['inputs']:,} damaged files, "
        f"{report['findings']} findings (crash, hang, memory, or an error "
        "that is not the reader's own). Mutations: bits, bytes, cuts, "
        "repeats, splices, extreme numbers, hostile text. Regression tests "
        "of what was found and mended are in the tests of each reader.",
        "",
        "| reader | inputs | read all the same | refused | findings |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in report["readers"].items():
        cells = (row["inputs"], row["read"], row["refused"])
        shown = " | ".join(f"{cell:,}" for cell in cells)
        lines.append(f"| {name} | {shown} | {len(row['findings'])} |")
    (folder / "robustness.md").write_text("\n".join(lines) + "\n")
