"""Seconds and peak memory of each part on made rows that lie in a file."""

import json
import os
import sys
import time

import numpy as np

from tools import own_process
from tools.benchmarks.probe import CLASSES
from tools.benchmarks.probe import WIDTH
from tools.benchmarks.probe import write
from tools.peak_memory import peak_bytes

PARTS = (
    "neighbours",
    "next labels",
    "near-duplicates",
    "outliers",
    "doubtful labels",
)
BUDGET = 50
PIXELS = 32 * 32


def run(rows, folder):
    """A row for each part, each in a process of its own."""
    features = write(folder, "features", rows)
    thumbnails = os.path.join(folder, "thumbnails.npy")
    array = np.lib.format.open_memmap(
        thumbnails, "w+", np.float32, (rows, PIXELS)
    )
    rng = np.random.default_rng(0)
    for start in range(0, rows, 10_000):
        block = array[start : start + 10_000]
        block[:] = rng.random(block.shape, np.float32)
    array.flush()
    module = "tools.benchmarks.curation.scale"
    figures = own_process.printed(
        own_process.last_json(module, part, features, thumbnails)
        for part in PARTS
    )
    return {"what": f"{rows} rows of {WIDTH} features", "parts": figures}


def measure(part, features, thumbnails):
    """Runs a part in this process."""
    from simclrv2_tf.probing.feature_rows import StoredRows

    rows, pictures = StoredRows(features), StoredRows(thumbnails)
    work(part, rows.take(np.arange(1000)), pictures)  # what is loaded once
    before, begin = peak_bytes(), time.perf_counter()
    work(part, rows, pictures)
    return {
        "part": part,
        "seconds": round(time.perf_counter() - begin, 1),
        "peak_mib": round(peak_bytes() / 2**20),
        "above_mib": round((peak_bytes() - before) / 2**20),
    }


def work(part, rows, thumbnails):
    from simclrv2_tf.curation.doubtful_labels import doubts
    from simclrv2_tf.curation.near_duplicates import find_copies
    from simclrv2_tf.curation.next_labels import next_labels
    from simclrv2_tf.curation.outliers import outlier_scores
    from simclrv2_tf.probing.nearest import nearest_others

    count = len(rows)
    if part == "neighbours":
        nearest_others(rows, 10)
    elif part == "next labels":
        nothing = np.full(count, -1)
        next_labels(rows, nothing, BUDGET, nothing)
    elif part == "near-duplicates":
        near = (np.arange(count)[:, None] + np.arange(1, 11)) % count
        find_copies(np.zeros(near.shape), near, thumbnails)
    elif part == "outliers":
        outlier_scores(rows)
    else:
        doubts(rows, np.arange(count) % CLASSES)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
