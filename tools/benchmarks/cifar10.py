"""CIFAR-10 on CPU cores: the recipe flags/cifar10_cpu.cfg, to its kNN figure.

An hour on two cores that do nothing else; on a shared machine the processor
time tells more than the clock.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPE = "flags/cifar10_cpu.cfg"


def run(arguments):
    options, flags = parse_arguments(arguments)
    model_dir = options.model_dir or tempfile.mkdtemp(prefix="simclrv2_cifar_")
    check_new(model_dir)
    start = time.monotonic()
    train(model_dir, options.data_dir, flags)
    return {
        "recipe": RECIPE,
        "seed": read(model_dir, "flags.json")["seed"],
        "result": read(model_dir, "result.json"),
        "minutes by the clock": round((time.monotonic() - start) / 60, 1),
        "minutes of processor time": round(processor_seconds() / 60, 1),
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", required=True, help="TFDS data")
    parser.add_argument("--model_dir", help="of the run; default: a new one")
    return parser.parse_known_args(arguments)


def check_new(model_dir):
    """Has no run go on, as its minutes would be those of its end."""
    if list(pathlib.Path(model_dir).glob("ckpt-*.index")):
        raise SystemExit(
            "--model_dir must hold no run yet, whose minutes are measured. "
            f"Received: {model_dir}; give another --model_dir"
        )


def train(model_dir, data_dir, flags):
    command = [sys.executable, "-m", "simclrv2_tf.run", f"--flagfile={RECIPE}"]
    command += [f"--data_dir={data_dir}", f"--model_dir={model_dir}", *flags]
    subprocess.run(command, check=True, cwd=ROOT)


def read(model_dir, name):
    return json.loads((pathlib.Path(model_dir) / name).read_text())


def processor_seconds():
    """Processor time of all subprocesses that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
