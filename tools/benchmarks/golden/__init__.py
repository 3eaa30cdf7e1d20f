"""What a change of the code's form must leave as it is, bit for bit.

    python tools/benchmark.py golden --data=DATA

Digests of weights, of batches of every kind of source, and the messages for
bad inputs, from public names alone. `--compare` says what has become different
from benchmarks/golden.json, and writes nothing; its status is 1 if anything
has. Other versions of the packages or another processor give other bits:
record anew there first, from the code as it was.
"""

import argparse
import importlib
import json
import pathlib
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORDED = ROOT / "benchmarks" / "golden.json"
PARTS = ("stages", "data", "messages")


def run(arguments):
    options = parse_arguments(arguments)
    measured = {}
    for name in options.part or PARTS:
        part = importlib.import_module(f"{__name__}.{name}")
        with tempfile.TemporaryDirectory(prefix="golden_") as folder:
            measured[name] = part.measure(pathlib.Path(folder), options.data)
    if options.compare:
        report = compare(recorded(), measured)
        print(json.dumps(report, indent=1))
        raise SystemExit(1 if report["differences"] else 0)
    return {**recorded(), **measured}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        required=True,
        help="a folder that holds tfds/ with CIFAR-10 and photos/, a folder of "
        "class folders",
    )
    return parser.parse_args(arguments)


def recorded():
    """The parts that were written before, those of them that there are."""
    if not RECORDED.exists():
        return {}
    parts = json.loads(RECORDED.read_text())
    return {name: parts[name] for name in PARTS if name in parts}


def compare(before, now):
    """What differs of the parts that were measured now."""
    before = flat({name: before.get(name, {}) for name in now})
    now = flat(now)
    differences = {
        name: {"recorded": before.get(name), "now": now.get(name)}
        for name in [*before, *(n for n in now if n not in before)]
        if before.get(name) != now.get(name)
    }
    return {"compared": len(now), "differences": differences}


def flat(tree, prefix=""):
    """Nested dictionaries as one, its keys joined by " / "."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            leaves |= flat(value, f"{prefix}{name} / ")
        else:
            leaves[prefix + name] = value
    return leaves
