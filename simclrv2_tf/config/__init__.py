"""Everything that can be chosen: one field, one flag, one help line.

The names, types and meanings of the original release's flags are kept (both
of its programs, TF1 and tf2); the fields are grouped by idea and `Config` is
all of them. This room needs neither absl nor TensorFlow.
"""

import dataclasses
from typing import Any

from simclrv2_tf.config.average_rules import averages
from simclrv2_tf.config.curation_options import CurationConfig
from simclrv2_tf.config.data_options import DataConfig
from simclrv2_tf.config.field_values import settle_types
from simclrv2_tf.config.hardware_options import HardwareConfig
from simclrv2_tf.config.hardware_options import profiled
from simclrv2_tf.config.inference_options import ApplicationConfig
from simclrv2_tf.config.inference_options import EvaluationConfig
from simclrv2_tf.config.network_options import NetworkConfig
from simclrv2_tf.config.option import BACKBONE
from simclrv2_tf.config.option import HEADS
from simclrv2_tf.config.option import NORMALIZATION
from simclrv2_tf.config.option import describing
from simclrv2_tf.config.probe_options import ProbeConfig
from simclrv2_tf.config.publishing_options import PublishingConfig
from simclrv2_tf.config.recipe_options import RecipeConfig
from simclrv2_tf.config.rules import RULES
from simclrv2_tf.config.rules import time_budget_seconds
from simclrv2_tf.config.rules import time_limit_seconds
from simclrv2_tf.config.run_options import RunConfig
from simclrv2_tf.config.training_options import AugmentationConfig
from simclrv2_tf.config.training_options import ObjectiveConfig
from simclrv2_tf.config.training_options import OptimizationConfig

__all__ = [
    "BACKBONE",
    "HEADS",
    "NORMALIZATION",
    "Config",
    "averages",
    "describing",
    "groups",
    "profiled",
    "time_budget_seconds",
    "time_limit_seconds",
]


class _Given:
    """What every config knows beside its fields."""

    given: frozenset[str]


@dataclasses.dataclass(frozen=True)
class Config(
    RecipeConfig,
    HardwareConfig,
    PublishingConfig,
    ApplicationConfig,
    CurationConfig,
    ProbeConfig,
    EvaluationConfig,
    AugmentationConfig,
    OptimizationConfig,
    ObjectiveConfig,
    NetworkConfig,
    DataConfig,
    RunConfig,
    _Given,
):
    """All choices of a run.

    Attributes:
      given: Names of the fields that the caller gave. The others have their
        defaults, in place of which a checkpoint may say what it is. A config
        made from another one (`dataclasses.replace`) has that one's.

    Raises:
      ValueError: If a value is outside its range, or two do not go together.

    Example:
      >>> Config(train_mode="finetune", resnet_depth=18).resnet_depth
      18
    """

    given: dataclasses.InitVar[frozenset | None] = None

    def __new__(cls, **fields: Any) -> "Config":
        self = super().__new__(cls)
        object.__setattr__(self, "given", frozenset(fields))
        return self

    def __post_init__(self, given: frozenset | None) -> None:
        if given is not None:  # of the config that this one replaces
            object.__setattr__(self, "given", given)
        settle_types(self)
        for rule in RULES:
            rule(self)


def groups() -> list[type]:
    """The config classes in the order of `--help`, with their titles."""
    bases = reversed(Config.__bases__)
    return [base for base in bases if dataclasses.is_dataclass(base)]
