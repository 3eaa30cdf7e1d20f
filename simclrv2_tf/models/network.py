"""The whole network as one Keras model: backbone and both heads."""

import collections
import inspect
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import keras
import tensorflow as tf

from simclrv2_tf.keras_settings import check_image_format
from simclrv2_tf.models.heads import ProjectionHead
from simclrv2_tf.models.heads import SupervisedHead
from simclrv2_tf.models.keras_models.keras_backbone import KerasBackbone
from simclrv2_tf.models.keras_models.keras_backbone import check_options
from simclrv2_tf.models.keras_models.keras_backbone import make_keras_backbone
from simclrv2_tf.models.normalization import BatchNorm
from simclrv2_tf.models.pixel_scaling import make_scaling
from simclrv2_tf.models.pixel_scaling import per_channel
from simclrv2_tf.models.resnet import ResNet

PerChannel: TypeAlias = str | Sequence[float] | None
KERAS_SCOPE = "base_model/keras/"  # of a Keras backbone's variables


@keras.saving.register_keras_serializable("simclrv2_tf")
class Network(keras.Model):
    """A SimCLRv2 network: images to the dictionary of named endpoints.

    Chen et al., "Big Self-Supervised Models are Strong Semi-Supervised
    Learners", 2020. One network serves pretraining, fine-tuning, distillation
    and export alike; what is trained is the stage's business.

    Args:
      resnet_depth: One of 18, 34, 50, 101, 152, 200.
      width_multiplier: Times the channels of every layer, a multiple of 1/32.
      sk_ratio: Above 0, selective kernels with ResNet-D stem and shortcuts;
        0.0625 in the published networks.
      se_ratio: Above 0, squeeze-and-excite.
      image_size: Side of the images in pixels that the stem is chosen for: up
        to 32 it neither strides nor pools.
      num_classes: Logits of the supervised head; 0 leaves the head out.
      proj_head_mode: "none", "linear" or "nonlinear".
      num_proj_layers: Layers of the nonlinear projection head.
      proj_out_dim: Features of the projection.
      ft_proj_selector: Which of [features, layer 1, …, projection] the
        supervised head reads; negative counts from the end.
      batch_norm_decay: Momentum of the moving statistics, in [0, 1).
      global_bn: Whether moments are taken over all replicas.
      channels: Channels of the images.
      input_mean: What the network takes from each channel of the images
        first, for weights that were trained so; numbers, or text with commas.
      input_std: What it then divides each channel by, the same.
      backbone: Any Keras network in place of the ResNet: a `keras.Model`, or
        one as text, see docs/keras_networks.md. It takes images of
        `image_size` and `channels`; what describes the ResNet has no meaning
        then.
      backbone_pixels: Which pixels it takes, "0..1", "0..255", "-1..1" or
        "imagenet"; known of `keras.applications`.

    Returns:
      From float images (batch, height, width, channels) in [0, 1]:
      `initial_conv`, `initial_max_pool`, `block_group1` … `block_group4`
      (batch, height', width', channels'); `final_avg_pool` and
      `proj_head_input`, which are the same, `proj_sel`, the layer that the
      supervised head reads, `proj_head_output` (batch, features); `logits_sup`
      (batch, num_classes). A Keras backbone has none before `final_avg_pool`.

    Raises:
      ValueError: For a depth, width, head or selector that does not exist.

    Example:
      >>> network = Network(resnet_depth=18, image_size=32, num_classes=10)
      >>> network(np.zeros((2, 32, 32, 3)))["logits_sup"].shape
      TensorShape([2, 10])
    """

    def __init__(
        self,
        resnet_depth: int = 50,
        width_multiplier: float = 1,
        sk_ratio: float = 0.0,
        se_ratio: float = 0.0,
        image_size: int = 224,
        num_classes: int = 1000,
        proj_head_mode: str = "nonlinear",
        num_proj_layers: int = 3,
        proj_out_dim: int = 128,
        ft_proj_selector: int = 0,
        batch_norm_decay: float = 0.9,
        global_bn: bool = True,
        channels: int = 3,
        input_mean: PerChannel = None,
        input_std: PerChannel = None,
        backbone: str | keras.Model | None = None,
        backbone_pixels: str | None = None,
        **kwargs: Any,
    ) -> None:
        check_arguments(kwargs)
        check_image_format()
        config: dict[str, Any] = {
            "resnet_depth": resnet_depth,
            "width_multiplier": width_multiplier,
            "sk_ratio": sk_ratio,
            "se_ratio": se_ratio,
            "image_size": image_size,
            "num_classes": num_classes,
            "proj_head_mode": proj_head_mode,
            "num_proj_layers": num_proj_layers,
            "proj_out_dim": proj_out_dim,
            "ft_proj_selector": ft_proj_selector,
            "batch_norm_decay": batch_norm_decay,
            "global_bn": global_bn,
            "channels": channels,
            "input_mean": per_channel("input_mean", input_mean, channels),
            "input_std": per_channel("input_std", input_std, channels),
        }
        if backbone is None or backbone == "":
            base = _make_resnet(config)
        else:
            base, text = _make_foreign(config, backbone, backbone_pixels)
            config |= {"backbone": text, "backbone_pixels": backbone_pixels}
        projection_head = _make_projection_head(config, base.feature_dim)
        check_selector(ft_proj_selector, len(projection_head.layers))
        supervised_head = _make_supervised_head(num_classes)

        images = keras.Input((None, None, channels), name="images")
        endpoints = _connect(
            images, base, projection_head, supervised_head, ft_proj_selector
        )
        super().__init__(inputs=images, outputs=endpoints, **kwargs)

        self.backbone = base
        self.projection_head = projection_head
        self.supervised_head = supervised_head
        self._config = config

    def get_config(self) -> dict[str, Any]:
        return {**self._config, "name": self.name}

    @property
    def noise(self) -> list[keras.Variable]:
        """Random states of a Keras backbone, see there; [] of a ResNet."""
        foreign = isinstance(self.backbone, KerasBackbone)
        return self.backbone.noise if foreign else []

    @property
    def selected_layers(self) -> int:
        """How many projection layers the supervised head builds upon."""
        selector = self._config["ft_proj_selector"]
        return selector % (len(self.projection_head.layers) + 1)

    def train_for_classification(
        self,
        fine_tune_after_block: int = -1,
        frozen_batch_norm: str = "moving",
    ) -> None:
        """Freezes the layers that the logits do not depend on.

        Projection layers behind the selector keep their weights and
        statistics, and frozen groups of the backbone their weights.

        Args:
          fine_tune_after_block: See `ResNet.freeze`.
          frozen_batch_norm: "moving" or "batch", see there.
        """
        self.backbone.freeze(fine_tune_after_block, frozen_batch_norm)
        for layer in self.projection_head.layers[self.selected_layers :]:
            layer.trainable = False

    def named_variables(self) -> dict[str, keras.Variable]:
        """The variables under their names in a TF1 checkpoint.

        Returns:
          Dictionary {"base_model/conv2d/kernel": keras.Variable, …}:
          convolutions and normalizations of the backbone are each numbered in
          the order of their creation. Those of a Keras backbone stand below
          "base_model/keras/", see `KerasBackbone.named_variables`.
        """
        foreign, layers = {}, {}
        if isinstance(self.backbone, KerasBackbone):
            own = self.backbone.named_variables()
            foreign = {f"{KERAS_SCOPE}{name}": v for name, v in own.items()}
        else:
            layers = dict(_number(self.backbone.leaves()))
        for layer in self.projection_head.layers:
            scope = f"head_contrastive/{layer.name}"
            layers[f"{scope}/dense"] = layer.dense
            layers[f"{scope}/batch_normalization"] = layer.norm
        if self.supervised_head is not None:
            scope = "head_supervised/linear_layer/dense"
            layers[scope] = self.supervised_head.linear
        return foreign | {
            f"{scope}/{variable.name}": variable
            for scope, layer in layers.items()
            for variable in layer.variables
        }


