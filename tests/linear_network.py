"""A network of one matrix, with what a stage asks of a `Network`."""

import keras


class LinearNetwork(keras.Model):
    """Features, projections and average pool alike are images times a matrix.

    Args:
      features: Channels of the images, which have one pixel.
      width: Of the projections.
    """

    supervised_head = None
    noise = ()

    def __init__(self, features=6, width=4, **kwargs):
        images = keras.Input((1, 1, features))
        dense = keras.layers.Dense(width, use_bias=False)
        outputs = dense(keras.layers.Flatten()(images))
        names = ("proj_head_output", "proj_sel", "final_avg_pool")
        super().__init__(images, dict.fromkeys(names, outputs), **kwargs)
        self.backbone = self.projection_head = _Leaves(dense.dtype_policy)
        self.dense = dense
        self._config = {"features": features, "width": width}

    def get_config(self):
        return {**self._config, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def named_variables(self):
        return {"base_model/kernel": self.dense.kernel}


class _Leaves:
    """A part without normalization."""

    def __init__(self, dtype_policy):
        self.dtype_policy = dtype_policy

    def leaves(self):
        return []
