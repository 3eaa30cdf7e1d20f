"""One of the workers that TF_CONFIG names.

`python workers.py fit KIND` trains a tiny model with `fit`, KIND being
`ours`, or `stock` for TensorFlow's own multi-worker strategy.
`python workers.py exactness FOLDER CASE ...` answers cases of `exactness`;
the first worker writes, the others compare with what they would write.
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution


def fit(kind):
    import keras

    if kind == "ours":
        strategy = distribution.make_strategy("auto")
    else:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        dense = keras.layers.Dense(1, kernel_initializer="ones")
        model = keras.Sequential([keras.Input((3,)), dense])
        model.compile("sgd", "mse")
    x = np.arange(24, dtype=np.float32).reshape(8, 3) / 24
    model.fit(x, np.ones((8, 1), np.int32), batch_size=4, verbose=0)
    print("kernel", dense.kernel.numpy().ravel().tolist())


def answer(folder, *cases):
    strategy = distribution.make_strategy("auto")
    import exactness

    with strategy.scope():
        workers, worker = distribution.worker_share()
        for case in cases:
            arrays = exactness.run(case)
            if worker == 0:
                exactness.write(folder, case, f"workers{workers}", arrays)
            distribution.wait_for_workers()
            path = pathlib.Path(folder, case, f"workers{workers}.npz")
            chief = np.load(path)
            for name, array in arrays.items():
                np.testing.assert_array_equal(array, chief[name], name)
            distribution.wait_for_workers()


if __name__ == "__main__":
    {"fit": fit, "exactness": answer}[sys.argv[1]](*sys.argv[2:])
