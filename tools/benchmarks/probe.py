"""Probes on features that lie in a file: peak memory, seconds, what they tell.

Each case is a process of its own, on made rows in a memory-mapped file: noise
around a centre for each class. Memory is the peak of the process, and that
above what it held before it looked at the file. Twice the rows need as much.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tools import own_process
from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

WIDTH, CLASSES, QUERIES = 512, 20, 5_000
SPREAD = 6.0  # of the noise around centres of deviation 1
WARM = 1_000  # rows that a case begins with, as it loads modules
CASES = ("nearest", "strength", "logistic", "ridge")


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    sizes = [100_000, 200_000]
    parser.add_argument("--rows", nargs="+", type=at_least(WARM), default=sizes)
    options = parser.parse_args(arguments)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        queries = write(folder, "queries", QUERIES)
        for rows in options.rows:
            known = write(folder, f"known-{rows}", rows)
            for case in CASES:
                results.append(in_a_process(case, known, queries))
                print(json.dumps(results[-1]), flush=True)
    return {
        "what": f"{WIDTH} features, {CLASSES} classes, {QUERIES} queries",
        "load_before": os.getloadavg()[0],
        "rows": results,
    }


def write(folder, name, rows):
    """Writes rows, a block at a time; row n is of class n % CLASSES."""
    path = os.path.join(folder, f"{name}.npy")
    centres = np.random.default_rng(0).normal(size=(CLASSES, WIDTH))
    rng = np.random.default_rng(rows)
    array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, WIDTH))
    for start in range(0, rows, 10_000):
        labels = np.arange(start, min(start + 10_000, rows)) % CLASSES
        noise = rng.normal(size=(len(labels), WIDTH))
        array[start : start + 10_000] = centres[labels] + SPREAD * noise
    array.flush()
    return path


def in_a_process(case, known, queries):
    return own_process.last_json("tools.benchmarks.probe", case, known, queries)


def measure(case, known, queries):
    """Runs a case in this process."""
    from simclrv2_tf.probing.feature_rows import StoredRows

    known, queries = StoredRows(known), StoredRows(queries)
    labels = np.arange(len(known)) % CLASSES
    truth = np.arange(len(queries)) % CLASSES
    warm = np.arange(WARM)
    classify(case, known.take(warm), labels[warm], queries.take(warm))
    before, begin = peak_bytes(), time.perf_counter()
    predicted, settings = classify(case, known, labels, queries)
    seconds = time.perf_counter() - begin
    if predicted is not None:
        settings["top_1"] = round(float(np.mean(predicted == truth)), 4)
    return {
        "case": case,
        "rows": len(known),
        "file_mib": round(4 * len(known) * WIDTH / 2**20),
        "peak_mib": round(peak_bytes() / 2**20),
        "above_mib": round((peak_bytes() - before) / 2**20),
        "seconds": round(seconds, 1),
        **settings,
    }


def classify(case, known, labels, queries):
    """Classes of the queries, None for the choice of a strength alone."""
    from simclrv2_tf.probing import cross_validation
    from simclrv2_tf.probing import linear_probe
    from simclrv2_tf.probing import nearest
    from simclrv2_tf.probing import ridge

    if case == "nearest":
        pairs = [(k, t) for k in (10, 20, 200) for t in (0.07, 0.1)]
        return nearest.votes(known, labels, queries, pairs)[-1], {"k": 200}
    if case == "strength":
        strength, how = cross_validation.choose_strength(known, labels)
        return None, {"strength": strength, "by": how}
    fits: dict[str, Callable[..., Any]] = {
        "logistic": linear_probe.fit,
        "ridge": ridge.fit,
    }
    return fits[case](known, labels, CLASSES).classes(queries), {}


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