def check_arguments(names: Iterable[str]) -> None:
    """Raises a ValueError for names that are no arguments of `Network`."""
    known = list(inspect.signature(Network.__init__).parameters)[1:-1]
    wrong = sorted(set(names) - {*known, "name", "trainable", "dtype"})
    if wrong:
        raise ValueError(
            f"A Network has no argument {', '.join(map(repr, wrong))}: "
            f"expected some of {', '.join(known)}."
        )


def check_selector(selector: int, layers: int) -> None:
    """Raises a ValueError for a layer that a head of so many has not."""
    if not -layers - 1 <= selector <= layers:
        raise ValueError(
            f"`ft_proj_selector` must be from {-layers - 1} to {layers} for a "
            f"projection head of {layers} layers. Received: {selector}"
        )


def _number(leaves):
    counts = collections.Counter()
    for layer in leaves:
        norm = isinstance(layer, BatchNorm)
        kind = "batch_normalization" if norm else "conv2d"
        suffix = f"_{counts[kind]}" if counts[kind] else ""
        counts[kind] += 1
        yield f"base_model/{kind}{suffix}", layer


def build_network(**kwargs: Any) -> Network:
    """Builds a `Network` and its weights; see there for the arguments."""
    return Network(**kwargs)


def count_parameters(network: Network) -> int:
    """Elements of all variables that training can change, frozen or not."""
    parts = (
        network.backbone,
        network.projection_head,
        network.supervised_head,
    )
    leaves = [leaf for part in parts if part for leaf in part.leaves()]
    # `non_trainable_weights` holds all weights of a frozen layer.
    statistics = {
        id(variable)
        for leaf in leaves
        for variable in leaf._non_trainable_variables
    }
    return sum(
        int(tf.size(variable).numpy())
        for variable in network.named_variables().values()
        if id(variable) not in statistics
    )


