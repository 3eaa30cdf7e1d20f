"""A run whose checkpoint holds trained weights and their average.

They differ in the classifier alone, whose averaged logits are three times the
trained ones.
"""

import json

import small_classifier

from simclrv2_tf.checkpoints import run_directory

SCALE = 3.0
HEAD = "head_supervised/linear_layer/dense/"


def save(network, directory, **flags):
    """The directory, at step 7."""
    trained = network.named_variables()
    averaged = {
        f"ema_model/{name}": value.numpy() * _scale(name)
        for name, value in trained.items()
    }
    run_directory.save(str(directory), 7, {**trained, **averaged})
    values = {**small_classifier.FLAGS, "memory_momentum": 0.5, **flags}
    (directory / "flags.json").write_text(json.dumps(values))
    return directory


def _scale(name):
    return SCALE if name.startswith(HEAD) else 1.0
