"""Trains and evaluates by the flags of `simclrv2`, without an export.

    python -m tools.benchmarks.findings.train_and_judge FLAGS

An export takes half the time of a short run, and nobody looks at these.
"""

import sys

from simclrv2_tf import flags
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.inference import evaluate
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.train import train


def main(argv):
    config = flags.parse(argv)
    limit = time_limit_seconds(config)
    with Interruption(config.preemption_exit_code, limit) as interruption:
        train(config, interruption=interruption)
        if config.mode == "train_then_eval":
            source = inputs.open_evaluation(config)
            newest = weights.newest(config)
            evaluate.evaluate_checkpoint(config, newest, source)


if __name__ == "__main__":
    main(sys.argv)
