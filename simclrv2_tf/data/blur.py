"""`gaussian_blur`, at the place that users import it from."""

from simclrv2_tf.data.augment.gaussian_blur import gaussian_blur

__all__ = ["gaussian_blur"]
