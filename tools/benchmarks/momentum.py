"""The momentum memory: what it costs a step, and whether it helps on CIFAR-10.

With --cost: peak memory and time of a step without a memory, with a small one
and with one of 65,536 keys, each in a process of its own. Processor time tells
more than the clock where others use the machine.

Else a quarter-width ResNet-18 is pretrained by flags/cifar10_cpu.cfg, for each
batch and seed: without, with a memory for as many steps, and with a memory for
as much processor time. Features of the trained and of the averaged network are
judged by nearest neighbours and by logistic regression (`linear_probe`), fitted
to all training images. Rows come into the report one by one, in the place of
those of the same batch and seed; each half keeps what the other has left.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from tools import own_process
from tools.benchmarks.cifar10 import RECIPE
from tools.benchmarks.cifar10 import processor_seconds
from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = ROOT / "benchmarks" / "momentum.json"
KEPT = ("cost_command", "cost", "recipe", "rows_command", "rows")
PAPER = 65_536
NETWORKS: dict[str, dict[str, Any]] = {
    "r18 32px": {"resnet_depth": 18, "image_size": 32, "train_batch_size": 64},
    "r18 0.25x 32px": {
        "resnet_depth": 18,
        "image_size": 32,
        "width_multiplier": 0.25,
        "train_batch_size": 256,
    },
}
MEMORIES = (0, 512, PAPER)


def run(arguments):
    """Yields the report after each row, and once for the costs."""
    options = parse_arguments(arguments)
    report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    report = {name: report[name] for name in KEPT if name in report}
    command = " ".join(["python tools/benchmark.py momentum", *arguments])
    if options.cost:
        costs = measure_cost(options.networks, options.steps)
        yield {**report, "cost_command": command, "cost": costs}
        return
    rows = [r for r in report.get("rows", []) if not _again(r, options)]
    report |= {"recipe": RECIPE, "rows_command": command}
    for row in compare(options):
        rows.append(row)
        yield {**report, "rows": rows}


def _again(row, options):
    return row["batch"] in options.batches and row["seed"] in options.seeds


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS)
    parser.add_argument(
        "--steps", type=at_least(1), default=8, help="timed, of --cost"
    )
    parser.add_argument("--data_dir", help="TFDS data")
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--train_steps", type=int, default=4000)
    parser.add_argument("--memory_size", type=int, default=4096)
    parser.add_argument("--momenta", nargs="+", type=float, default=[0.99])
    parser.add_argument("--work_dir", help="of new runs; default: a new one")
    options = parser.parse_args(arguments)
    options.networks = options.networks or list(NETWORKS)
    return options


def measure_cost(networks, steps):
    """A row for each memory, and how it compares with none."""
    rows = []
    for network in networks:
        costs = {m: in_a_process("cost", network, m, steps) for m in MEMORIES}
        for memory, row in costs.items():
            plain = costs[0]
            rows.append(
                {
                    "network": network,
                    "memory_size": memory,
                    **row,
                    "processor time ratio": ratio(row, plain, "processor s"),
                    "clock ratio": ratio(row, plain, "clock s"),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def ratio(row, plain, name):
    return round(row[name] / plain[name], 3)


def in_a_process(*arguments):
    return own_process.last_json("tools.benchmarks.momentum", *arguments)


def cost(network, memory, steps):
    """Peak and seconds of a step, in this process."""
    import tensorflow as tf

    from simclrv2_tf.config import Config
    from tools.benchmarks import memory as shared

    config = Config(**NETWORKS[network], warmup_epochs=0, memory_size=memory)
    stage = shared.make_stage(config)
    if memory:
        fill(stage.memory)
    step = tf.function(stage.train_step)
    data = shared.batch_of(config, config.train_batch_size)
    shared.timed(step, data)
    seconds = []
    for _ in range(steps):
        used = time.process_time()
        clock = shared.timed(step, data)
        seconds.append((time.process_time() - used, clock))
    used, clock = (min(s[i] for s in seconds) for i in (0, 1))
    return {
        "batch": config.train_batch_size,
        "process MiB at most": round(peak_bytes() / 2**20),
        "processor s": round(used, 3),
        "clock s": round(clock, 3),
    }


def fill(memory):
    """Keys of unit length in every row, written in place."""
    import tensorflow as tf

    width = memory.keys.shape[1]
    for part in range(0, memory.size, 512):
        keys = tf.random.stateless_normal((512, width), (part, 0))
        memory.push(tf.math.l2_normalize(keys, -1), True)


def compare(options):
    """Yields what each run came to."""
    root = pathlib.Path(options.work_dir or tempfile.mkdtemp())
    check_new(root, options)
    for batch in options.batches:
        for seed in options.seeds:
            where = root / f"{batch}-{seed}"
            plain = train(options, where / "plain", batch, seed)
            yield plain
            for momentum in options.momenta:
                yield from with_memory(
                    options, where, batch, seed, momentum, plain
                )


def check_new(root, options):
    """Has no run go on, as its processor minutes would be those of its end."""
    runs = [f"{b}-{seed}" for b in options.batches for seed in options.seeds]
    left = [p for run in runs for p in root.glob(f"{run}/*/ckpt-*.index")]
    if left:
        raise SystemExit(
            "--work_dir must hold no runs of --batches and --seeds yet. "
            f"Received: {left[0]}; give another --work_dir"
        )


def with_memory(options, where, batch, seed, momentum, plain):
    """Equal steps, then steps for equal processor time."""
    flags = [
        f"--memory_size={options.memory_size}",
        f"--memory_momentum={momentum}",
    ]
    steps = options.train_steps
    for name in ("steps", "time"):
        directory = where / f"{momentum}-equal-{name}"
        row = train(options, directory, batch, seed, steps, *flags)
        spent = plain["processor minutes"] / row["processor minutes"]
        steps = max(1, round(steps * spent))
        yield {"equal": name, "momentum": momentum, **row}


def train(options, directory, batch, seed, steps=None, *flags):
    """Trains, then judges; one row."""
    steps = steps or options.train_steps
    command = [sys.executable, "-m", "simclrv2_tf.run", f"--flagfile={RECIPE}"]
    command += [
        "--mode=train",
        f"--model_dir={directory}",
        f"--train_batch_size={batch}",
        f"--train_steps={steps}",
        f"--seed={seed}",
        *flags,
    ]
    if options.data_dir:
        command.append(f"--data_dir={options.data_dir}")
    before = processor_seconds()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    minutes = (processor_seconds() - before) / 60
    kinds = ("trained", "averaged") if flags else ("trained",)
    row = {
        "batch": batch,
        "seed": seed,
        "steps": steps,
        "processor minutes": round(minutes, 2),
        **{k: in_a_process("judge", directory, k) for k in kinds},
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def judge(directory, kind):
    """Accuracy of neighbours and of a logistic regression on all labels."""
    import simclrv2_tf
    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.models.features import features_of
    from simclrv2_tf.probing import linear_probe
    from simclrv2_tf.probing.nearest import knn_accuracy
    from simclrv2_tf.runs import inputs

    flags = json.loads((pathlib.Path(directory) / "flags.json").read_text())
    network = simclrv2_tf.load_network(directory, ema=kind == "averaged")
    config = Config(dataset=flags["dataset"], data_dir=flags["data_dir"])
    both = []
    for split in (flags["train_split"], flags["eval_split"]):
        source = inputs.open_source(config, split)
        batches = pipeline.eval_dataset(source, 500, flags["image_size"])
        features, numbers = features_of(network, batches)
        both.append((features, source.labels[numbers]))
    bank, judged = both
    (known, labels), (queries, truth) = bank, judged
    probe = linear_probe.fit(known, labels, int(labels.max()) + 1)
    right = (probe.logits(queries).argmax(1) == truth).mean()
    neighbours = knn_accuracy(
        bank, judged, flags["knn_k"], flags["knn_temperature"]
    )
    return {
        "neighbours": round(float(neighbours), 4),
        "logistic regression": round(float(right), 4),
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    what, *rest = sys.argv[1:]
    if what == "cost":
        answer = cost(rest[0], int(rest[1]), int(rest[2]))
    else:
        answer = judge(*rest)
    print(json.dumps(answer))
