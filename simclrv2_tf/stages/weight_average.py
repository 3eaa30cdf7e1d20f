"""A second network whose weights are an average of the trained ones."""

import keras
import tensorflow as tf

from simclrv2_tf.models.dtype_policy import dtype_policy
from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages import nonfinite

PREFIX = "ema_model/"  # of its variables in checkpoints, as the published ones


class WeightAverage:
    """The exponential moving average of a network's weights.

    After each step that stands every weight becomes
    momentum * average + (1 - momentum) * weight, beginning with the weights
    as they are at the first step. That is MoCo's order: what a step is
    compared with was averaged after the step before. Variables of whole
    numbers are taken as they are, and what no step changes stays.

    Args:
      network: The `Network` that is trained.
      momentum: Share of the old average, in [0, 1).
      own_statistics: Whether the average sees batches itself: its moving
        statistics then are those of its own activations. Else they are
        averages of the trained network's, like the weights.

    Attributes:
      network: The averaged `Network`.
      statistics: Its moving statistics, if they are its own.
    """

    def __init__(
        self, network: Network, momentum: float, own_statistics: bool = False
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(
                "`memory_momentum` must be in [0, 1). Received: "
                f"memory_momentum={momentum}"
            )
        self.momentum = momentum
        self.network = _twin(network)
        self._pairs = list(_pairs(network, self.network))
        moving = nonfinite.statistics(self.network) if own_statistics else []
        still = [*moving, *keras_constants.variables(self.network)]
        left_out = {id(variable) for variable in still}
        self._moved = [p for p in self._pairs if id(p[1]) not in left_out]
        self.statistics = moving
        self.restart()

    def named_variables(self) -> dict[str, keras.Variable]:
        """The variables under their names in a checkpoint."""
        named = self.network.named_variables()
        return {f"{PREFIX}{name}": v for name, v in named.items()}

    def restart(self) -> None:
        """Begins anew with the weights as they are."""
        for trained, average in self._pairs:
            average.assign(trained.value)
        keras_constants.refresh(self.network)

    def advance(self, finite: tf.Tensor) -> None:
        """Takes in the weights of a step.

        Args:
          finite: Whether the step stands, else nothing changes.
        """
        for trained, average in self._moved:
            before = tf.convert_to_tensor(average.value)
            after = self._mean(before, trained.value)
            average.assign(tf.where(finite, after, before))

    def _mean(self, before, now):
        """The moving average; whole numbers, such as counts, are copied."""
        if not before.dtype.is_floating:
            return now
        return self.momentum * before + (1 - self.momentum) * now


def _twin(network):
    """A network of the same structure and arithmetic."""
    with dtype_policy(network.backbone.dtype_policy):
        config = {**network.get_config(), "name": "ema_model"}
        return type(network).from_config(config)


def _pairs(network, twin):
    averages = twin.named_variables()
    for name, variable in network.named_variables().items():
        yield variable, averages[name]
