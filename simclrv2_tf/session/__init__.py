"""What a config asks for: which run, which inference, which report."""

from simclrv2_tf.recipes.kept_networks import as_begun
from simclrv2_tf.session.dispatch import run
from simclrv2_tf.session.modes import TRAINING

__all__ = ["TRAINING", "as_begun", "run"]
