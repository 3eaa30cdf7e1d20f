"""Runs the original release's program with the TensorFlow of its last year.

    python start_original.py tf2/run.py FLAGS

Its LARS is an optimizer of the kind that TensorFlow calls legacy since 2.11; so
that name is given to it first. Nothing else of it is touched.
"""

import pathlib
import runpy
import sys

import tensorflow as tf


def main(words):
    script = pathlib.Path(words[0]).resolve()
    tf.keras.optimizers.Optimizer = tf.keras.optimizers.legacy.Optimizer
    sys.argv = [str(script), *words[1:]]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
