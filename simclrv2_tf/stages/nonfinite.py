"""Takes back steps whose loss or gradient is not finite, and counts them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from simclrv2_tf import distribution


class Tape(tf.GradientTape):
    """A gradient tape that remembers what the forward pass will change.

    Args:
      statistics: Variables that the forward pass advances.
    """

    def __init__(self, statistics):
        super().__init__()
        self.statistics = list(statistics)
        self.before = [tf.identity(v.value) for v in self.statistics]


class NonfiniteSteps:
    """Steps that are taken back because they are not finite, and their count.

    A step is taken back on all replicas when the loss or the norm of the
    gradient is NaN or infinite on any of them: weights, slots and statistics
    stay as they were. `iterations` advances all the same, so that the next
    step has the next batch, seed and learning rate.

    Attributes:
      skipped: int64, steps that were taken back so far. TensorFlow keeps
        int32 variables on the host, where XLA on a GPU cannot reach them.
      in_a_row: int64, how many of them were the last ones.
      norm: float32, norm of the last step's gradient. Over several replicas
        it is a bound that they reach when they agree.
      largest: float32, the largest norm since `restart`; infinite or NaN
        norms do not count.
    """

    def __init__(self):
        self.skipped = _counter("int64", "skipped")
        self.in_a_row = _counter("int64", "in_a_row")
        self.norm = _counter("float32", "norm")
        self.largest = _counter("float32", "largest")

    @property
    def variables(self) -> list[tf.Variable]:
        return [self.skipped, self.in_a_row, self.norm, self.largest]

    def restart(self) -> None:
        """Begins a new stretch for `largest`."""
        self.largest.assign(0.0)

    def apply(
        self,
        optimizer: keras.optimizers.Optimizer,
        gradients: Sequence[tf.Tensor],
        variables: Sequence[tf.Variable],
        loss: tf.Tensor,
        tape: Tape,
    ) -> tf.Tensor:
        """Moves the variables if all is finite.

        Args:
          optimizer: A built or unbuilt Keras optimizer.
          gradients: One for each variable, as the tape gave them.
          variables: Trained variables.
          loss: Scalar, before scaling.
          tape: The `Tape` of the forward pass; statistics stay advanced if it
            is an ordinary one.

        Returns:
          Whether they have moved, a bool scalar, the same on all replicas.
        """
        if not optimizer.built:
            optimizer.build(variables)
        norm = _norm(gradients, optimizer)
        finite = tf.math.is_finite(norm + 0.0 * tf.cast(loss, tf.float32))
        finite = _on_all_replicas(finite)
        before = getattr(tape, "before", [])
        statistics = getattr(tape, "statistics", [])

        def step(gradients):
            optimizer.apply(gradients, variables)

        def take_back(values):
            optimizer.iterations.assign_add(1)
            for variable, value in zip(statistics, values, strict=True):
                variable.assign(value)

        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            # It skips by itself and then lowers its scale, which it must.
            gradients = _nan_unless(finite, gradients)
            step(gradients)
            _choose(finite, None, take_back, gradients, before)
        else:
            _choose(finite, step, take_back, gradients, before)
        self._count(finite, norm)
        return finite

    def _count(self, finite, norm):
        bad = tf.cast(tf.logical_not(finite), tf.int64)
        self.skipped.assign_add(bad)
        self.in_a_row.assign((self.in_a_row.value + 1) * bad)
        self.norm.assign(norm)
        seen = tf.where(tf.math.is_finite(norm), norm, 0.0)
        self.largest.assign(tf.maximum(self.largest.value, seen))


def statistics(network: keras.Model) -> list[tf.Variable]:
    """The moving statistics of a network, which the forward pass advances."""
    parts = (
        network.backbone,
        network.projection_head,
        network.supervised_head,
    )
    layers = [leaf for part in parts if part for leaf in part.leaves()]
    kind = keras.layers.BatchNormalization
    norms = [layer for layer in layers if isinstance(layer, kind)]
    return [v for n in norms for v in (n.moving_mean, n.moving_variance)]


def _counter(dtype, name):
    return keras.Variable(
        0,
        dtype=dtype,
        trainable=False,
        aggregation="only_first_replica",
        name=name,
    )


def _norm(gradients, optimizer):
    """Norm of the gradient of the global loss, see `NonfiniteSteps.norm`."""
    floats = [tf.cast(g, tf.float32) for g in gradients if g is not None]
    squares = tf.square(tf.linalg.global_norm(floats))
    replicas = distribution.num_replicas()
    squares = replicas * distribution.sum_over_replicas(squares)
    return tf.sqrt(squares) / optimizer.scale_loss(tf.constant(1.0))


def _on_all_replicas(finite):
    """Whether `finite` is True on each of the replicas."""
    bad = tf.cast(tf.logical_not(finite), tf.float32)
    return tf.equal(distribution.sum_over_replicas(bad), 0.0)


def _nan_unless(finite, gradients):
    """The gradients, set to NaN if `finite` is False."""
    spoil = tf.where(finite, 0.0, float("nan"))
    return [g if g is None else g + tf.cast(spoil, g.dtype) for g in gradients]


def _choose(finite, step, take_back, gradients, before):
    """Runs `step(gradients)` if `finite`, else `take_back(before)`.

    An optimizer's step merges the replicas, and that cannot be done inside
    a condition of one replica: the condition stands above them. From there
    each replica is given its own gradients again.
    """
    step = step or (lambda gradients: None)
    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        tf.cond(
            finite,
            _op(lambda: step(gradients)),
            _op(lambda: take_back(before)),
        )
        return

    def above(strategy, finite, gradients, before):
        local = strategy.experimental_local_results
        first = [local(value)[0] for value in before]

        def in_each_replica():
            strategy.extended.call_for_each_replica(step, (gradients,))

        tf.cond(
            local(finite)[0],
            _op(in_each_replica),
            _op(lambda: take_back(first)),
        )

    tf.distribute.get_replica_context().merge_call(
        above, args=(finite, gradients, before)
    )


def _op(function):
    """The function as a branch of `tf.cond`, which wants an equal result."""

    def branch():
        function()
        return tf.constant(True)

    return branch
