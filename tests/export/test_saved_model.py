"""What an exported version answers, in this process."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from export_cases import NAMES
from export_cases import SIZE
from export_cases import encode
from export_cases import make_network
from export_cases import prepare
from slow_cases import all_but

from simclrv2_tf import export
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded

KEYS = {
    "initial_conv",
    "initial_max_pool",
    "block_group1",
    "block_group2",
    "block_group3",
    "block_group4",
    "final_avg_pool",
    "proj_head_input",
    "proj_head_output",
    "proj_sel",
    "logits_sup",
}
IMAGES = np.random.default_rng(0).random((2, SIZE, SIZE, 3), np.float32)
KINDS = {
    "png": ("PNG", "RGB"),
    "grey png": ("PNG", "L"),
    "rgba png": ("PNG", "RGBA"),
    "palette bmp": ("BMP", "P"),
    "gif": ("GIF", "P"),
    "webp": ("WEBP", "RGB"),
    "jpeg": ("JPEG", "RGB"),
    "cmyk jpeg": ("JPEG", "CMYK"),
}


def test_called_as_the_original(network, loaded):
    outputs = loaded(tf.constant(IMAGES), trainable=False)
    assert set(outputs) == KEYS
    expected = network(IMAGES, training=False)
    for name in KEYS:
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)
    other = loaded(tf.zeros([1, 33, 57, 3]))  # any size, trainable left out
    assert set(other) == KEYS


@pytest.mark.parametrize(
    "word", ["trainable", pytest.param("training", marks=pytest.mark.slow)]
)
def test_training_advances_statistics_and_reaches_every_variable(
    exported, word
):
    model = tf.saved_model.load(exported)
    total = len(model.trainable_variables)
    assert len(model.trainable_variables_list) == total
    moving = [v for v in model.variables if "moving" in v.name]
    assert len(model.variables) == total + len(moving)
    before = [v.numpy() for v in moving]
    with tf.GradientTape() as tape:
        outputs = model(tf.constant(IMAGES), **{word: True})
        loss = tf.reduce_sum(outputs["logits_sup"] ** 2)
        loss += tf.reduce_sum(outputs["proj_head_output"] ** 3)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(g is not None for g in gradients)
    for old, variable in zip(before, moving, strict=True):
        assert not np.array_equal(old, variable.numpy()), variable.name


def test_inference_leaves_statistics_alone(loaded):
    before = [v.numpy() for v in loaded.variables]
    loaded(tf.constant(IMAGES))
    loaded.signatures["images"](images=tf.constant(IMAGES))
    for old, variable in zip(before, loaded.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


@pytest.mark.parametrize("kind", all_but(("png", "jpeg"), KINDS))
def test_preprocessing_is_that_of_evaluation_to_the_last_bit(loaded, kind):
    data = [encode(*KINDS[kind], size=size) for size in [(50, 70), (31, 20)]]
    source = Source(
        "test", np.zeros(2, np.int32), Encoded(np.array(data, object))
    )
    ((expected, _),) = pipeline.eval_dataset(source, 2, SIZE)
    ours = loaded.preprocess(tf.constant(data))
    np.testing.assert_array_equal(ours, expected)


def test_serving_default_names_the_best(network, loaded):
    data = [encode(seed=s, size=(30 + 9 * s, 64)) for s in range(3)]
    answer = loaded.signatures["serving_default"](encoded=tf.constant(data))
    images = tf.stack([prepare(tf.constant(d)) for d in data])
    logits = network(images)["logits_sup"]
    expected = tf.nn.softmax(logits).numpy()
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    order = np.argsort(-expected, axis=1)[:, :5]
    named = [[n.decode() for n in row] for row in answer["classes"].numpy()]
    assert named == [[NAMES[i] for i in row] for row in order]
    best = np.take_along_axis(expected, order, axis=1)
    np.testing.assert_allclose(answer["scores"], best, atol=1e-6)


def test_signatures_are_batch_major(loaded):
    assert set(loaded.signatures) == {
        "serving_default",
        "images",
        "images_uint8",
        "embed",
        "classify",
    }
    data = tf.constant([encode(seed=s) for s in range(3)])
    floats = tf.constant(np.repeat(IMAGES[:1], 3, axis=0))
    arguments = {
        "serving_default": {"encoded": data},
        "embed": {"encoded": data},
        "images": {"images": floats},
        "images_uint8": {"images": tf.cast(255 * floats, tf.uint8)},
        "classify": {"inputs": examples(data.numpy(), "image/encoded")},
    }
    for name, argument in arguments.items():
        for output in loaded.signatures[name](**argument).values():
            assert output.shape[0] == 3, name


def examples(data, key):
    def example(value):
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        features = tf.train.Features(feature={key: feature})
        return tf.train.Example(features=features).SerializeToString()

    return tf.constant([example(value) for value in data])


@pytest.mark.parametrize("key", ["image/encoded", "image"])
def test_classify_takes_examples(loaded, key):
    data = [encode(seed=s) for s in range(2)]
    answer = loaded.signatures["classify"](inputs=examples(data, key))
    expected = loaded.signatures["serving_default"](encoded=tf.constant(data))
    np.testing.assert_array_equal(answer["classes"], expected["classes"])
    np.testing.assert_array_equal(answer["scores"], expected["scores"])


def test_classify_says_what_it_expects(loaded):
    with pytest.raises(tf.errors.InvalidArgumentError, match="`image/encoded`"):
        loaded.signatures["classify"](inputs=examples([b"x"], "picture"))


def test_embed_and_images_agree_with_the_network(network, loaded):
    data = tf.constant([encode()])
    expected = network(loaded.preprocess(data))
    embedded = loaded.signatures["embed"](encoded=data)
    assert set(embedded) == {"final_avg_pool", "proj_head_output"}
    for name, value in embedded.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)


def test_bytes_are_scaled_to_the_unit_interval(loaded):
    pixels = (255 * IMAGES).astype(np.uint8)
    ours = loaded.signatures["images_uint8"](images=tf.constant(pixels))
    floats = tf.constant(pixels / np.float32(255.0))
    expected = loaded.signatures["images"](images=floats)
    assert set(ours) == KEYS
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, atol=1e-5)


NO_FORMAT = "Expected an image as JPEG, PNG, GIF, WebP"
# Images and the reason of their refusal.
BAD = {
    "empty": (b"", "Expected an encoded image of 1 to 134217728 bytes"),
    "text": (b"no image", NO_FORMAT),
    "cut": (encode()[:200], "Invalid PNG data"),
    "cut jpeg": (encode("JPEG")[:300], "Invalid JPEG data"),
    "tiff": (encode("TIFF"), NO_FORMAT),
}


@pytest.mark.parametrize(("image", "reason"), BAD.values(), ids=BAD)
def test_a_bad_image_fails_its_request_and_no_other(loaded, image, reason):
    serve = loaded.signatures["serving_default"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
        serve(encoded=tf.constant([encode(), image]))
    assert serve(encoded=tf.constant([encode()]))["scores"].shape == (1, 5)


@pytest.mark.slow
def test_a_keras_layer_that_infers_and_is_fine_tuned(exported, network):
    layer = keras.layers.TFSMLayer(
        exported, call_endpoint="images", call_training_endpoint="training"
    )
    endpoints = layer(tf.constant(IMAGES))
    expected = network(IMAGES)["final_avg_pool"]
    np.testing.assert_allclose(endpoints["final_avg_pool"], expected, atol=1e-5)
    images = keras.Input((SIZE, SIZE, 3))
    features = layer(images)["final_avg_pool"]
    model = keras.Model(images, keras.layers.Dense(2)(features))
    model.compile(
        keras.optimizers.SGD(0.03),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    before = [v.numpy() for v in layer.variables]
    history = model.fit(IMAGES, np.array([0, 1]), epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert len(layer.trainable_variables) > 60
    same = [
        np.array_equal(old, v.numpy())
        for old, v in zip(before, layer.variables, strict=True)
    ]
    assert sum(same) <= 12  # projection and classifier, which are not asked


@pytest.mark.slow
def test_a_network_without_classes_serves_embeddings(tmp_path):
    bare = make_network(num_classes=0)
    path = export.export_network(bare, str(tmp_path), 0, prepare)
    model = tf.saved_model.load(path)
    answer = model.signatures["serving_default"](tf.constant([encode()]))
    assert set(answer) == {"final_avg_pool", "proj_head_output"}
    assert "classify" not in model.signatures
