"""Kills runs at seeded moments and compares how they end."""

import dataclasses
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.0005
LIMIT_SECONDS = 900.0  # for one life of a run, on a busy machine
RESNET = ("--resnet_depth=18", "--width_multiplier=0.125")
TINY = (
    "--dataset=digits",
    "--image_size=16",
    "--num_proj_layers=2",
    "--proj_out_dim=16",
    "--train_batch_size=32",
    "--warmup_epochs=0",
    "--learning_rate=0.1",
    "--eval_split=test",
    "--color_jitter_strength=0.5",
    "--nouse_blur",
    "--mode=train_then_eval",
)


class Server:
    """A process that forks runs; see `server.py`."""

    def __enter__(self):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        self._process = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).parent / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        self._process.wait(60)

    def start(self, argv, log):
        """Starts a command line; returns its process number."""
        order = json.dumps({"argv": list(argv), "log": str(log)})
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._answer()["pid"]

    def wait(self):
        """The exit code of what was started last, negative for a signal."""
        return self._answer()["status"]

    def run(self, argv, log):
        self.start(argv, log)
        return self.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server of runs has died")
        return json.loads(line)


@dataclasses.dataclass
class Moment:
    """When to kill: so many seconds after something was seen.

    Attributes:
      phase: "start-up", "training", "writing", "evaluation" or "export".
      after: Seconds.
      count: How many checkpoints must have been written in this life before,
        where the phase is one of training.
    """

    phase: str
    after: float
    count: int = 0

    def wait(self, directory, process):
        """Returns True at the moment, False if the process ended before."""
        seen = _Watcher(directory)
        deadline = time.monotonic() + LIMIT_SECONDS
        while not seen.reached(self):
            if not _runs(process) or time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        time.sleep(self.after)
        return _runs(process)


class _Watcher:
    """What can be seen of a run from outside."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._checkpoints = self._count("checkpoint")
        self._trained = self._count("trained")

    def reached(self, moment):
        if moment.phase == "start-up":
            return True
        if moment.phase == "training":
            new = self._count("checkpoint") - self._checkpoints
            return new >= moment.count
        if moment.phase == "writing":
            new = self._count("checkpoint") - self._checkpoints
            return new >= moment.count and self._any(".", ".writing-")
        if moment.phase == "evaluation":
            return self._count("trained") > self._trained
        return self._any("saved_model", ".")

    def _count(self, event):
        try:
            text = (self._directory / "events.jsonl").read_text()
        except OSError:
            return 0
        return text.count(f'{{"event": "{event}"')

    def _any(self, folder, start):
        try:
            names = os.listdir(self._directory / folder)
        except OSError:
            return False
        return any(name.startswith(start) for name in names)


def _runs(process):
    """Whether a process goes on; one that ended is a zombie or gone."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def moments(seed, count, phases):
    """Seeded moments, the phases in turn.

    Args:
      seed: Of the random numbers.
      count: How many.
      phases: {phase: (most seconds after it began, most checkpoints)}.
    """
    rng = random.Random(seed)
    names = list(phases)
    for index in range(count):
        seconds, most = phases[names[index % len(names)]]
        yield Moment(
            names[index % len(names)],
            rng.uniform(0, seconds),
            rng.randint(1, most) if most else 0,
        )


def run_and_kill(server, argv, directory, plan, log):
    """Gives one command again and again, killing it at each moment.

    Args:
      server: A `Server`.
      argv: The command line, with `directory` as its model_dir.
      directory: Of the run.
      plan: `Moment`s.
      log: Where output goes.

    Returns:
      {phase: kills}; the last life ended by itself, with 0.
    """
    kills = {}
    for moment in plan:
        process = server.start(argv, log)
        if moment.wait(directory, process):
            os.kill(process, signal.SIGKILL)
        status = server.wait()
        if status == -signal.SIGKILL:
            kills[moment.phase] = kills.get(moment.phase, 0) + 1
        elif status:
            raise RuntimeError(f"exit code {status}: {tail(log)}")
    status = server.run(argv, log)
    if status:
        raise RuntimeError(f"exit code {status}: {tail(log)}")
    return kills


def tail(log, count=3000):
    return pathlib.Path(log).read_text(errors="replace")[-count:]


def end_state(directory):
    """All that a run leaves and that a repetition must leave too.

    Returns:
      {name: content}: the checksums of the newest checkpoint, which cover
      weights, slots, statistics, counters and means of metrics; the metrics
      of each report; the results; the exported variables; and of the best
      checkpoint all these, where checkpoints are compared.
    """
    directory = pathlib.Path(directory)
    lines = (directory / "events.jsonl").read_bytes().split(b"\n")
    reports = {}
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["event"] in ("train", "health"):
            numbers = event.get("metrics") or event.get("numbers")
            reports[event["event"], event["step"]] = numbers
    newest = max(
        directory.glob("ckpt-*.sha256"), key=lambda p: int(p.stem.split("-")[1])
    )
    exported = directory.glob("saved_model*/*/variables/variables.data*")
    texts = [
        directory / name
        for name in ("best_checkpoint.json", "result_best.json")
    ]
    return {
        newest.name: newest.read_text(),
        "reports": reports,
        "result.json": (directory / "result.json").read_text(),
        **{path.name: path.read_text() for path in texts if path.exists()},
        **{"/".join(p.parts[-4:-2]): p.read_bytes() for p in exported},
    }


def left_overs(directory):
    """Names of half-written files that a finished run must not leave."""
    names = [p.name for p in pathlib.Path(directory).rglob("*")]
    return [n for n in names if n.endswith(".tmp") or n.startswith(".")]
