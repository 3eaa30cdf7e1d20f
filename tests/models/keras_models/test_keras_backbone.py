"""Any Keras network as the backbone of a `Network`."""

import keras
import keras_networks
import numpy as np
import pytest
import tensorflow as tf
from keras_networks import images

import simclrv2_tf
from simclrv2_tf.files.layer_names import uncounted
from simclrv2_tf.models import weight_decay
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.keras_models.keras_backbone import KerasBackbone
from simclrv2_tf.models.keras_models.keras_pixels import pixel_scaling
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.stages import nonfinite

HEADS = keras_networks.HEADS
BY_HAND = keras_networks.by_hand()


@pytest.mark.parametrize("arguments", keras_networks.arguments())
def test_a_network_is_saved_and_made_again(arguments, tmp_path):
    arguments = keras_networks.settled(arguments)
    keras.utils.set_random_seed(0)
    network = Network(**arguments, **HEADS)
    named = network.named_variables()
    assert {id(v) for v in named.values()} == {id(v) for v in network.weights}
    x = images(arguments["image_size"])
    network(x, training=True)  # statistics that differ from the first
    expected = network(x)
    path = str(tmp_path / "network.keras")
    network.save(path)
    for load in (keras.saving.load_model, simclrv2_tf.load_network):
        again = load(path)
        assert list(again.named_variables()) == list(named)
        for name, value in again(x).items():
            np.testing.assert_array_equal(value, expected[name], name)


def test_the_endpoints_are_those_behind_the_pooling():
    network = Network(**BY_HAND, **HEADS)
    outputs = network(images(16))
    assert {n: v.shape[1] for n, v in outputs.items()} == {
        "final_avg_pool": 16,
        "proj_head_input": 16,
        "proj_sel": 16,
        "proj_head_output": 8,
        "logits_sup": 3,
    }
    features = Backbone("final_avg_pool", network)(images(16))
    np.testing.assert_array_equal(features, outputs["final_avg_pool"])
    with pytest.raises(ValueError, match="must be one of"):
        Backbone("block_group4", network)


def test_a_model_in_python_is_taken_with_its_weights():
    model = keras_networks.sequential()
    arguments = {**BY_HAND, **HEADS, "backbone": model}
    network = Network(**arguments)
    x = images(16)
    expected = model(2 * x - 1).numpy().mean(axis=(1, 2))
    got = network(x)["final_avg_pool"]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert described(network) == uncounted(BY_HAND["backbone"])


def described(network):
    return uncounted(network.get_config()["backbone"])


def test_a_file_is_taken_with_its_weights(tmp_path):
    path, model = str(tmp_path / "x.keras"), keras_networks.sequential()
    model.save(path)
    network = Network(**{**BY_HAND, "backbone": path})
    np.testing.assert_array_equal(
        network.backbone.model.layers[0].kernel, model.layers[0].kernel
    )
    assert described(network) == uncounted(BY_HAND["backbone"])


