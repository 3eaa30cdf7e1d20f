"""What a Keras network expects of pixels, and images in [0, 1] made into it."""

import sys
from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf.models.keras_models.keras_spec import KERAS
from simclrv2_tf.models.keras_models.keras_spec import constructor
from simclrv2_tf.models.keras_models.keras_spec import parse
from simclrv2_tf.models.keras_models.keras_spec import short

# Of ImageNet's training images in [0, 1]: torchvision's, and Keras's "torch".
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def _standardized(images):
    mean = tf.constant(IMAGENET_MEAN, images.dtype)
    return (images - mean) / tf.constant(IMAGENET_STD, images.dtype)


CONVENTIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "0..1": tf.identity,
    "0..255": lambda images: 255.0 * images,
    "-1..1": lambda images: 2.0 * images - 1.0,
    "imagenet": _standardized,
}


def pixel_scaling(
    text: str, pixels: str | None, channels: int, option: str
) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function from images in [0, 1] to what a network expects.

    Args:
      text: The network's specification.
      pixels: A name of `CONVENTIONS`; None for what `keras.applications`
        does by its own `preprocess_input`.
      channels: Of the images.
      option: Name of the option that gives `pixels`, for the errors.

    Raises:
      ValueError: If it is none of them, or not known, or not for so many
        channels.
    """
    spec = parse(text)
    if pixels is None and spec.kind == KERAS:
        scaling = _of_applications(constructor(spec, ()))
        _check_channels(scaling, spec.name, channels, option)
        return scaling
    if pixels not in CONVENTIONS:
        raise ValueError(
            f"`{option}` must say which pixels {short(text)} takes, one of "
            f"{list(CONVENTIONS)}. Received: {option}={pixels!r}"
        )
    if pixels == "imagenet" and channels != len(IMAGENET_MEAN):
        raise ValueError(
            f"{option}='imagenet' is for images of 3 channels. Received: "
            f"channels={channels}"
        )
    return CONVENTIONS[pixels]


def _of_applications(function):
    """The scaling that stands beside a constructor, which takes [0, 255].

    It changes nothing where the network scales by itself.
    """
    preprocess = sys.modules[function.__module__].preprocess_input
    return lambda images: preprocess(255.0 * images)


def _check_channels(scaling, name, channels, option):
    """Raises a ValueError unless images keep their channels: one is tried."""
    pixel = tf.zeros([1, 1, 1, channels])
    try:
        fits = scaling(pixel).shape == pixel.shape
    except (ValueError, IndexError, tf.errors.InvalidArgumentError):
        fits = False
    if not fits:
        raise ValueError(
            f"{name} takes images of 3 channels, as its `preprocess_input` "
            "expects: give --channels=3, or say with "
            f"--{option} which pixels it takes. Received: channels={channels}"
        )
