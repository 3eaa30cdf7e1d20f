"""Our exports and formulas on the stack of tensorflow-addons.

    python tools/addons/theirs.py FOLDER

Runs on TensorFlow 2.15.1 with Keras 2 and needs nothing of simclrv2_tf: the
folder is what ours.py wrote. Prints what was compared and fails if anything
differs beyond its tolerance.
"""

import os
import sys
import warnings
from typing import Any

warnings.filterwarnings("ignore")  # tensorflow-addons announces its end

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tensorflow_addons as tfa  # noqa: E402

tf.get_logger().setLevel("ERROR")  # its filters are traced for each call

TOLERANCE = 1e-5  # largest difference, relative to the largest value
TUNING_STEPS = 15


def main(folder):
    print(
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, "
        f"tensorflow-addons {tfa.__version__}"
    )
    with np.load(os.path.join(folder, "expected.npz")) as file:
        expected = dict(file)
    for name in ("plain", "selective"):
        model = tf.saved_model.load(os.path.join(folder, name, "1"))
        compare_endpoints(model, name, expected)
        compare_answers(model, name, expected)
        fine_tune(model, name, expected[f"{name}/images"])
    compare_lamb(expected)
    compare_blur(expected)
    print("all as expected")


def check(what, apart, limit):
    print(f"{what}: {apart:.3g} (at most {limit:g})", flush=True)
    if not apart <= limit:
        sys.exit(f"{what} differs by {apart:.3g}, at most {limit:g} expected")


def difference(answered, expected):
    scale = max(np.abs(expected).max(), 1e-6)
    return float(np.abs(np.asarray(answered) - expected).max() / scale)


def compare_endpoints(model, name, expected):
    images = tf.constant(expected[f"{name}/images"])
    called, signed = model(images), model.signatures["images"](images=images)
    worst, count = 0.0, 0
    for key, value in expected.items():
        if key.startswith(f"{name}/endpoint/"):
            endpoint = key.rsplit("/", 1)[1]
            for outputs in (called, signed):
                worst = max(worst, difference(outputs[endpoint], value))
            count += 1
    check(f"{name}, {count} endpoints", worst, TOLERANCE)


def compare_answers(model, name, expected):
    data = [expected[f"{name}/png/{i}"].tobytes() for i in range(2)]
    answer = model.signatures["serving_default"](encoded=tf.constant(data))
    apart = difference(
        answer["probabilities"], expected[f"{name}/probabilities"]
    )
    check(f"{name}, probabilities of encoded images", apart, TOLERANCE)
    names = answer["classes"].numpy().astype(str)
    if names.tolist() != expected[f"{name}/classes"].tolist():
        sys.exit(f"{name}: other classes are named than by TensorFlow 2.21")


def fine_tune(model, name, images):
    """All variables and a new head, by LAMB, until the loss falls."""
    labels = tf.constant(np.arange(len(images)) % 2)
    head = tf.keras.layers.Dense(2)
    optimizer = tfa.optimizers.LAMB(0.02)
    losses = []
    for _ in range(TUNING_STEPS):
        with tf.GradientTape() as tape:
            outputs = model(tf.constant(images), trainable=True)
            logits = head(outputs["final_avg_pool"])
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            )
            # What the head does not read has to be reached as well.
            loss += 1e-3 * tf.reduce_mean(outputs["logits_sup"] ** 2)
            loss += 1e-3 * tf.reduce_mean(outputs["proj_head_output"] ** 2)
        variables = [*model.trainable_variables, *head.trainable_variables]
        gradients = tape.gradient(loss, variables)
        if any(gradient is None for gradient in gradients):
            sys.exit(f"{name}: some variables have no gradient")
        optimizer.apply_gradients(zip(gradients, variables))  # noqa: B905
        losses.append(float(loss))
    print(
        f"{name}, tfa.optimizers.LAMB: loss {losses[0]:.3f} to {losses[-1]:.3f}"
    )
    if not losses[-1] < 0.5 * losses[0]:
        sys.exit(f"{name}: the loss has not fallen to half: {losses}")


