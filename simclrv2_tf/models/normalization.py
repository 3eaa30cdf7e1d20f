"""Batch normalization with the original's moments, on the fast kernel."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.machine.cpu_only import on_processors

BATCH_NORM_EPSILON = 1e-5  # original release, resnet.py
# oneDNN takes three to fifteen times as long as in float32 where channels in
# bfloat16 are no multiple of these (benchmarks/recipes.md).
VECTOR = 16


@keras.saving.register_keras_serializable("simclrv2_tf")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalization, fused where one replica holds the batch.

    TensorFlow's fused kernel takes moments and applies them in one pass over
    memory, forward and backward. It reports the unbiased variance, while the
    original release (and Keras) keep the biased one in `moving_variance`, so
    the factor (n - 1) / n is put back here. What the kernel does not take,
    several replicas, vectors and float64, goes through `normalize`. Outside
    training it applies the moving statistics, and TensorFlow joins it to the
    convolution before it.

    Args:
      momentum: Share of the old value in the moving statistics, in [0, 1).
      synchronized: Whether moments are taken over all replicas. Otherwise
        each replica has its own, and the moving statistics follow their mean.
      center: Whether there is a `beta`.
      gamma_initializer: "ones", or "zeros" for the last normalization of a
        residual branch.
      epsilon: Added to the variance.
      **kwargs: See `keras.layers.BatchNormalization`.

    With the attribute `batch_moments_when_frozen` set to True, training takes
    the batch's moments and advances the statistics where `trainable` is
    False, too.
    """

    def __init__(
        self,
        momentum: float = 0.9,
        synchronized: bool = True,
        center: bool = True,
        gamma_initializer: str | keras.initializers.Initializer = "ones",
        epsilon: float = BATCH_NORM_EPSILON,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            momentum=momentum,
            synchronized=synchronized,
            center=center,
            gamma_initializer=gamma_initializer,
            epsilon=epsilon,
            **kwargs,
        )
        self.batch_moments_when_frozen = False

    def call(
        self,
        inputs: tf.Tensor,
        training: bool | None = None,
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        if self.axis not in (-1, len(inputs.shape) - 1):
            return super().call(inputs, training=training, mask=mask)
        moves = self.trainable or self.batch_moments_when_frozen
        if not (training and moves):
            if self._fits_moving(inputs):
                return self._by_moving(inputs)
            return super().call(inputs, training=training, mask=mask)
        kernel = self._fused if self._fits_fused(inputs) else self._normalized
        outputs, mean, variance = kernel(inputs)
        self._advance(tf.stack([mean, variance]))
        return outputs

    def _spans_replicas(self):
        return self.synchronized and distribution.num_replicas() > 1

    def _fits_fused(self, inputs):
        fits = len(inputs.shape) == 4 and inputs.dtype != tf.float64
        return fits and not self._spans_replicas()

    def _fits_moving(self, inputs):
        fits = len(inputs.shape) == 4 and inputs.dtype != tf.float64
        return fits and not is_slow(inputs)

    def _by_moving(self, inputs):
        """By the moving statistics, which do not change."""
        return tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self._offset(),
            mean=self.moving_mean,
            variance=self.moving_variance,
            epsilon=self.epsilon,
            is_training=False,
        ).y

    def _fused(self, inputs):
        taken = tf.cast(inputs, tf.float32) if is_slow(inputs) else inputs
        outputs, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
            x=taken,
            scale=self.gamma,
            offset=self._offset(),
            mean=tf.constant([], tf.float32),
            variance=tf.constant([], tf.float32),
            epsilon=self.epsilon,
            is_training=True,
        )
        outputs = tf.cast(outputs, inputs.dtype)
        count = tf.cast(_rows(inputs), unbiased.dtype)
        # For a single element the kernel divides by one, not by zero.
        return outputs, mean, unbiased * (tf.maximum(count - 1.0, 1.0) / count)

    def _normalized(self, inputs):
        return normalize(
            inputs,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self._offset()),
            self.epsilon,
            self._spans_replicas(),
        )

    def _offset(self):
        return self.beta if self.center else tf.zeros_like(self.gamma)

    def _advance(self, moments):
        if not self.synchronized:
            replicas = distribution.num_replicas()
            moments = distribution.sum_over_replicas(moments) / replicas
        for moving, batch in zip(
            (self.moving_mean, self.moving_variance),
            tf.unstack(moments),
            strict=True,
        ):
            old = moving * self.momentum
            moving.assign(old + batch * (1.0 - self.momentum))


def is_slow(inputs: tf.Tensor) -> bool:
    """Whether the fused kernel is quicker in float32 for these inputs."""
    narrow = inputs.shape[-1] % VECTOR != 0
    return narrow and inputs.dtype == tf.bfloat16 and on_processors()


def normalize(
    x: tf.Tensor,
    gamma: tf.Tensor,
    beta: tf.Tensor,
    epsilon: float,
    synchronized: bool = False,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalizes the last axis by the moments of all others.

    The mean comes first and the variance is taken around it: E[x²] - E[x]²
    would lose digits where the mean is large beside the deviation, and with
    them the agreement of different numbers of replicas. Replicas say to each
    other two numbers a channel on the way forward, and two on the way back.

    Args:
      x: float (batch, ..., channels), of as many elements on each replica.
      gamma: float32 (channels,).
      beta: float32 (channels,).
      epsilon: Added to the variance.
      synchronized: Whether the moments are those of all replicas.

    Returns:
      Normalized x; the mean and the biased variance, float32 (channels,),
      which have no gradient.
    """

    add = distribution.sum_over_replicas if synchronized else tf.identity
    replicas = distribution.num_replicas() if synchronized else 1

    @tf.custom_gradient
    def run(x, gamma, beta):
        values = tf.cast(x, gamma.dtype)
        axes = list(range(x.shape.rank - 1))
        count = tf.cast(_rows(x), gamma.dtype) * replicas
        mean = add(tf.reduce_sum(values, axes)) / count
        variance = add(tf.reduce_sum((values - mean) ** 2, axes)) / count
        scale = tf.math.rsqrt(variance + epsilon)
        outputs = (values - mean) * (scale * gamma) + beta

        def gradient(upstream, *_):
            upstream = tf.cast(upstream, gamma.dtype)
            centred = (tf.cast(x, gamma.dtype) - mean) * scale
            of_beta = tf.reduce_sum(upstream, axes)
            of_gamma = tf.reduce_sum(upstream * centred, axes)
            pull = add(tf.stack([of_beta, of_gamma])) / count
            inner = upstream - pull[0] - centred * pull[1]
            of_x = inner * (scale * gamma)
            return tf.cast(of_x, x.dtype), of_gamma, of_beta

        return (tf.cast(outputs, x.dtype), mean, variance), gradient

    return run(x, gamma, beta)


def _rows(x):
    """How many values each channel has."""
    return tf.reduce_prod(tf.shape(x)[:-1])
