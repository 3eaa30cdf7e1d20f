"""Checkpoints of one variable, for tests that ask which there are."""

import keras

from simclrv2_tf.checkpoints import run_directory


def save(directory, step):
    """The prefix of a checkpoint of this step in a run's directory."""
    variables = {"base_model/scale": keras.Variable([1.0])}
    return run_directory.save(str(directory), step, variables)
