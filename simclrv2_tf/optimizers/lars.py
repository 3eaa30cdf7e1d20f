"""LARS, the optimizer of large batches."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="simclrv2_tf")
class LARS(keras.optimizers.Optimizer):
    """Momentum SGD whose step is in proportion to the weights it moves.

    Layer-wise adaptive rate scaling (You et al., arXiv 1708.03888), as the
    original release has it. For a variable w with gradient g:

        g = g + weight_decay * w
        trust = eeta * ||w|| / ||g||, or 1 where either norm is 0
        v = momentum * v + learning_rate * trust * g
        w = w - v

    Weight decay lies inside the trust ratio, unlike Keras' own `weight_decay`
    (decoupled), which this class leaves unset. Norms are float32. Exclude
    batch norm, biases and the supervised head from both parts, as the
    original does, by naming the variables themselves before the optimizer is
    built:

    >>> optimizer = LARS(0.3, weight_decay=1e-4)
    >>> optimizer.exclude_from_weight_decay(bn_and_biases)
    >>> optimizer.exclude_from_layer_adaptation(bn_and_biases)

    Unlike in the original, each call stands for itself: without the second
    all layers are adapted. The exclusions travel in the config once the
    optimizer is built (as positions in the list of variables).

    Args:
        learning_rate: float, schedule or callable.
        momentum: float in [0, 1).
        weight_decay: float, coefficient of the L2 term.
        eeta: float, the trust coefficient.
        classic_momentum: whether the learning rate lies inside the momentum
            buffer, as above. If not ("popular"), v = momentum * v + g, the
            ratio is taken from the norm of v, and
            w = w - learning_rate * trust * v.
        nesterov: whether to look ahead by one step of momentum.
        name: name of the optimizer.
        **kwargs: as in `keras.optimizers.Optimizer`, e.g. `clipnorm`.
    """

    def __init__(
        self,
        learning_rate=0.3,
        momentum=0.9,
        weight_decay=0.0,
        eeta=1e-3,
        classic_momentum=True,
        nesterov=False,
        name="lars",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = momentum
        self.l2 = weight_decay
        self.eeta = eeta
        self.classic_momentum = classic_momentum
        self.nesterov = nesterov
        self._excluded = {"decay": [], "adaptation": []}

    def exclude_from_weight_decay(self, var_list=()):
        """Names the variables without weight decay; before `build`."""
        self._exclude("decay", var_list)

    def exclude_from_layer_adaptation(self, var_list=()):
        """Names the variables whose trust ratio is 1; before `build`."""
        self._exclude("adaptation", var_list)

    def build(self, var_list):
        """Makes one momentum buffer per variable.

        Args:
            var_list: the variables to train.
        """
        if self.built:
            return
        super().build(var_list)
        self._momentums = self.add_optimizer_variables(var_list, "momentum")
        excluded = self._excluded_positions()
        self._decayed = [
            self.l2 > 0 and i not in excluded["decay"]
            for i in range(len(var_list))
        ]
        self._adapted = [
            i not in excluded["adaptation"] for i in range(len(var_list))
        ]

    def update_step(self, gradient, variable, learning_rate):
        """Moves one variable, and its momentum buffer, by one step."""
        index = self._get_variable_index(variable)
        weight = tf.cast(variable, tf.float32)
        gradient = tf.cast(tf.convert_to_tensor(gradient), tf.float32)
        if self._decayed[index]:
            gradient += self.l2 * weight
        update = self._classic if self.classic_momentum else self._popular
        update(
            gradient,
            weight,
            variable,
            self._momentums[index].value,
            tf.cast(learning_rate, tf.float32),
            self._adapted[index],
        )

    def _classic(self, gradient, weight, variable, buffer, rate, adapted):
        if adapted:
            rate *= self._trust(weight, gradient)
        # One fused pass: v = momentum * v + step; w -= v.
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle,
            accum=buffer.handle,
            lr=tf.ones((), variable.dtype),
            grad=tf.cast(rate * gradient, variable.dtype),
            momentum=tf.cast(self.momentum, variable.dtype),
            use_nesterov=self.nesterov,
            use_locking=False,
        )

    def _popular(self, gradient, weight, variable, buffer, rate, adapted):
        velocity = self.momentum * tf.cast(buffer, tf.float32) + gradient
        self.assign(buffer, velocity)
        step = velocity
        if self.nesterov:
            step = self.momentum * velocity + gradient
        if adapted:
            rate *= self._trust(weight, step)
        self.assign_sub(variable, rate * step)

    def _trust(self, weight, step):
        weight_norm = tf.norm(weight)
        step_norm = tf.norm(step)
        ratio = tf.math.divide_no_nan(self.eeta * weight_norm, step_norm)
        defined = tf.logical_and(weight_norm > 0, step_norm > 0)
        return tf.where(defined, ratio, 1.0)

    def _exclude(self, part, var_list):
        if self.built:
            raise ValueError(
                "Exclusions must be set before the optimizer is built. "
                f"Received: {len(var_list)} variables to exclude from "
                f"{part} after it was built on {len(self._momentums)}."
            )
        self._excluded[part] = list(var_list)

    def _excluded_positions(self):
        return {
            part: {self._position(v) for v in variables} - {None}
            for part, variables in self._excluded.items()
        }

    def _position(self, variable):
        # A plain position comes from a config, which knows no variables.
        if isinstance(variable, int):
            return variable
        key = self._var_key(variable)
        return self._trainable_variables_indices.get(key)

    def get_config(self):
        config = {
            **super().get_config(),
            "momentum": self.momentum,
            "weight_decay": self.l2,
            "eeta": self.eeta,
            "classic_momentum": self.classic_momentum,
            "nesterov": self.nesterov,
        }
        if self.built:
            config["excluded"] = {
                part: sorted(positions)
                for part, positions in self._excluded_positions().items()
            }
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        excluded = config.pop("excluded", None)
        optimizer = super().from_config(config, custom_objects)
        for part, positions in (excluded or {}).items():
            optimizer._exclude(part, positions)
        return optimizer
