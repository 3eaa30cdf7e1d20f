"""Nearest neighbours after equal minutes, each side at the rate best for it.

Steps of a side are what its images/s, measured in turn beforehand, make of the
minutes: starting and compiling are not counted, and a busy machine takes
nothing from either. The rate is chosen by runs of --choice_minutes that learn
from 45,000 training images and are judged on the 5,000 others. The test images
are looked at by the rows alone, once each.
"""

import functools
import json
import sys

from tools.benchmarks.cifar10 import RECIPE
from tools.benchmarks.findings.runs import COMMAND
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.findings.runs import stopping_cleanly
from tools.benchmarks.peers import comparison
from tools.benchmarks.peers import programs
from tools.benchmarks.peers.cifar_npz import CHOICE
from tools.benchmarks.peers.cifar_npz import WHOLE
from tools.benchmarks.peers.speed import OURS
from tools.peers import cases

LIGHTLY = "lightly"
SIDES = (OURS, LIGHTLY)
BY = f"{comparison.NEIGHBOURS[0]} neighbours"
# Of a batch of 256, optimizer and rate; ours is the recipe's, half and twice.
CANDIDATES = {
    OURS: ("lars:0.75", "lars:1.5", "lars:3.0"),
    LIGHTLY: ("sgd:0.06", "sgd:0.12", "sgd:0.24", "lars:1.5"),
}
STARTED = {OURS: COMMAND, LIGHTLY: "tools.benchmarks.peers.start_lightly"}


def reports(options, pace):
    """Yields what there is after each row.

    Args:
      options: Command line of tools/benchmarks/peers.
      pace: {side: its images/s}.
    """
    runs = Runs(f"{options.work_dir}/neighbours", minutes=options.stop_after)
    both, rows = Neighbours(runs, options, pace), []
    with stopping_cleanly():
        for minutes in options.minutes:
            for side in SIDES:
                rows.append(both.row(side, minutes))
                yield both.report(rows)


class Neighbours:
    """Runs of both sides.

    Args:
      runs: `Runs`.
      options: Command line of tools/benchmarks/peers.
      pace: {side: its images/s}.
      judged: Function from folder and npz to accuracies.
    """

    def __init__(self, runs, options, pace, judged=None):
        self._runs, self._options, self._pace = runs, options, pace
        self._judged, self._rates = judged or judged_in_a_process, {}

    def report(self, rows):
        """What benchmarks/peers.json holds of this part."""
        return {
            "what": cases.NEIGHBOURS.title,
            "neighbours": f"k of {list(comparison.NEIGHBOURS)}, cosine, "
            f"temperature {comparison.TEMPERATURE}",
            "images/s": self._pace,
            "our precision": self._options.precision,
            "peer's setting": self._options.peer_setting,
            "minutes of choosing": self._options.choice_minutes,
            "rates tried": self._rates,
            "rows": rows,
        }

    def row(self, side, minutes):
        """Trains on all images for so many minutes; looks at the test set."""
        rate = self._best_rate(side)
        name = f"{side}-{minutes:g}-minutes"
        result = self._result(name, side, rate, minutes, WHOLE)
        spent = self._runs.record[name]["processor minutes"]
        return {
            "side": side,
            "minutes": minutes,
            "rate": rate,
            "steps": self._steps(side, minutes),
            "processor minutes": round(spent, 1),
            **result,
        }

    def _best_rate(self, side):
        """The best on validation, the first of equals."""
        minutes = self._options.choice_minutes
        accuracies = {}
        for rate in CANDIDATES[side]:
            name = f"choices/{side}-{rate.replace(':', '-')}"
            accuracies[rate] = self._result(name, side, rate, minutes, CHOICE)[
                BY
            ]
        self._rates[side] = accuracies
        return max(accuracies, key=accuracies.__getitem__)

    def _result(self, name, side, rate, minutes, file):
        npz = f"{self._options.work_dir}/{file}"
        look = functools.partial(self._judged, npz=npz)
        flags = self._flags(side, rate, self._steps(side, minutes), npz)
        return self._runs.result(name, flags, look, STARTED[side])

    def _steps(self, side, minutes):
        seconds = 60 * minutes
        return max(
            1, round(seconds * self._pace[side] / cases.NEIGHBOURS.batch)
        )

    def _flags(self, side, rate, steps, npz):
        flags = self._ours if side == OURS else self._lightly
        optimizer, value = rate.split(":")
        shared = {"train_steps": steps, "optimizer": optimizer}
        return {**shared, **flags(float(value), npz)}

    def _ours(self, rate, npz):
        return {
            "flagfile": RECIPE,
            "mode": "train",
            "mixed_precision": self._options.precision,
            "dataset": f"npz:{npz}",
            "learning_rate": rate,
        }

    def _lightly(self, rate, npz):
        return {
            "python": self._options.peers_python,
            "npz": npz,
            "rate": rate,
            "setting": self._options.peer_setting,
            "workers": self._options.workers[0],
        }


def judged_in_a_process(folder, npz):
    words = [sys.executable, "-m", "tools.benchmarks.peers.comparison"]
    done = programs.output_of([*words, str(folder), npz])
    return json.loads(done.stdout.splitlines()[-1])