def test_names_do_not_depend_on_what_was_made_before():
    """Keras counts layers without a name of their own in the process."""

    def unnamed():
        inputs = keras.Input((16, 16, 3))
        outputs = keras.layers.Conv2D(4, 3)(keras.layers.Conv2D(4, 3)(inputs))
        return keras.Model(inputs, outputs)

    models = [unnamed(), unnamed()]
    assert models[0].layers[1].name != models[1].layers[1].name
    names = [
        list(Network(**{**BY_HAND, "backbone": m}).named_variables())
        for m in models
    ]
    assert names[0] == names[1]
    assert names[0][:2] == [
        "base_model/keras/Conv2D/kernel",
        "base_model/keras/Conv2D/bias",
    ]


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("0..1", [0.0, 0.5, 1.0]),
        ("0..255", [0.0, 127.5, 255.0]),
        ("-1..1", [-1.0, 0.0, 1.0]),
        ("imagenet", [-0.485 / 0.229, 0.044 / 0.224, 0.594 / 0.225]),
    ],
)
def test_pixels_are_as_the_convention_says(pixels, expected):
    scale = pixel_scaling("mine.keras", pixels, 3, "backbone_pixels")
    given = tf.constant([[[[0.0, 0.5, 1.0]]]])
    np.testing.assert_allclose(scale(given)[0, 0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("MobileNet", keras.applications.mobilenet),  # to [-1, 1]
        ("DenseNet121", keras.applications.densenet),  # less a mean
        ("ResNet50", keras.applications.resnet),  # BGR, less a mean
        ("MobileNetV3Small", keras.applications.mobilenet_v3),  # scales itself
    ],
)
def test_networks_of_keras_have_their_own_preprocessing(name, module):
    x = images(8)
    scale = pixel_scaling(f"keras:{name}", None, 3, "backbone_pixels")
    expected = module.preprocess_input(255 * x)
    np.testing.assert_allclose(scale(tf.constant(x)), expected, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("name", ["DenseNet121", "ResNet50", "VGG16"])
def test_preprocessing_for_colours_refuses_other_channels(name, channels):
    message = (
        f"{name} takes images of 3 channels.*give --channels=3, or say with "
        f"--student_pixels which.*Received: channels={channels}"
    )
    with pytest.raises(ValueError, match=message):
        pixel_scaling(f"keras:{name}", None, channels, "student_pixels")
    given = pixel_scaling(f"keras:{name}", "0..255", channels, "student_pixels")
    assert given(tf.ones([1, 1, 1, channels])).shape[-1] == channels


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV3Small"])
def test_preprocessing_of_any_channels_takes_grey(name):
    scale = pixel_scaling(f"keras:{name}", None, 1, "backbone_pixels")
    assert scale(tf.ones([2, 4, 4, 1])).shape == (2, 4, 4, 1)


def test_pixels_are_asked_for_where_they_are_not_known():
    known = {**BY_HAND, "backbone_pixels": None}
    with pytest.raises(ValueError, match="`backbone_pixels` must say which"):
        Network(**known)
    with pytest.raises(ValueError, match="one of .*'imagenet'.*'0..2'"):
        Network(**{**BY_HAND, "backbone_pixels": "0..2"})
    with pytest.raises(ValueError, match="images of 3 channels"):
        pixel_scaling("x.keras", "imagenet", 1, "backbone_pixels")


def refused():
    inputs = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    flat = keras.Input((12,))
    soft = keras.layers.Dense(3, activation="softmax")(pooled)
    yield keras.Model(inputs, [pooled, pooled]), "one tensor of features"
    yield keras.Model(flat, keras.layers.Dense(3)(flat)), "one tensor of images"
    yield keras.Model([inputs, flat], pooled), "one tensor of images"
    yield keras.Model(inputs, soft), "which gives probabilities: cut it off"
    yield keras.Sequential([keras.layers.Conv2D(3, 3)]), "one tensor of images"


@pytest.mark.parametrize(("model", "message"), [*refused()])
def test_a_model_that_is_no_backbone_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        Network(**{**BY_HAND, "backbone": model})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"image_size": 24}, "takes images of 16×16 pixels.*image_size=24"),
        ({"channels": 1}, "and 3 channels.*channels=1"),
        ({"input_mean": "0.5,0.5,0.5"}, "pixel range with `backbone_pixels`"),
        ({"global_bn": False}, "leave global_bn=True"),
        ({"backbone": "resnet"}, "Expected a network as keras:NAME"),
    ],
)
def test_what_does_not_fit_a_backbone_is_a_sentence(other, message):
    with pytest.raises(ValueError, match=message):
        Network(**{**BY_HAND, **other})


def test_a_layer_that_cannot_be_described_is_a_sentence():
    class Mine(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def call(self, x):
            return x

    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, Mine(object())(inputs))
    with pytest.raises(ValueError, match="cannot be described as JSON"):
        Network(**{**BY_HAND, "backbone": model})


