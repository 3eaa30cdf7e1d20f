"""LARS, learning-rate scaling and schedule, and who is decayed where."""

from simclrv2_tf.optimizers.build import OPTIMIZERS
from simclrv2_tf.optimizers.build import build_optimizer
from simclrv2_tf.optimizers.build import loss_decay_variables
from simclrv2_tf.optimizers.build import optimizer_exclusions
from simclrv2_tf.optimizers.lars import LARS
from simclrv2_tf.optimizers.schedule import scale_learning_rate
from simclrv2_tf.optimizers.schedule import train_steps
from simclrv2_tf.optimizers.schedule import warmup_cosine
from simclrv2_tf.optimizers.schedule import warmup_steps

__all__ = [
    "LARS",
    "OPTIMIZERS",
    "build_optimizer",
    "loss_decay_variables",
    "optimizer_exclusions",
    "scale_learning_rate",
    "train_steps",
    "warmup_cosine",
    "warmup_steps",
]
