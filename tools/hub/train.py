"""Our export in TensorFlow Hub: called, frozen, and fine-tuned.

    python tools/hub/train.py FOLDER

Runs on tf_keras and needs nothing of simclrv2_tf: the folder is what export.py
wrote. Prints what was found and fails if anything is not as expected.
"""

import importlib.metadata
import os
import sys
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras

TOLERANCE = 1e-5  # largest difference, relative to the largest value
EPOCHS = 15
WEIGHTS, STATISTICS = "weights", "statistics"


def main(folder):
    packages = ("tensorflow", "tf_keras", "tensorflow_hub")
    print(*(f"{p} {importlib.metadata.version(p)}" for p in packages))
    path = os.path.join(folder, "1")
    with np.load(os.path.join(folder, "expected.npz")) as file:
        expected = dict(file)
    compare_endpoints(hub.load(path), expected)
    images = expected["images"]
    fit(path, images, trainable=False, moves=set())
    fit(path, images, trainable=True, moves={WEIGHTS, STATISTICS})
    check_two_words(path, images)
    print("all as expected")


def check(what, right):
    print(f"{what}: {'yes' if right else 'NO'}", flush=True)
    if not right:
        sys.exit(f"not as expected: {what}")


def compare_endpoints(model, expected):
    images = tf.constant(expected["images"])
    answers = [
        model(images),
        model(images, trainable=False),
        model(images, training=False),
        model.signatures["images"](images=images),
    ]
    worst = max(
        difference(outputs[name.removeprefix("endpoint/")], value)
        for outputs in answers
        for name, value in expected.items()
        if name != "images"
    )
    check(f"endpoints agree to {worst:.2g}", worst <= TOLERANCE)


def difference(answered, expected):
    scale = max(np.abs(expected).max(), 1e-6)
    return float(np.abs(np.asarray(answered) - expected).max() / scale)


def fit(path, images, trainable, moves):
    """Trains two classes on the layer; only `moves` of it shall move."""
    layer = hub.KerasLayer(path, trainable=trainable, output_key="proj_sel")
    model = tf_keras.Sequential(
        [tf_keras.Input(images.shape[1:]), layer, tf_keras.layers.Dense(2)]
    )
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(1e-3), loss)
    before = values(layer)
    labels = np.arange(len(images)) % 2
    losses = model.fit(images, labels, epochs=EPOCHS, verbose=0).history["loss"]
    what = f"trainable={trainable}"
    check(
        f"{what}, moved: {sorted(moves) or None}", moved(layer, before, moves)
    )
    if trainable:
        fall = f"{losses[0]:.3f} to {losses[-1]:.3f}"
        check(f"{what}, loss falls: {fall}", losses[-1] < 0.5 * losses[0])
    before = values(layer)
    model.predict(images, verbose=0)
    check(f"{what}, predict moves nothing", moved(layer, before, set()))


def values(layer):
    """What the layer holds: {kind: {name: array}}, of what the model reads."""
    arrays: dict[str, dict[Any, Any]] = {WEIGHTS: {}, STATISTICS: {}}
    for variable in layer.weights:
        kind = STATISTICS if "moving_" in variable.name else WEIGHTS
        arrays[kind][variable.name, id(variable)] = variable.numpy()
    return arrays


def moved(layer, before, kinds):
    """Whether all of these kinds have moved that can, and nothing else."""
    after = values(layer)
    shares = {
        kind: np.mean(
            [
                not np.array_equal(old, after[kind][n])
                for n, old in arrays.items()
            ]
        )
        for kind, arrays in before.items()
    }
    # The projection's last layers and the classifier are not asked.
    return all(
        share > 0.8 if kind in kinds else share == 0
        for kind, share in shares.items()
    )


def check_two_words(path, images):
    """`training` and `trainable` are one: the same statistics after a call."""
    variables = []
    for words in ({"trainable": True}, {"training": True}):
        model = hub.load(path)
        model(tf.constant(images), **words)
        variables.append([v.numpy() for v in model.variables])
    same = all(map(np.array_equal, *variables))
    check("trainable=True and training=True do the same", same)


if __name__ == "__main__":
    main(sys.argv[1])
