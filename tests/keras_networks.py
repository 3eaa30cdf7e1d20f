"""Keras networks that tests take for backbones, small and large."""

import keras
import numpy as np
import pytest

from simclrv2_tf.models.keras_models.keras_build import as_json

SIDE = 16  # pixels that the hand-written ones take
NARROW = "keras:MobileNetV3Small(alpha=0.25, minimalistic=True)"
LARGE = ("keras:EfficientNetV2B0", "keras:ConvNeXtTiny")
HEADS = {"num_classes": 3, "num_proj_layers": 2, "proj_out_dim": 8}


def images(side=SIDE, count=4):
    """Random pixels, (count, side, side, 3) float32 from 0 to 1."""
    rng = np.random.default_rng(0)
    return rng.random((count, side, side, 3), np.float32)


def sequential(rate=0.3, side=SIDE):
    """A hand-written network, with dropout, that gives a feature map.

    Without biases, which normalization behind them takes out again: their
    gradient is nothing but rounding.
    """
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.Conv2D(8, 3, strides=2, use_bias=False, name="first"),
            keras.layers.BatchNormalization(momentum=0.8, name="norm"),
            keras.layers.ReLU(name="relu"),
            keras.layers.SeparableConv2D(16, 3, use_bias=False, name="second"),
            keras.layers.Dropout(rate, name="dropout"),
        ],
        name="by_hand",
    )


def classifier(classes=3, activation=None, side=SIDE, bias=0.0):
    """A hand-written classifier whose bias is what it tells the classes by."""
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.Conv2D(4, 3, strides=4, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(classes),
            keras.layers.Activation(activation or "linear"),
        ],
        name="teaches",
    )
    model.layers[2].bias.assign([bias] + [0.0] * (classes - 1))
    return model


def by_hand(rate=0.3, side=SIDE):
    """Arguments of `Network` for the hand-written network."""
    text = as_json(sequential(rate, side))
    return {"backbone": text, "backbone_pixels": "-1..1", "image_size": side}


def hub_resnet():
    """A small ResNet of KerasHub."""
    keras_hub = pytest.importorskip("keras_hub")
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )


def of_hub():
    """Arguments of `Network` for that one."""
    return {
        "backbone": as_json(hub_resnet()),
        "backbone_pixels": "imagenet",
        "image_size": 32,
    }


def settled(arguments):
    """Arguments, made now if a function makes them."""
    return arguments() if callable(arguments) else arguments


def arguments():
    """Arguments of `Network` for each network; all but the first are slow.

    Those of KerasHub are a function: loading it takes seconds.
    """
    return [
        pytest.param(by_hand(), id="by_hand"),
        pytest.param(of_hub, id="keras_hub", marks=pytest.mark.slow),
        pytest.param(
            {"backbone": NARROW, "image_size": 32},
            id="narrow",
            marks=pytest.mark.slow,
        ),
        *(
            pytest.param(
                {"backbone": text, "image_size": 32},
                id=text,
                marks=pytest.mark.slow,
            )
            for text in LARGE
        ),
    ]
