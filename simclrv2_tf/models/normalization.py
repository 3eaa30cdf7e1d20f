"""Batch normalization with the original's moments, on the fast kernel."""

import keras
import tensorflow as tf

BATCH_NORM_EPSILON = 1e-5  # original release, resnet.py


@keras.saving.register_keras_serializable("simclrv2_tf")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalization, fused where one replica holds the batch.

    Keras computes the moments and the affine map as separate operations;
    TensorFlow's fused kernel does the same in one pass over memory, forward
    and backward. The fused kernel reports the unbiased variance, while the
    original release (and Keras) keep the biased one in `moving_variance`,
    so the factor (n - 1) / n is put back here. Several replicas with
    `synchronized=True` go through Keras's own cross-replica moments.

    Args:
      momentum: Share of the old value in the moving statistics, in [0, 1).
      synchronized: Whether moments are taken over all replicas.
      center: Whether there is a `beta`.
      gamma_initializer: "ones", or "zeros" for the last normalization of a
        residual branch.
      epsilon: Added to the variance.
      **kwargs: See `keras.layers.BatchNormalization`.
    """

    def __init__(
        self,
        momentum=0.9,
        synchronized=True,
        center=True,
        gamma_initializer="ones",
        epsilon=BATCH_NORM_EPSILON,
        **kwargs,
    ):
        super().__init__(
            momentum=momentum,
            synchronized=synchronized,
            center=center,
            gamma_initializer=gamma_initializer,
            epsilon=epsilon,
            **kwargs,
        )

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable) or not self._fits_fused(inputs):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, unbiased = self._fused(inputs)
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], unbiased.dtype)
        # For a single element the kernel divides by one, not by zero.
        biased = unbiased * (tf.maximum(count - 1.0, 1.0) / count)
        self._advance(self.moving_mean, mean)
        self._advance(self.moving_variance, biased)
        return outputs

    def _fits_fused(self, inputs):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        alone = replicas == 1 or not self.synchronized
        return alone and len(inputs.shape) == 4 and self.axis in (-1, 3)

    def _fused(self, inputs):
        beta = self.beta if self.center else tf.zeros_like(self.gamma)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=beta,
            mean=tf.constant([], tf.float32),
            variance=tf.constant([], tf.float32),
            epsilon=self.epsilon,
            is_training=True,
        )
        return outputs, mean, variance

    def _advance(self, moving, batch):
        moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
