"""Runs below one directory: each done once, in a process of its own.

What they came to is in `record.json` there, so that a list of runs goes on
where it stopped. A run that is stopped has a checkpoint and goes on too.
Several threads may ask for runs: each waits for what it has asked for.
"""

import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

from tools.benchmark import hardware
from tools.benchmarks.cifar10 import read

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORD = "record.json"
COMMAND = "simclrv2_tf.run"
PREEMPTED = 42  # the exit code of a run that was asked to stop
# Flags that name another run of the same directory.
RUNS = ("checkpoint", "teacher")
_LAST = 12  # lines of a log that an error shows
_POLL = 0.05  # seconds between looks at a process


class TimeOver(Exception):
    """The time is over, or somebody asked to stop; the same command goes on."""


class Runs:
    """Runs that are done once.

    Args:
      directory: Where they are; made if it is not there.
      common: Flags of all of them that say nothing of what they do, such as
        where data are: they may differ from one call to the next.
      minutes: After which `TimeOver` is raised; None for no end.
      processes: Runs that may go on side by side.

    Attributes:
      record: {name: {"flags", "processor minutes", "result", "hardware"}};
        the result is None for a run that has been begun, and the hardware is
        what went on with it last.
    """

    def __init__(self, directory, common=None, minutes=None, processes=1):
        self.directory = pathlib.Path(directory).resolve()
        self.record = {}
        self._common = common or {}
        self._end = None if minutes is None else _now() + 60 * minutes
        self._free = threading.Semaphore(processes)
        self._saving = threading.Lock()
        self._runs = collections.defaultdict(threading.Lock)
        self.directory.mkdir(parents=True, exist_ok=True)
        if (self.directory / RECORD).exists():
            self.record = read(self.directory, RECORD)

    @property
    def processor_hours(self):
        """That all runs have taken."""
        minutes = (run["processor minutes"] for run in self.record.values())
        return sum(minutes) / 60

    def hardware(self):
        """{where: runs that ended there}."""
        ended = (r.get("hardware") for r in self.record.values() if r["result"])
        return dict(collections.Counter(filter(None, ended)))

    def end(self):
        """The time is over now: what goes on stops after its step."""
        self._end = _now()

    def result(self, name, flags, look, module=COMMAND):
        """What a run came to.

        Args:
          name: Of the run, and of its directory.
          flags: {flag: value}; `checkpoint` and `teacher` name other runs.
          look: Function from the run's directory to a dictionary, which is
            recorded once the run is done.
          module: That is started with the flags.

        Raises:
          TimeOver: If it is not done yet.
          SystemExit: If it fails, or was begun with other flags.
        """
        with self._runs[name]:
            entry = self._entry(name, flags)
            if entry["result"] is None:
                with self._free:
                    self._go_on(name, entry, module)
                    entry["result"] = look(self.directory / name)
                self._save()
            return entry["result"]

    def _entry(self, name, flags):
        """What is recorded of a run, which has not been begun by others."""
        begun = {"flags": flags, "processor minutes": 0.0, "result": None}
        with self._saving:
            entry = self.record.setdefault(name, begun)
        self._check_flags(name, entry["flags"], flags)
        return entry

    def _check_flags(self, name, before, flags):
        differing = sorted(
            flag
            for flag in before.keys() | flags.keys()
            if before.get(flag) != flags.get(flag)
        )
        if differing:
            flag = differing[0]
            raise SystemExit(
                f"{self.directory} must hold runs of the same settings. "
                f"Received: {name} with {flag}={flags.get(flag)!r}, begun with "
                f"{before.get(flag)!r}: give another --runs_dir"
            )

    def _go_on(self, name, entry, module):
        """Has a run go on to its end."""
        if self._over():
            raise TimeOver("the time is over")
        print(f"{name} ...", file=sys.stderr, flush=True)
        self._save()  # it has begun, also where this process is killed
        code, seconds = self._process(name, entry["flags"], module)
        with self._saving:
            entry["processor minutes"] += round(seconds / 60, 5)
            entry["hardware"] = hardware()
        self._save()
        self._check_code(name, code)

    def _process(self, name, flags, module):
        """Exit code and processor seconds of a process, stopped in time."""
        words = as_words({**self._paths(flags), **self._common})
        folder = self.directory / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{folder}.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *words, f"--model_dir={folder}"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            return self._ended(process)

    def _ended(self, process):
        """Exit code and processor seconds, its own processes' among them."""
        stopping = False
        while True:
            number, status, used = os.wait4(process.pid, os.WNOHANG)
            if number:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, used.ru_utime + used.ru_stime
            if self._over() and not stopping:
                process.send_signal(signal.SIGTERM)  # it does after a step
                stopping = True
            try:
                time.sleep(_POLL)
            except KeyboardInterrupt:
                self.end()

    def _paths(self, flags):
        """Flags with the directories of runs in place of their names."""
        named = {f: str(self.directory / flags[f]) for f in RUNS if f in flags}
        for path in named.values():
            if not pathlib.Path(path).is_dir():
                raise SystemExit(
                    f"{path} must hold a run that {RECORD} says is done. "
                    "Received: no such directory; give the --runs_dir of before"
                )
        return {**flags, **named}

    def _over(self):
        return self._end is not None and _now() >= self._end

    def _check_code(self, name, code):
        if code in (PREEMPTED, -signal.SIGTERM):
            raise TimeOver("the time is over")
        if code:
            path = f"{self.directory / name}.log"
            lines = pathlib.Path(path).read_text(errors="replace").splitlines()
            last = "\n".join(lines[-_LAST:])
            raise SystemExit(
                f"{name} must end with exit code 0. Received: {code}; {path} "
                f"ends with\n{last}"
            )

    def _save(self):
        with self._saving:
            write_json(self.directory / RECORD, self.record)


def as_words(flags):
    """{flag: value} as words of a command line; flagfiles come first."""
    first = [f"--flagfile={flags['flagfile']}"] if "flagfile" in flags else []
    return first + [
        f"--{name}={json.dumps(value) if isinstance(value, bool) else value}"
        for name, value in flags.items()
        if name != "flagfile"
    ]


def write_json(path, value):
    """Writes a file that is seen whole or not at all."""
    staged = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    staged.write_text(json.dumps(value, indent=1) + "\n")
    os.replace(staged, path)


@contextlib.contextmanager
def stopping_cleanly():
    """SIGTERM stops the list as Ctrl-C does, and time over ends it quietly."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except TimeOver as why:
        print(f"stopped: {why}; the same command goes on", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)


def _now():
    return time.monotonic()
