"""Does the health line know who learns? Forty runs, judged by their features.

    python tools/benchmark.py health --data=folder:PATH --directory=DIR

Half of the runs ought to learn, half of them cannot: of rates that are far off,
of images that say nothing. They are of the digits and of another data set. A
run learns if its features tell more test images right, from few labels, than
those of the untrained network, on such images as the run is given. It is called
unhealthy if its last health line warns or it ends as diverged. Runs that DIR
holds are not done again.
"""

import argparse
import json
import logging
import pathlib
import tempfile
import time
from typing import Any

import keras

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.choices import learning_monitor
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.monitoring import health
from simclrv2_tf.runs.train import train
from tools.benchmarks.health import cases
from tools.benchmarks.health import detection
from tools.benchmarks.health import images
from tools.benchmarks.health import table

JUDGED = "judged.json"  # in a run's directory
DATA = "data.txt"  # beside the runs: the other data set's name
REPORTS = 4  # in a run
NO_LABELS = ("neighbours", "neighbours_at_start")  # what would be missing


def run(arguments):
    options = parse_arguments(arguments)
    logging.getLogger("simclrv2_tf").setLevel(logging.ERROR)
    root = pathlib.Path(
        options.directory or tempfile.mkdtemp(prefix="simclrv2_health_")
    )
    check_data(root, options.data)
    data = images.load(options.data)
    rows = []
    for seed in options.seeds:
        rows += rows_of(seed, data, root / str(seed))
    return {
        "what": "forty pretraining runs, and what the health line says of them",
        "data": options.data,
        "seeds": options.seeds,
        "learns": f"{100 * detection.GAIN:g} more of 100 test images right",
        "by seed": {
            seed: table.counts([row for row in rows if row["seed"] == seed])
            for seed in options.seeds
        },
        "rows": rows,
    }


def check_data(root, data):
    """Notes what the runs are of, and has no others told as those.

    Raises:
      SystemExit: If they are of other data.
    """
    path = root / DATA
    if any(root.glob(f"**/{JUDGED}")) and not path.exists():
        print(f"{root}: taken for runs of {data!r}, which it does not note")
    if path.exists() and path.read_text() != data:
        raise SystemExit(
            f"--directory holds runs of {path.read_text()!r}. Received: "
            f"--data={data!r}; give another --directory"
        )
    root.mkdir(parents=True, exist_ok=True)
    path.write_text(data)


def rows_of(seed, data, root):
    """Those of all cases, which are printed one by one."""
    untrained: dict[tuple, Any] = {}
    rows = []
    for case in cases.CASES:
        parts = [case.spoiled(part) for part in data[case.data]]
        rows.append(row_of(case, parts, root, untrained, seed))
        print(table.line(rows[-1]), flush=True)
    return rows


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="the other data set")
    parser.add_argument("--directory", help="of the runs; default: a new one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    return parser.parse_args(arguments)


def row_of(case, parts, root, untrained, seed):
    """What a run came to; trained and judged once."""
    directory = root / case.folder
    path = directory / JUDGED
    if not path.exists():
        start = time.monotonic()
        network = trained(case, parts[0], directory, seed)
        judged = {"learns": False}
        if network is not None:
            judged = judge_network(case, network, parts, untrained, seed)
        seconds = round(time.monotonic() - start, 1)
        path.write_text(json.dumps({**judged, "seconds": seconds}))
    judged = json.loads(path.read_text())
    return {**case.described(), "seed": seed, **judged, **says(case, directory)}


def judge_network(case, network, parts, untrained, seed):
    """Judges by the untrained network, which is kept for others of a kind."""
    kind = case.data, case.spoil
    if kind not in untrained:
        fresh = detection.untrained_like(network, parts[0], seed)
        untrained[kind] = detection.right(fresh, *parts)
    return detection.verdict(detection.right(network, *parts), untrained[kind])


def trained(case, source, directory, seed):
    """The network of a run, None if it diverged."""
    keras.backend.clear_session()
    config = Config(
        **case.config(),
        model_dir=str(directory),
        dataset=case.data,
        train_summary_steps=-(-case.steps // REPORTS),
        seed=seed,
    )
    try:
        return train(config, source).network
    except Diverged:
        return None


def says(case, directory):
    """The numbers of the last health line and what it warns of."""
    events = journal.read(str(directory), whole=True)
    lines = [event for event in events if event["event"] == "health"]
    if not any(event["event"] == "trained" for event in events):
        ended = ["diverged"]
        return dict.fromkeys(("warned", "without labels", "job"), ended)
    numbers, step = lines[-1]["numbers"], lines[-1]["step"]
    unlabelled = {k: v for k, v in numbers.items() if k not in NO_LABELS}
    return {
        "numbers": {k: round(v, 4) for k, v in numbers.items()},
        "warned": kinds(step, numbers),
        "without labels": kinds(step, unlabelled),
        "job": stopped(case, events),
    }


def kinds(step, numbers):
    checks = health.HealthChecks(settled=0)
    return [warning.kind for warning in checks.warnings(step, numbers)]


def stopped(case, events):
    """Whether the job of `semi_supervised` would stop such a run."""
    chance = health.chance_found(case.batch)
    why = learning_monitor.why_not_learning(events, 0, chance)
    return ["stops"] if why else []


def show(report, folder):
    """Writes health.md."""
    (folder / "health.md").write_text(table.page(report))
