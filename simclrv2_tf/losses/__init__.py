"""Losses of the three stages; each gives one value per example."""

from simclrv2_tf.losses.cross_entropy import distillation_cross_entropy
from simclrv2_tf.losses.cross_entropy import supervised_cross_entropy
from simclrv2_tf.losses.cross_entropy import weight_decay_loss
from simclrv2_tf.losses.nt_xent import ContrastiveResult
from simclrv2_tf.losses.nt_xent import NTXent
from simclrv2_tf.losses.nt_xent import contrastive_logits
from simclrv2_tf.losses.nt_xent import contrastive_metrics
from simclrv2_tf.losses.nt_xent import nt_xent

__all__ = [
    "ContrastiveResult",
    "NTXent",
    "contrastive_logits",
    "contrastive_metrics",
    "distillation_cross_entropy",
    "nt_xent",
    "supervised_cross_entropy",
    "weight_decay_loss",
]
