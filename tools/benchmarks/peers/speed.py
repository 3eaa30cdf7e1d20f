"""Images/s from files to the optimizer's step: ours and the peer's, in turn.

First every way to run the peer's loop is tried briefly (precision, layout,
`torch.compile`; then numbers of workers with the best of each precision), as a
careful user would. Then ours in both precisions, the peer's loop as it comes,
and its best in each precision are measured in turn, each time in a process of
its own.
"""

import dataclasses
import json
import sys

from tools.benchmarks.peers import programs
from tools.benchmarks.peers import ratios
from tools.benchmarks.peers.ratios import RATE
from tools.peers import cases
from tools.peers.cases import BFLOAT16
from tools.peers.cases import FLOAT32
from tools.peers.cases import PRECISIONS

OURS, AS_IT_COMES, BEST = "ours", "lightly as it comes", "lightly's best"
LEAST_TRIED = 2  # steps of a setting that is tried; the rounds take more


class Speed:
    """Measurements of one case.

    Args:
      name: Of a case.
      options: Command line of tools/benchmarks/peers.
      measured: Function from words and folder to figures.
    """

    def __init__(self, name, options, measured=programs.measured):
        self._case, self._name, self._options = cases.ALL[name], name, options
        self._measured = measured

    def tried(self):
        """{setting: figures, or why it failed} of the peer's loop."""
        first, *others = self._options.workers
        figures = {s: self._try(s) for s in cases.all_settings(first)}
        for precision in PRECISIONS:
            chosen = fastest(figures, precision)
            for workers in others:
                other = dataclasses.replace(chosen, workers=workers)
                figures[other] = self._try(other)
        return figures

    def report(self):
        """All that one case comes to."""
        tried = self.tried()
        chosen = {p: fastest(tried, p) for p in PRECISIONS}
        summaries = ratios.in_turn(self._programs(chosen), self._options.rounds)
        return {
            "what": self._case.title,
            "settings tried": {str(s): brief(f) for s, f in tried.items()},
            "chosen": {p: str(s) for p, s in chosen.items()},
            RATE: summaries,
            "ours over the peer's best": compare(summaries, self._case.target),
        }

    def pace(self, form=None):
        """Images/s of ours and of the peer's at their best, in turn.

        Args:
          form: Of the peer's setting, see `cases.setting_of`; None to try all.
        """
        if form:
            setting = cases.setting_of(form, self._options.workers[0])
        else:
            setting = fastest(self.tried())
        precision = self._our_fastest()
        both = {"ours": self._of_ours(precision)}
        both["lightly"] = self._of_peer(setting)
        summaries = ratios.in_turn(both, self._options.rounds)
        return {
            "precision": precision,
            "setting": setting.form,
            "workers": setting.workers,
            RATE: {side: row[RATE] for side, row in summaries.items()},
        }

    def _programs(self, chosen):
        """{name: function that measures}; what is the same stands once."""
        plain = dataclasses.replace(
            cases.Setting(), workers=chosen[FLOAT32].workers
        )
        peers = {AS_IT_COMES: plain}
        peers |= {f"{BEST}, {p}": s for p, s in chosen.items() if s != plain}
        ours = {f"{OURS}, {p}": self._of_ours(p) for p in PRECISIONS}
        return ours | {name: self._of_peer(s) for name, s in peers.items()}

    def _our_fastest(self):
        """The precision with the most images/s, tried as briefly as theirs."""
        seconds = self._options.seconds / 2
        measures = {
            p: self._of_ours(p, seconds, LEAST_TRIED) for p in PRECISIONS
        }
        return max(measures, key=lambda p: measures[p]()[RATE])

    def _try(self, setting):
        seconds = self._options.seconds / 2
        try:
            return self._of_peer(setting, seconds, LEAST_TRIED)()
        except programs.Failed as why:
            return {"failed": str(why)}

    def _of_peer(self, setting, seconds=None, least=None):
        words = [
            self._options.peers_python,
            "-m",
            "tools.peers.lightly_speed",
            *setting.words(),
        ]
        return lambda: self._measure(str(setting), words, seconds, least)

    def _of_ours(self, precision, seconds=None, least=None):
        words = [sys.executable, "-m", "tools.benchmarks.peers.our_speed"]
        words += [f"--precision={precision}"]
        shown = f"{OURS}, {precision}"
        return lambda: self._measure(shown, words, seconds, least)

    def _measure(self, shown, words, seconds=None, least=None):
        options = self._options
        words = [*words, f"--case={self._name}", f"--npz={options.npz}"]
        words += [f"--photos={options.photos}"] * bool(options.photos)
        words += [f"--seconds={seconds or options.seconds}"]
        words += [f"--least={least or options.least}"]
        words += ["--bare"] * options.bare
        figures = self._measured(words, options.work_dir)
        print(f"{self._name}, {shown}: {json.dumps(figures)}", file=sys.stderr)
        return figures


def fastest(tried, precision=None):
    """The setting with the most images/s, of one precision or of all.

    Raises:
      SystemExit: If none of them could be measured.
    """
    rates = {
        setting: figures[RATE]
        for setting, figures in tried.items()
        if precision in (None, setting.precision) and RATE in figures
    }
    if not rates:
        failed = [figures["failed"] for figures in tried.values()]
        raise SystemExit(
            f"The peer's loop must run in {precision or 'any way'}. Received: "
            f"{failed[-1]}"
        )
    return max(rates, key=rates.__getitem__)


def brief(figures):
    return figures.get(RATE, figures.get("failed"))


def compare(summaries, target):
    """Ours in float32 over its best there, in bfloat16 over its best at all.

    bfloat16 on a processor may be slower than float32: whoever wants speed
    takes the faster one.
    """
    peers = {n: s for n, s in summaries.items() if not n.startswith(OURS)}
    in_float32 = {n: s for n, s in peers.items() if BFLOAT16 not in n}
    rows = {FLOAT32: (in_float32, 1.0), BFLOAT16: (peers, target)}
    return {
        precision: against(summaries[f"{OURS}, {precision}"], *row)
        for precision, row in rows.items()
    }


def against(ours, peers, target):
    name = ratios.best(peers)
    return {"peer": name, **ratios.ratio(ours, peers[name], target)}
