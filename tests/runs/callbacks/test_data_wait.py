"""Waiting for data is timed, and the input is kept all the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.stages import stage
from simclrv2_tf.stages.finetune import FineTune

IMAGES = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
LABELS = np.array([0, 1, 2, 0], np.int32)


@pytest.mark.slow
def test_the_input_is_kept_though_the_step_sees_batches():
    """Dropped half-way it would wait for readers who wait for Python."""
    tuned = FineTune(
        Network(
            resnet_depth=18,
            width_multiplier=0.0625,
            image_size=8,
            num_proj_layers=1,
            proj_out_dim=8,
            num_classes=3,
        )
    )
    tuned.compile(optimizer=keras.optimizers.SGD(0.1))
    wait = DataWait()
    tuned.fit(
        tf.data.Dataset.from_tensors((IMAGES, LABELS)).repeat(),
        epochs=1,
        steps_per_epoch=2,
        shuffle=False,
        verbose=0,
        callbacks=[wait],
    )
    assert wait.spent() > 0
    (kept,) = stage._INPUT
    assert isinstance(kept, tf.data.Iterator)
    assert len(next(kept)) == 2
