"""Measurements that decide between designs; results go to benchmarks/.

    python tools/benchmark.py NAME [its options]

Each is a module in tools/benchmarks/ with a function `run(arguments)`, from
the rest of the command line to a dictionary; the command, the versions and the
hardware are added to that. One that takes hours yields such dictionaries, each
of which is written in place of the one before. Some have a `show(report,
folder)`, which writes a picture or a table beside it. Take a machine that does
nothing else.
"""

import argparse
import importlib
import json
import os
import pathlib
import pkgutil
import platform
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks"


def main():
    options, rest = parse_arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    use_onednn()
    module = module_of(options.name)
    path, report = OUT / f"{options.name}.json", None
    about = environment([options.name, *rest])
    for measured in reports(module.run(rest)):
        report = {**about, **measured}
        if not options.dry:
            write(path, report)
    if report is None:  # nothing has been measured
        return
    print(json.dumps(report, indent=1))
    if not options.dry:
        if hasattr(module, "show"):
            module.show(report, OUT)
        print(f"written to {path.relative_to(ROOT)}", file=sys.stderr)


def use_onednn():
    """Has TensorFlow compute as the command has it, before it is loaded."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    importlib.import_module("simclrv2_tf")  # which loads no TensorFlow


def reports(measured):
    """The one report, or each that comes."""
    return [measured] if isinstance(measured, dict) else measured


def write(path, report):
    """Writes a report that is seen whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    staged = path.with_name(f"{path.name}.tmp")
    staged.write_text(json.dumps(report, indent=1) + "\n")
    staged.replace(path)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\n{table()}",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("name", choices=names())
    parser.add_argument(
        "--dry", action="store_true", help="print the result, write nothing"
    )
    return parser.parse_known_args()


def names():
    folder = [str(pathlib.Path(__file__).parent / "benchmarks")]
    return sorted(module.name for module in pkgutil.iter_modules(folder))


def module_of(name):
    """The module of a benchmark, run from the checkout that holds it."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"tools.benchmarks.{name}")


def table():
    """Each benchmark with the first line of its docstring."""
    lines = [
        (name, module_of(name).__doc__.splitlines()[0]) for name in names()
    ]
    return "\n".join(f"  {name:<12} {text}" for name, text in lines)


def environment(arguments):
    """The command, versions and hardware of a benchmark."""
    from importlib import metadata

    packages = ("tensorflow", "keras", "numpy", "simclrv2_tf")
    versions = {name: metadata.version(name) for name in packages}
    return {
        "command": " ".join(
            ["python tools/benchmark.py", *map(without_path, arguments)]
        ),
        "versions": {"python": platform.python_version(), **versions},
        "hardware": hardware(),
        "oneDNN": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "unset"),
    }


def without_path(argument):
    """`--data=/somewhere` as `--data=DATA`: a path is one machine's."""
    name, given, value = argument.partition("=")
    if not given or not os.path.isabs(value):
        return argument
    return f"{name}={name.lstrip('-').upper()}"


def hardware():
    """Cores, the processor with what it offers for matrices, GPUs."""
    return ", ".join([processor(), *gpus()])


def gpus(folder="/proc/driver/nvidia/gpus"):
    """The names of NVIDIA's."""
    files = sorted(pathlib.Path(folder).glob("*/information"))
    return [
        line.partition(":")[2].strip()
        for file in files
        for line in file.read_text().splitlines()
        if line.startswith("Model:")
    ]


def processor():
    """Cores, the processor's name and what it offers for matrices."""
    from simclrv2_tf.machine.cores import cores

    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return f"{cores()} cores, {platform.machine()}"
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in pairs}
    offered = [
        flag for flag in wanted if flag in fields.get("flags", "").split()
    ]
    name = fields.get("model name", platform.machine())
    return f"{cores()} cores, {name}, {' '.join(offered)}"


if __name__ == "__main__":
    main()
