"""The original release's own program, end to end, with the same flags.

Its folder is a clone's tf2/, its interpreter that of `tools/peers.sh
--original`. It logs the end of each of its loops, which end with a checkpoint;
what is behind the first loop counts. It has no bfloat16, and oneDNN only where
its TensorFlow takes it by itself: our package asks for it on more processors.
"""

import datetime
import functools
import pathlib
import re
import sys
import tempfile

from simclrv2_tf.machine import onednn
from tools.benchmarks.peers import original_flags
from tools.benchmarks.peers import programs
from tools.benchmarks.peers import ratios
from tools.benchmarks.peers.ratios import RATE
from tools.peers import cases
from tools.peers.cases import PRECISIONS

THEIRS = "original, float32"
TARGETS = {"float32": 1.2, "bfloat16": 1.8}
UNENDING = 10**9  # steps, so that ours too goes on to its last
_LINE = re.compile(
    r"^[IWE](\d{4} \d\d:\d\d:\d\d\.\d+) .*Completed: (\d+) / \d+ steps",
    re.MULTILINE,
)


def report(name, options):
    """Both in turn, and the ratios."""
    case = cases.ALL[name]
    ours = {f"ours, {p}": our_words(name, p, options) for p in PRECISIONS}
    measures = {THEIRS: functools.partial(run_original, case, options)}
    for row, words in ours.items():
        measures[row] = functools.partial(
            programs.measured, words, options.work_dir
        )
    summaries = ratios.in_turn(measures, options.rounds)
    return {
        "what": case.title,
        "flags": original_flags.flags_of(case, "DATA", options.original_steps),
        RATE: summaries,
        "ours over the original": {
            p: ratios.ratio(
                summaries[f"ours, {p}"], summaries[THEIRS], TARGETS[p]
            )
            for p in PRECISIONS
        },
    }


def our_words(name, precision, options):
    return [
        sys.executable,
        "-m",
        "tools.benchmarks.peers.our_speed",
        f"--case={name}",
        f"--precision={precision}",
        f"--data_dir={options.data_dir}",
        f"--original_steps={options.original_steps}",
        f"--least={UNENDING}",
    ]


def run_original(case, options):
    """Runs it to its last step; its figures."""
    script = pathlib.Path(options.original).resolve() / "run.py"
    words = [options.original_python, str(script)]
    words += original_flags.flags_of(
        case, options.data_dir, options.original_steps
    )
    with tempfile.TemporaryDirectory(prefix="original_") as folder:
        words += [f"--model_dir={folder}"]
        done = programs.output_of(
            words, cwd=script.parent, without=(onednn.SETTING,)
        )
    return rate_of(done.stderr, case.batch)


def rate_of(log, batch):
    """Images/s behind the first loop that a log tells of.

    Args:
      log: Lines of absl's logging.
      batch: Images in a step.

    Raises:
      ValueError: If it tells of fewer than two loops.
    """
    loops = [(_time(when), int(step)) for when, step in _LINE.findall(log)]
    if len(loops) < 2:
        raise ValueError(
            "The original's log must tell of two loops or more, as 'Completed: "
            f"STEP / STEPS steps'. Received: {len(loops)}"
        )
    (began, first), (ended, last) = loops[0], loops[-1]
    seconds = (ended - began).total_seconds()
    return {
        RATE: round(batch * (last - first) / seconds, 2),
        "steps": last - first,
    }


def _time(text):
    """Of a line, which has no year; a leap year takes each of its days."""
    return datetime.datetime.strptime(f"2000{text}", "%Y%m%d %H:%M:%S.%f")
