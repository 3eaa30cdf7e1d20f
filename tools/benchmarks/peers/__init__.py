"""Ours beside lightly's loop on PyTorch and beside the original release.

    python tools/benchmark.py peers --data=DATA --work_dir=WORK --part=speed

DATA holds tfds/cifar10 and photos/, a folder of class folders. The peers run
in environments of their own, which `tools/peers.sh` (and `tools/peers.sh
--original`) makes. Parts: speed, end to end, and with --bare the step alone;
neighbours after --minutes; original, with --original=TF2, the folder tf2/ of a
clone of the release. A part keeps what other parts, and other cases, have left
in benchmarks/peers.json. docs/peers.md says how each is measured.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from tools.benchmark import hardware
from tools.benchmarks.findings.runs import write_json
from tools.benchmarks.peers import neighbours
from tools.benchmarks.peers import original
from tools.benchmarks.peers import original_flags
from tools.benchmarks.peers import speed
from tools.benchmarks.peers import table
from tools.benchmarks.peers.cifar_npz import WHOLE
from tools.benchmarks.peers.ratios import RATE
from tools.peers import cases
from tools.whole_numbers import at_least

ROOT = pathlib.Path(__file__).resolve().parents[3]
REPORT = ROOT / "benchmarks" / "peers.json"
PARTS = (table.SPEED, table.NEIGHBOURS, table.ORIGINAL)
PACE = "pace.json"
LEAST_STEPS = original_flags.LOOPS  # of the original, one for each loop


def run(arguments):
    """Yields the report after each case or row."""
    options = parse_arguments(arguments)
    before = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    about = environment(arguments)
    measure = {
        table.SPEED: speed_parts,
        table.NEIGHBOURS: neighbour_parts,
        table.ORIGINAL: original_parts,
    }[options.part]
    kept = {name: before[name] for name in table.ORDER if name in before}
    for part, case, figures in measure(options):
        kept[part] = merged(kept.get(part), case, {**about, **figures})
        yield dict(kept)


def merged(before, case, figures):
    """A part with one case replaced; one without cases is replaced whole."""
    return figures if case is None else {**(before or {}), case: figures}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--data", required=True, help="holds tfds/ and photos/")
    parser.add_argument("--work_dir", required=True, help="kept between calls")
    add_peers(parser)
    add_speed(parser)
    add_neighbours(parser)
    options = parser.parse_args(arguments)
    fill_in(options, parser)
    return options


def add_peers(parser):
    parser.add_argument(
        "--peers_python", default=str(ROOT / ".venv-peers/bin/python")
    )
    parser.add_argument(
        "--original_python", default=str(ROOT / ".venv-original/bin/python")
    )
    parser.add_argument("--original", help="folder tf2/ of a clone")
    parser.add_argument(
        "--original_steps",
        type=at_least(LEAST_STEPS),
        default=40,
        help="of the original",
    )


def add_speed(parser):
    parser.add_argument("--cases", nargs="+", choices=cases.CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="of steady steps, at least"
    )
    parser.add_argument(
        "--least", type=int, default=6, help="steady steps, at least"
    )
    parser.add_argument(
        "--workers",
        nargs="+",
        type=int,
        default=[cases.cores(), 1],
        help="of the peer's loader; the first is tried with every setting",
    )
    parser.add_argument(
        "--bare", action="store_true", help="the step on a batch in memory"
    )


def add_neighbours(parser):
    parser.add_argument(
        "--minutes", nargs="+", type=float, default=[20.0, 40.0, 80.0]
    )
    parser.add_argument("--choice_minutes", type=float, default=10.0)
    parser.add_argument(
        "--peer_setting", help="such as bfloat16+channels_last; unset: tried"
    )
    parser.add_argument("--stop_after", type=float, help="minutes; then stop")


def fill_in(options, parser):
    """Paths that hold for every process, and what is missing as an error."""
    data, work = (
        pathlib.Path(p).resolve() for p in (options.data, options.work_dir)
    )
    options.work_dir, options.npz = str(work), str(work / WHOLE)
    options.data_dir, options.photos = str(data / "tfds"), str(data / "photos")
    is_original = options.part == table.ORIGINAL
    fitting = cases.SMALL if is_original else list(cases.CASES)
    options.cases = options.cases or fitting
    if not set(options.cases) <= set(fitting):
        parser.error(
            f"--cases must be of {fitting} for --part={options.part}. "
            f"Received: {options.cases}"
        )
    script, python = ("tools/peers.sh", options.peers_python)
    if is_original:
        script, python = (f"{script} --original", options.original_python)
        check_original(options, parser)
    if not pathlib.Path(python).exists():
        parser.error(f"{python} must be there; `bash {script}` makes it")
    check_setting(options, parser)
    if options.rounds < 1 or options.least < 1:
        parser.error(
            "--rounds and --least must be 1 or more. Received: "
            f"--rounds={options.rounds} --least={options.least}"
        )


def check_setting(options, parser):
    if options.peer_setting:
        try:
            cases.setting_of(options.peer_setting, options.workers[0])
        except ValueError as error:
            parser.error(str(error))


def check_original(options, parser):
    script = pathlib.Path(options.original or "") / "run.py"
    if not options.original or not script.exists():
        parser.error(
            "--original must be the folder tf2/ of a clone of the original "
            f"release, with run.py. Received: --original={options.original}"
        )


def speed_parts(options):
    """Yields (part, case, figures)."""
    ready(options)
    part = table.BARE if options.bare else table.SPEED
    for name in options.cases:
        yield part, name, speed.Speed(name, options).report()


def neighbour_parts(options):
    ready(options)
    pace = pace_of(options)
    options.peer_setting = pace["setting"]
    options.workers = [pace["workers"]]
    options.precision = pace.get("precision", cases.BFLOAT16)
    for report in neighbours.reports(options, pace[RATE]):
        yield table.NEIGHBOURS, None, report


def original_parts(options):
    for name in options.cases:
        yield table.ORIGINAL, name, original.report(name, options)


def pace_of(options):
    """Images/s of both sides and how each is run, measured once.

    Raises:
      SystemExit: If they are there of another setting or other hardware. Older
        files do not say of which hardware, and are taken as they are; they are
        of ours in bfloat16.
    """
    path = pathlib.Path(options.work_dir) / PACE
    if not path.exists():
        pace = speed.Speed("neighbours", options).pace(options.peer_setting)
        pace |= {"tried": not options.peer_setting, "hardware": hardware()}
        write_json(path, pace)
    pace = json.loads(path.read_text())
    check_pace(path, pace, options.peer_setting)
    return pace


def check_pace(path, pace, setting):
    """Has a setting, of all that were tried where it is unset, be the kept."""
    here = hardware()
    kept = (
        pace["setting"],
        pace.get("tried", True),
        pace.get("hardware", here),
    )
    same = setting == kept[0] if setting else kept[1]
    if not same or kept[2] != here:
        raise SystemExit(
            f"{path} must be of the same --peer_setting and hardware. "
            f"Received: {kept[0]} on {kept[2]}, for "
            f"{setting or 'all settings'} on {here}: give "
            f"--peer_setting={kept[0]} there, or another --work_dir"
        )


def ready(options):
    """Writes CIFAR-10 as the files that both sides read, once."""
    if pathlib.Path(options.npz).exists():
        return
    words = [sys.executable, "-m", "tools.benchmarks.peers.cifar_npz"]
    subprocess.run(
        [*words, options.data_dir, options.work_dir], check=True, cwd=ROOT
    )


def environment(arguments):
    """The command, versions and hardware of a part, which has its own."""
    from tools import benchmark

    return benchmark.environment(["peers", *arguments])


def show(report, folder):
    """Writes peers.md: the tables."""
    (pathlib.Path(folder) / "peers.md").write_text(table.text(report))