def compare_lamb(expected):
    """Equal without weight decay; with it the definitions differ.

    tensorflow-addons adds decay to the update before it takes the trust
    ratio, as the paper of LAMB does. Keras, which we build, shrinks the
    weights by learning rate times decay beforehand.
    """
    for decay in expected["lamb/decays"]:
        theirs = lamb_by_addons(expected, float(decay))
        inside = lamb_by_hand(expected, float(decay), inside=True)
        outside = lamb_by_hand(expected, float(decay), inside=False)
        ours = {k: expected[f"lamb/decay {decay}/{k}"] for k in theirs}
        what = f"LAMB, decay {decay:g}"
        check(
            f"{what}, ours and the form outside", far(ours, outside), TOLERANCE
        )
        check(
            f"{what}, theirs and the form inside",
            far(theirs, inside),
            TOLERANCE,
        )
        if decay:
            print(f"{what}, ours and theirs: {far(ours, theirs):.3g}, as told")
        else:
            check(f"{what}, ours and theirs", far(ours, theirs), TOLERANCE)


def far(some, others):
    return max(difference(some[key], others[key]) for key in others)


def steps_of(expected):
    count = len({k.split("/")[2] for k in expected if "lamb/gradient" in k})
    for step in range(count):
        yield step, [expected[f"lamb/gradient/{step}/{i}"] for i in range(2)]


def lamb_by_addons(expected, decay):
    optimizer = tfa.optimizers.LAMB(
        float(expected["lamb/rate"]),
        epsilon=float(expected["lamb/epsilon"]),
        weight_decay=decay,
    )
    variables = [tf.Variable(expected[f"lamb/start/{i}"]) for i in range(2)]
    weights: dict[str, Any] = {}
    for step, gradients in steps_of(expected):
        optimizer.apply_gradients(zip(gradients, variables))  # noqa: B905
        weights |= {f"{step}/{i}": v.numpy() for i, v in enumerate(variables)}
    return weights


def lamb_by_hand(expected, decay, inside):
    rate, epsilon = float(expected["lamb/rate"]), expected["lamb/epsilon"]
    values = [np.float64(expected[f"lamb/start/{i}"]) for i in range(2)]
    first, second = [0.0, 0.0], [0.0, 0.0]
    weights = {}
    for step, gradients in steps_of(expected):
        for i, gradient in enumerate(gradients):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            mean = first[i] / (1 - 0.9 ** (step + 1))
            spread = np.sqrt(second[i] / (1 - 0.999 ** (step + 1)))
            change = mean / (spread + epsilon)
            if inside:
                change = change + decay * values[i]
            else:
                values[i] = values[i] * (1 - rate * decay)
            trust = np.linalg.norm(values[i]) / np.linalg.norm(change)
            values[i] = values[i] - rate * trust * change
            weights[f"{step}/{i}"] = values[i]
    return weights


def compare_blur(expected):
    """Equal with zeros outside; by default tensorflow-addons mirrors there."""
    images = tf.constant(expected["blur/images"])
    for index, (size, sigma) in enumerate(expected["blur/settings"]):
        ours = expected[f"blur/ours/{index}"]
        width = 2 * int(size / 2) + 1
        blur = tfa.image.gaussian_filter2d
        zeros = blur(images, width, float(sigma), "CONSTANT", 0)
        what = f"blur of {width} pixels, sigma {sigma:g}"
        check(f"{what}, zeros outside", difference(zeros, ours), TOLERANCE)
        mirrored = blur(images, width, float(sigma)).numpy()
        edge = width // 2
        inner = (slice(None), slice(edge, -edge), slice(edge, -edge))
        apart = difference(mirrored[inner], ours[inner])
        check(f"{what}, mirrored outside, away from edges", apart, TOLERANCE)


if __name__ == "__main__":
    main(sys.argv[1])
