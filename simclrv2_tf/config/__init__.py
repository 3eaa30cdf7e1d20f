"""Everything that can be chosen: one field, one flag, one help line.

The names, types and meanings of the original release's flags are kept (both
of its programs, TF1 and tf2); the fields are grouped by idea and `Config` is
all of them. This room needs neither absl nor TensorFlow.
"""

import dataclasses

from simclrv2_tf.config.fields import ApplicationConfig
from simclrv2_tf.config.fields import AugmentationConfig
from simclrv2_tf.config.fields import DataConfig
from simclrv2_tf.config.fields import EvaluationConfig
from simclrv2_tf.config.fields import HardwareConfig
from simclrv2_tf.config.fields import NetworkConfig
from simclrv2_tf.config.fields import ObjectiveConfig
from simclrv2_tf.config.fields import OptimizationConfig
from simclrv2_tf.config.fields import RunConfig
from simclrv2_tf.config.rules import RULES
from simclrv2_tf.config.rules import settle_types
from simclrv2_tf.config.rules import time_limit_seconds

__all__ = ["Config", "groups", "time_limit_seconds"]


@dataclasses.dataclass(frozen=True)
class Config(
    HardwareConfig,
    ApplicationConfig,
    EvaluationConfig,
    AugmentationConfig,
    OptimizationConfig,
    ObjectiveConfig,
    NetworkConfig,
    DataConfig,
    RunConfig,
):
    """All choices of a run.

    Attributes:
      given: Names of the fields that the caller gave. The others have their
        defaults, in place of which a checkpoint may say what it is.

    Raises:
      ValueError: If a value is outside its range, or two do not go together.

    Example:
      >>> Config(train_mode="finetune", resnet_depth=18).resnet_depth
      18
    """

    def __new__(cls, **fields):
        self = super().__new__(cls)
        object.__setattr__(self, "given", frozenset(fields))
        return self

    def __post_init__(self):
        settle_types(self)
        for rule in RULES:
            rule(self)


def groups():
    """The config classes in the order of `--help`, with their titles."""
    return list(reversed(Config.__bases__))
