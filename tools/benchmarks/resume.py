"""Seconds from the command to its first step: a fresh start, and at step 1,000.

Two processes of the command in turn, on the same data; the second finds a
checkpoint that says step 1,000. Seconds are told by the clock and by the
processor, which other work on the machine does not lengthen.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from tools.whole_numbers import at_least

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEP = 1000
KINDS = ("by the clock", "of the processor")
OPTIONS = (
    "--train_mode=pretrain",
    "--resnet_depth=18",
    "--width_multiplier=0.25",
    "--image_size=32",
    "--train_batch_size=64",
    "--train_steps=2000",
    "--warmup_epochs=0",
    "--train_summary_steps=1",
    "--checkpoint_steps=1",
)


def run(arguments):
    options = parse_arguments(arguments)
    data = [f"--dataset={options.dataset}"]
    if options.data_dir:
        data.append(f"--data_dir={options.data_dir}")
    times: dict[str, list[Any]] = {"fresh": [], "at step 1,000": []}
    with tempfile.TemporaryDirectory() as directory:
        for index in range(options.rounds):
            place = pathlib.Path(directory, str(index))
            times["fresh"].append(to_first_step(place, data))
            pretend_step(place)
            times["at step 1,000"].append(to_first_step(place, data))
    by_kind = {kind: summary(times, i) for i, kind in enumerate(KINDS)}
    return {
        "what": "seconds from the command to the end of its first step",
        "data": options.dataset,
        **by_kind,
        "target": "at most 10 more when resuming",
    }


def summary(times, index):
    """Rounds of one kind of seconds, and what resuming adds to the median."""
    rounds = {name: [t[index] for t in v] for name, v in times.items()}
    fresh, resumed = (statistics.median(v) for v in rounds.values())
    rounds = {k: [round(v, 2) for v in t] for k, t in rounds.items()}
    return {**rounds, "more when resuming": round(resumed - fresh, 2)}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data_dir")
    parser.add_argument("--rounds", type=at_least(1), default=3)
    return parser.parse_args(arguments)


def to_first_step(directory, data):
    """Starts the command, and ends it after its first step.

    Returns:
      Seconds by the clock, and of the processor.
    """
    command = [sys.executable, "-m", "simclrv2_tf.run", *OPTIONS, *data]
    before = count(directory, "train")
    start = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(
            [*command, f"--model_dir={directory}"],
            cwd=ROOT,
            stdout=nowhere,
            stderr=nowhere,
        )
        while count(directory, "train") == before:
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended with {process.poll()}")
            time.sleep(0.01)
        seconds = time.monotonic() - start, processor_seconds(process.pid)
        process.terminate()
        process.wait()
    return seconds


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def count(directory, event):
    try:
        text = (directory / "events.jsonl").read_text()
    except OSError:
        return 0
    return text.count(json.dumps({"event": event})[:-1])


def pretend_step(directory):
    """Makes the newest checkpoint one of step 1,000."""
    import numpy as np
    import tensorflow as tf

    from simclrv2_tf.checkpoints import run_directory

    prefix = run_directory.latest_valid(str(directory))
    if prefix is None:
        raise RuntimeError(f"The run in {directory} has left no checkpoint")
    tensors = {
        f"variables/{name.replace('/', '.S')}/.ATTRIBUTES/VARIABLE_VALUE": a
        for name, a in run_directory.read(prefix).items()
    }
    for name, array in run_directory.read_optimizer(prefix).items():
        if array.dtype.kind == "i" and not array.shape:  # the step
            array = np.full_like(array, STEP)
        tensors[f"optimizer/{name}/.ATTRIBUTES/VARIABLE_VALUE"] = array
    tensors = {name: tf.constant(array) for name, array in tensors.items()}
    run_directory.write(str(directory), STEP, tensors, keep=1)