def test_kernels_are_decayed_and_adapted_and_nothing_else():
    network = Network(**BY_HAND, **HEADS)
    names = {id(v): n for n, v in network.named_variables().items()}
    inner = [names[id(v)] for v in weight_decay.inner_kernels(network)]
    assert inner == [
        "base_model/keras/Conv2D/kernel",
        "base_model/keras/SeparableConv2D/depthwise_kernel",
        "base_model/keras/SeparableConv2D/pointwise_kernel",
        "head_contrastive/nl_0/dense/kernel",
        "head_contrastive/nl_1/dense/kernel",
    ]
    plain = {names[id(v)] for v in weight_decay.plain_variables(network)}
    trained = {names[id(v)] for v in network.trainable_variables}
    assert plain == trained - set(inner)


def test_statistics_are_taken_back_and_momentum_stays():
    network = Network(**BY_HAND, **HEADS)
    paths = [v.path for v in nonfinite.statistics(network)[:2]]
    assert [path.split("/")[-1] for path in paths] == [
        "moving_mean",
        "moving_variance",
    ]
    norm = network.backbone.model.layers[1]
    assert norm.momentum == 0.8


def test_only_all_of_a_backbone_is_frozen():
    network = Network(**BY_HAND, **HEADS)
    for after_block, batch_norm in ((0, "moving"), (3, "moving"), (4, "batch")):
        with pytest.raises(ValueError, match="must be -1 .* or 4"):
            network.train_for_classification(after_block, batch_norm)
    network.train_for_classification(4)
    paths = [v.path for v in network.trainable_variables]
    assert len(paths) == 2 and all("head_supervised" in p for p in paths)


@pytest.mark.parametrize(
    "backbone",
    [
        BY_HAND,
        # Mean, variance and count of its `Normalization` are not trained.
        pytest.param(
            {"backbone": "keras:EfficientNetB0", "image_size": 32},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["by_hand", "EfficientNetB0"],
)
def test_parameters_are_those_that_are_trained(backbone):
    network = Network(**backbone, **HEADS)
    expected = sum(int(np.prod(v.shape)) for v in network.trainable_variables)
    assert count_parameters(network) == expected
    network.train_for_classification(4)  # frozen ones count
    assert count_parameters(network) == expected
    network.trainable = False
    assert count_parameters(network) == expected


def test_parameters_of_a_model_that_was_frozen_before_are_counted():
    model = keras_networks.sequential()
    model.trainable = False
    frozen = Network(**{**BY_HAND, "backbone": model}, **HEADS)
    assert count_parameters(frozen) == count_parameters(
        Network(**BY_HAND, **HEADS)
    )


def test_a_preset_of_keras_hub_is_taken_with_its_weights(tmp_path):
    model = keras_networks.hub_resnet()
    model.save_to_preset(str(tmp_path / "preset"))
    network = Network(
        backbone=f"keras_hub:{tmp_path / 'preset'}",
        backbone_pixels="imagenet",
        image_size=32,
        **HEADS,
    )
    for got, expected in zip(
        network.backbone.model.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(got, expected)
    path = str(tmp_path / "network.keras")
    network.save(path)
    again = simclrv2_tf.load_network(path)(images(32))
    for name, value in network(images(32)).items():
        np.testing.assert_array_equal(again[name], value, name)


@pytest.mark.parametrize(
    ("momentum", "steps", "expected"),
    [(0.999, 20, 1e-5 ** (1 / 20)), (0.999, 12_000, 0.999), (0.6, 30, 0.6)],
)
def test_moving_statistics_forget_their_start(momentum, steps, expected):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.BatchNormalization(momentum=momentum, center=False),
        ]
    )
    backbone = KerasBackbone(model, lambda images: images, 8, 3)
    backbone.settle_statistics(steps)
    assert model.layers[0].momentum == pytest.approx(expected)
    lowered = (momentum, pytest.approx(expected))
    assert backbone.lowered == (lowered if expected != momentum else None)
    images = np.ones((2, 8, 8, 3), np.float32)
    for _ in range(min(steps, 30)):
        backbone(images, training=True)
    start = model.layers[0].momentum ** min(steps, 30)
    mean = model.layers[0].moving_mean.numpy()
    np.testing.assert_allclose(mean, 1 - start, rtol=1e-4)
