"""LARS, scaling of the learning rate, warm-up and cosine decay."""

from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import keras
import tensorflow as tf

LINEAR_BASE = 256  # batch size at which linear scaling changes nothing
Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable("simclrv2_tf")
class LARS(keras.optimizers.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017).

    Each variable's step is scaled by eeta * |w| / |g|, with g the gradient
    and the weight decay. With `classic_momentum` (the original release's
    choice) the learning rate enters the momentum buffer:

      v = momentum * v + lr * trust * g;  w = w - v

    without it ("popular momentum") the buffer holds gradients, and trust is
    taken from what leaves it:

      v = momentum * v + g;  w = w - lr * trust(v) * v

    Args:
      learning_rate: A float or a `keras.optimizers.schedules` schedule.
      momentum: In [0, 1).
      weight_decay: Added to the gradient as weight_decay * w, inside trust.
      eeta: The trust coefficient.
      classic_momentum: See above.
      nesterov: Look one step ahead.
      **kwargs: See `keras.optimizers.Optimizer`.

    Use `exclude_from_weight_decay(var_list=…)` and
    `exclude_from_layer_adaptation(var_list=…)` before the first step to take
    variables out; both go by identity.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eeta: float = 1e-3,
        classic_momentum: bool = True,
        nesterov: bool = False,
        name: str = "lars",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = momentum
        self.decay = weight_decay  # the base class's own decay is decoupled
        self.eeta = eeta
        self.classic_momentum = classic_momentum
        self.nesterov = nesterov
        self._undecayed: list[keras.Variable] = []
        self._unadapted: list[keras.Variable] = []

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[keras.Variable] | None = None,
        var_names: None = None,
    ) -> None:
        """Takes variables out of weight decay, by identity."""
        self._refuse_if_built()
        self._undecayed += _by_identity(var_list, var_names)

    def exclude_from_layer_adaptation(
        self,
        var_list: Sequence[keras.Variable] | None = None,
        var_names: None = None,
    ) -> None:
        """Takes variables out of the trust ratio, by identity."""
        self._refuse_if_built()
        self._unadapted += _by_identity(var_list, var_names)

    def _refuse_if_built(self):
        if self.built:
            raise ValueError(
                "Variables must be taken out before the optimizer is built. "
                f"Received: an optimizer built on {len(self.buffers)} "
                "variables; make a new one."
            )

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.buffers = [
            self.add_variable_from_reference(v, name="momentum")
            for v in variables
        ]
        undecayed = {id(v) for v in self._undecayed}
        unadapted = {id(v) for v in self._unadapted}
        self._decays = [id(v) not in undecayed for v in variables]
        self._adapts = [id(v) not in unadapted for v in variables]

    def update_step(
        self,
        gradient: tf.Tensor,
        variable: keras.Variable,
        learning_rate: tf.Tensor,
    ) -> None:
        index = self._get_variable_index(variable)
        buffer = self.buffers[index]
        rate = tf.cast(learning_rate, variable.dtype)
        gradient = tf.cast(gradient, variable.dtype)
        if self.decay and self._decays[index]:
            gradient += self.decay * variable
        rule = self._classic if self.classic_momentum else self._popular
        moved, step = rule(gradient, variable, buffer, rate, index)
        self.assign(buffer, moved)
        self.assign_sub(variable, step)

    def _classic(self, gradient, variable, buffer, rate, index):
        scaled = rate * self._trust(variable, gradient, index) * gradient
        moved = self.momentum * buffer + scaled
        step = self.momentum * moved + scaled if self.nesterov else moved
        return moved, step

    def _popular(self, gradient, variable, buffer, rate, index):
        moved = self.momentum * buffer + gradient
        step = self.momentum * moved + gradient if self.nesterov else moved
        return moved, rate * self._trust(variable, step, index) * step

    def _trust(self, variable, direction, index):
        if not self._adapts[index]:
            return 1.0
        weight, change = tf.norm(variable), tf.norm(direction)
        both = (weight > 0) & (change > 0)
        ratio = self.eeta * tf.math.divide_no_nan(weight, change)
        return tf.where(both, ratio, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "weight_decay": self.decay,
            "eeta": self.eeta,
            "classic_momentum": self.classic_momentum,
            "nesterov": self.nesterov,
        }


def _by_identity(var_list, var_names):
    if var_names:
        raise ValueError(
            "Variables are taken out by identity: give `var_list`, a list of "
            f"variables. Received: var_names={var_names}"
        )
    return list(var_list or [])


def scale_learning_rate(
    learning_rate: float, batch_size: int, scaling: str = "linear"
) -> float:
    """The learning rate for a batch size.

    Args:
      learning_rate: Before scaling.
      batch_size: Images in a step over all replicas.
      scaling: "linear" for rate * batch / 256, "sqrt" for rate * sqrt(batch).

    Raises:
      ValueError: If `scaling` is another.
    """
    if scaling == "linear":
        return learning_rate * batch_size / LINEAR_BASE
    if scaling == "sqrt":
        return learning_rate * batch_size**0.5
    raise ValueError(
        "`learning_rate_scaling` must be one of ['linear', 'sqrt']. "
        f"Received: learning_rate_scaling={scaling!r}"
    )


def train_steps(examples: int, batch_size: int, epochs: int) -> int:
    """Steps of training: whole batches of all epochs, and one.

    The 1 is the original release's; its published checkpoints carry it.
    """
    return examples * epochs // batch_size + 1


def warmup_steps(examples: int, batch_size: int, epochs: float) -> int:
    """Steps of warm-up: whole batches of so many epochs, rounded down."""
    # The original's expression: `//` has rounded already.
    return int(round(epochs * examples // batch_size))


def warmup_cosine(
    learning_rate: float, warmup: int, total: int
) -> keras.optimizers.schedules.CosineDecay:
    """A line from 0 to the learning rate, then half a cosine back to 0.

    Args:
      learning_rate: The highest.
      warmup: Steps of the line, 0 for none.
      total: Steps in all, more than `warmup`.

    Returns:
      A `keras.optimizers.schedules.CosineDecay`.

    Raises:
      ValueError: If the warm-up is no shorter than the whole.
    """
    if warmup >= total:
        raise ValueError(
            "The warm-up must be shorter than training. Received: a warm-up "
            f"of {warmup} steps and {total} steps in all"
        )
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(learning_rate, total)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        total - warmup,
        warmup_target=learning_rate,
        warmup_steps=warmup,
    )


def decays_inside(name: str) -> bool:
    """Whether the optimizer of that name decays inner kernels by itself."""
    return name in ("lars", "lamb")


def build_optimizer(
    name: str,
    learning_rate: Rate,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> keras.optimizers.Optimizer:
    """The optimizer of a flag's name.

    Args:
      name: "lars", "momentum" (Nesterov's), "adam" or "lamb".
      learning_rate: A float or a schedule.
      momentum: Of LARS and SGD.
      weight_decay: Of LARS and LAMB; the others leave it to the loss.

    Raises:
      ValueError: If there is no optimizer of the name.
    """
    if name == "lars":
        return LARS(learning_rate, momentum, weight_decay)
    if name == "momentum":
        return keras.optimizers.SGD(learning_rate, momentum, nesterov=True)
    if name == "adam":
        return keras.optimizers.Adam(learning_rate)
    if name == "lamb":
        return keras.optimizers.Lamb(learning_rate, weight_decay=weight_decay)
    raise ValueError(
        "`optimizer` must be one of ['lars', 'momentum', 'adam', 'lamb']. "
        f"Received: optimizer={name!r}"
    )
