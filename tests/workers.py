"""One of two workers that train a tiny model with `fit`.

`python workers.py KIND INDEX PORT PORT`, KIND being `ours`, or `stock` for
TensorFlow's own multi-worker strategy.
"""

import json
import os
import sys

import numpy as np


def main(kind, index, *ports):
    os.environ["TF_CONFIG"] = json.dumps(
        {
            "cluster": {"worker": [f"localhost:{port}" for port in ports]},
            "task": {"type": "worker", "index": int(index)},
        }
    )
    import keras
    import tensorflow as tf

    from simclrv2_tf import distribution

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


if __name__ == "__main__":
    main(*sys.argv[1:])