def _make_resnet(config):
    """The backbone of a network's configuration."""
    return ResNet(
        config["resnet_depth"],
        config["width_multiplier"],
        config["sk_ratio"],
        config["se_ratio"],
        config["image_size"],
        input_scaling=make_scaling(
            config["input_mean"], config["input_std"], config["channels"]
        ),
        name="base_model",
        **_norm(config),
    )


def _make_foreign(config, backbone, pixels):
    """A Keras network as backbone, and its text."""
    check_options(
        config["input_mean"], config["input_std"], config["global_bn"]
    )
    return make_keras_backbone(
        backbone,
        pixels,
        config["image_size"],
        config["channels"],
        name="base_model",
    )


def _make_projection_head(config, feature_dim):
    return ProjectionHead(
        config["proj_head_mode"],
        config["num_proj_layers"],
        feature_dim,
        config["proj_out_dim"],
        name="head_contrastive",
        **_norm(config),
    )


def _make_supervised_head(num_classes):
    """None without classes."""
    if not num_classes:
        return None
    return SupervisedHead(num_classes, name="head_supervised")


def _connect(images, base, projection_head, supervised_head, selector):
    """Named endpoints of backbone and heads, see `Network`."""
    endpoints = dict(base(images))
    hidden = projection_head(endpoints["final_avg_pool"])
    endpoints["proj_head_input"] = hidden[0]
    endpoints["proj_sel"] = hidden[selector]
    endpoints["proj_head_output"] = hidden[-1]
    if supervised_head is not None:
        endpoints["logits_sup"] = supervised_head(endpoints["proj_sel"])
    return endpoints


def _norm(config):
    return {name: config[name] for name in ("batch_norm_decay", "global_bn")}
