"""Files of TF1's own `Saver`, read and written."""

import numpy as np
import pytest
import stand_ins
import tensorflow.compat.v1 as tf

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import tf1

ARGUMENTS = {**stand_ins.SMALL, "width_multiplier": 1 / 32}


def optimizers():
    return {
        "momentum": tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        "adam": tf.train.AdamOptimizer(0.1),
    }


def variables(prefix="", more=0):
    return [
        tf.get_variable(
            prefix + name,
            initializer=tf.constant(array + np.float32(more)),
            trainable="moving_" not in name,
        )
        for name, array in stand_ins.weights(ARGUMENTS).items()
    ]


@pytest.mark.parametrize(
    "kind", ["momentum", pytest.param("adam", marks=pytest.mark.slow)]
)
def test_a_training_of_tf1_is_read(kind, tmp_path):
    """With slots, powers, averages, a memory and a step; two of them."""
    with tf.Graph().as_default(), tf.Session() as session:
        made = variables()
        step = tf.train.get_or_create_global_step()
        tf.get_variable("memory", (4, 2))
        loss = tf.add_n([tf.reduce_sum(0.0 * v) for v in made])
        optimizers()[kind].minimize(loss, step)
        averages = tf.train.ExponentialMovingAverage(0.9)
        averages.apply(made[:3])
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=5)
        for number in (1, 2):
            saver.save(session, str(tmp_path / "model.ckpt"), number)
        names = {v.op.name for v in tf.global_variables()}
    assert len(names) > 1.5 * len(made)
    for place in (tmp_path, tmp_path / "model.ckpt-1"):
        found = any_format.open_source(str(place))
        assert found.kind == "TF1"
        stand_ins.assert_same(found.arrays, ARGUMENTS)


def test_momentum_weights_of_a_released_file(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        variables()
        variables("ema_model/", more=1)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "model.ckpt"), 250228)
    plain, momentum = (
        any_format.open_source(str(tmp_path), ema).arrays
        for ema in (False, True)
    )
    stand_ins.assert_same(plain, ARGUMENTS)
    assert set(momentum) == set(plain)
    for name, array in plain.items():
        np.testing.assert_array_equal(momentum[name], array + 1, name)


def test_what_we_write_is_restored_by_a_saver(tmp_path, monkeypatch):
    """In one part and in several, as large networks are written."""
    for number, size in enumerate((2**30, 2**14)):
        monkeypatch.setattr(tf1, "PART_BYTES", size)
        prefix = str(tmp_path / str(number) / "model.ckpt-5")
        tf1.write(prefix, stand_ins.weights(ARGUMENTS), 5)
        with tf.Graph().as_default(), tf.Session() as session:
            shapes = layout.shapes(ARGUMENTS)
            made = {n: tf.get_variable(n, s) for n, s in shapes.items()}
            step = tf.train.get_or_create_global_step()
            newest = tf.train.latest_checkpoint(str(tmp_path / str(number)))
            tf.train.Saver().restore(session, newest)
            assert session.run(step) == 5
            restored = session.run(made)
        for name, array in stand_ins.weights(ARGUMENTS).items():
            np.testing.assert_array_equal(restored[name], array)
