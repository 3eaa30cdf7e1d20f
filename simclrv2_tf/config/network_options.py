"""Options of the network: backbone, heads, normalization."""

import dataclasses

from simclrv2_tf.config.option import BACKBONE
from simclrv2_tf.config.option import BELOW_ONE
from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import FIXED
from simclrv2_tf.config.option import HEADS
from simclrv2_tf.config.option import MODEL
from simclrv2_tf.config.option import NORMALIZATION
from simclrv2_tf.config.option import NUMBERS
from simclrv2_tf.config.option import SHARE
from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import fixed
from simclrv2_tf.config.option import option
from simclrv2_tf.files.layer_names import uncounted

_PIXELS = (None, "0..1", "0..255", "-1..1", "imagenet")
PIXELS = Range(
    lambda value: value in _PIXELS, f"one of {', '.join(_PIXELS[1:])}"
)
DEPTHS = (18, 34, 50, 101, 152, 200)


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """The network."""

    backbone: str | None = option(
        None,
        "Any Keras network in place of the ResNet: keras:NAME or "
        "keras:NAME(argument=value, ...) of keras.applications, "
        "keras_hub:PRESET, or FILE.keras; see docs/keras_networks.md.",
        kind=str,
        also=MODEL,
        describes=BACKBONE,
        resumed=fixed(uncounted),
    )
    backbone_pixels: str | None = option(
        None,
        "Pixels that --backbone takes: 0..1, 0..255, -1..1, or imagenet, less "
        "ImageNet's mean and over its deviation; unset: known, as it is of "
        "keras.applications.",
        kind=str,
        range=PIXELS,
        describes=BACKBONE,
        resumed=FIXED,
    )
    backbone_weights: str | None = option(
        None,
        "Weights that --backbone starts from: random, imagenet (Keras fetches "
        "them), or a file, .keras, .weights.h5 or .h5; unset: those of "
        "FILE.keras or of the preset, else random.",
        kind=str,
    )
    resnet_depth: int = option(
        50, "Depth of the ResNet.", DEPTHS, describes=BACKBONE, resumed=FIXED
    )
    width_multiplier: float = option(
        1,
        "Times the channels of every layer, a multiple of 1/32.",
        kind=float,
        range=Range(
            lambda v: v > 0 and 32 * v == int(32 * v),
            "a positive multiple of 1/32, such as 0.25, 1 or 2",
        ),
        describes=BACKBONE,
        resumed=FIXED,
    )
    sk_ratio: float = option(
        0.0,
        "Selective kernels if above 0; 0.0625 in the published networks.",
        range=SHARE,
        describes=BACKBONE,
        resumed=FIXED,
    )
    se_ratio: float = option(
        0.0,
        "Squeeze-and-excite if above 0.",
        range=SHARE,
        describes=BACKBONE,
        resumed=FIXED,
    )
    image_size: int = option(
        224,
        "Side of the images in pixels; up to 32 takes the small stem.",
        range=Range(lambda v: v >= 8, "at least 8 pixels"),
        describes=BACKBONE,
        resumed=FIXED,
    )
    channels: int = option(
        3,
        "Channels of the images: 3 for RGB, 1 for grey, or as many as the "
        "arrays have. Saturation, hue and grey are changed with 3 alone.",
        range=at_least(1),
        describes=BACKBONE,
        resumed=FIXED,
    )
    input_mean: str | None = option(
        None,
        "What the network takes from each channel of images in [0, 1] first: "
        "numbers with commas; unset: as the weights of --checkpoint expect, "
        "else nothing.",
        kind=str,
        also=NUMBERS,
        describes=BACKBONE,
        resumed=FIXED,
    )
    input_std: str | None = option(
        None,
        "What the network then divides each channel by; see --input_mean.",
        kind=str,
        also=NUMBERS,
        describes=BACKBONE,
        resumed=FIXED,
    )
    proj_head_mode: str = option(
        "nonlinear",
        "Projection head.",
        ("none", "linear", "nonlinear"),
        describes=HEADS,
        resumed=FIXED,
    )
    proj_out_dim: int = option(
        128,
        "Features of the projection.",
        range=at_least(1),
        describes=HEADS,
        resumed=FIXED,
    )
    num_proj_layers: int = option(
        3,
        "Layers of the nonlinear projection head, 1 or more.",
        range=at_least(1),
        describes=HEADS,
        resumed=FIXED,
    )
    ft_proj_selector: int = option(
        0,
        "Layer that the supervised head reads: 0 the backbone's features, 1 "
        "the first projection layer, ..., -1 the projection.",
        describes=HEADS,
        resumed=FIXED,
    )
    global_bn: bool = option(
        True,
        "Whether batch normalization spans all replicas.",
        describes=NORMALIZATION,
        resumed=CHANGES_TRAINING,
    )
    batch_norm_decay: float = option(
        0.9,
        "Momentum of batch normalization's statistics, in [0, 1).",
        range=BELOW_ONE,
        describes=NORMALIZATION,
        resumed=CHANGES_TRAINING,
    )
