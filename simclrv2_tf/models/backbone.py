"""A network up to one of its endpoints, to put one's own layers on."""

from collections.abc import Sequence
from typing import Any

import keras

from simclrv2_tf.models.keras_models.keras_backbone import KerasBackbone
from simclrv2_tf.models.network import Network


@keras.saving.register_keras_serializable("simclrv2_tf")
class Backbone(keras.Model):
    """A `Network` cut off behind an endpoint: images to features.

    Only the layers that the endpoint needs are there, one for the stem, each
    block group and each projection layer, so that `summary()` shows them and
    all variables have gradients. Normalization follows `trainable`, of the
    whole or of a layer: trainable ones use and advance the batch's statistics
    when called with `training=True`, frozen ones keep and use their moving
    statistics however they are called.

    Args:
      endpoint: Name of an endpoint of `Network`, or a sequence of names.
      network: The `Network` whose layers are taken; a fresh one of
        `**arguments` unless given.
      frozen: Names of the layers that are not trained.
      name: Of the model.
      **arguments: Those of `Network`.

    Returns:
      From float images (batch, height, width, channels) in [0, 1] the
      endpoint; for a sequence of names the dictionary of endpoints.

    Raises:
      ValueError: If the network has no such endpoint or layer.

    Example:
      >>> backbone = Backbone("block_group4", resnet_depth=18, image_size=32)
      >>> backbone(np.zeros((2, 32, 32, 3))).shape
      TensorShape([2, 4, 4, 512])
    """

    def __init__(
        self,
        endpoint: str | Sequence[str] = "final_avg_pool",
        network: Network | None = None,
        frozen: Sequence[str] = (),
        name: str | None = None,
        **arguments: Any,
    ) -> None:
        network = network or Network(**arguments)
        wanted = [endpoint] if isinstance(endpoint, str) else list(endpoint)
        images = keras.Input(network.input_shape[1:], name="images")
        endpoints = _endpoints(network, images, wanted)
        _check_names("endpoint", wanted, endpoints)
        outputs = {key: endpoints[key] for key in wanted}
        single = isinstance(endpoint, str)
        super().__init__(
            inputs=images,
            outputs=outputs[wanted[0]] if single else outputs,
            name=name,
        )
        self._config = {
            **network.get_config(),
            "endpoint": endpoint if single else wanted,
        }
        _check_names("frozen", frozen, [layer.name for layer in self.layers])
        for layer in frozen:
            self.get_layer(layer).trainable = False

    def get_config(self) -> dict[str, Any]:
        frozen = [
            layer.name
            for layer in self.layers
            if layer.weights and not layer.trainable
        ]
        return {**self._config, "frozen": frozen, "name": self.name}

    def __setattr__(self, name, value):
        # Keras passes over a value that its own flag has already, though
        # layers inside may have been frozen or thawed one by one.
        if name == "trainable":
            for layer in self._flatten_layers(include_self=False):
                layer.trainable = value
        super().__setattr__(name, value)

    @property
    def image_size(self) -> int:
        """Side in pixels of the images that the network is meant for."""
        return self._config["image_size"]


def _endpoints(network, images, wanted):
    """All endpoints by name, each from layers of its own.

    Layers that nothing wanted comes from are not part of the model: Keras
    goes from its outputs back to its inputs.
    """
    if isinstance(network.backbone, KerasBackbone):
        return _with_heads(network, dict(network.backbone(images)))
    stem = network.backbone.stem
    if wanted == ["initial_conv"]:  # comes before the stem's normalization
        outputs = stem.scaled(images)
        for layer in (*stem.before, stem.conv):
            outputs = layer(outputs)
        return {"initial_conv": outputs}
    endpoints = dict(stem(images))
    outputs = endpoints["initial_max_pool"]
    for group in network.backbone.groups:
        outputs = endpoints[group.name] = group(outputs)
    pool = keras.layers.GlobalAveragePooling2D(name="final_avg_pool")
    return _with_heads(network, {**endpoints, "final_avg_pool": pool(outputs)})


def _with_heads(network, endpoints):
    """The endpoints of the backbone, and those of what stands on it."""
    hidden = [endpoints["final_avg_pool"]]
    for layer in network.projection_head.layers:
        hidden.append(layer(hidden[-1]))
    endpoints["proj_head_input"] = hidden[0]
    for number, layer in enumerate(hidden[1:], 1):
        endpoints[f"proj_layer_{number}"] = layer
    endpoints["proj_sel"] = hidden[network.selected_layers]
    endpoints["proj_head_output"] = hidden[-1]
    if network.supervised_head is not None:
        head = network.supervised_head
        endpoints["logits_sup"] = head(endpoints["proj_sel"])
    return endpoints


def _check_names(argument, names, known):
    if not names and argument == "endpoint":
        raise ValueError(f"`{argument}` must name at least one endpoint.")
    if "logits_sup" in names and "logits_sup" not in known:
        raise ValueError(
            "The network has no classifier, `logits_sup`: fine-tune it first, "
            "or take its features (`final_avg_pool`, --mode=embed)."
        )
    for name in names:
        if name not in known:
            raise ValueError(
                f"`{argument}` must be one of {list(known)}. "
                f"Received: {argument}={name!r}"
            )
