"""Measures processor seconds of a step of training, by the flags of `simclrv2`.

    python -m tools.benchmarks.students.step_seconds FLAGS

The run's directory gets `step.json` with them; the run itself is thrown away.
Processor time tells more than the clock where others use the machine.
"""

import dataclasses
import itertools
import json
import pathlib
import statistics
import sys
import tempfile
import time

import keras

from simclrv2_tf import flags
from simclrv2_tf.runs.train import train
from tools.benchmarks.students.flags import STEP_FILE

WARM_UP = 4  # steps that are not counted


def main(argv):
    config = flags.parse(argv)
    with tempfile.TemporaryDirectory(prefix="simclrv2_") as directory:
        passing = dataclasses.replace(config, model_dir=directory)
        step = {"seconds": measure(passing)}
    folder = pathlib.Path(config.directory)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STEP_FILE).write_text(json.dumps(step))


def measure(config):
    """Mean processor seconds of the steps behind the first ones."""
    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_, **__: ends.append(time.process_time())
    )
    train(config, callbacks=[clock])
    seconds = [after - before for before, after in itertools.pairwise(ends)]
    return statistics.mean(seconds[WARM_UP:])


if __name__ == "__main__":
    main(sys.argv)
