"""A trained network to put one's own layers on."""

import os
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.hub.load import load_network
from simclrv2_tf.models.backbone import Backbone


def load_backbone(
    source: str | os.PathLike[str],
    endpoint: str | Sequence[str] = "final_avg_pool",
    trainable: bool = True,
    name: str | None = None,
    **options: Any,
) -> Backbone:
    """Loads a network up to an endpoint, as a Keras model to build upon.

    Args:
      source: Any that `load_network` takes: a run or export, a TF1 checkpoint
        or hub module, the original's SavedModel, PyTorch files, a published
        name.
      endpoint: `final_avg_pool`, the features; `block_group1` …
        `block_group4`, feature maps; `proj_sel`, the projection layer that a
        classifier reads; `proj_layer_1` and so on, `proj_head_output`,
        `logits_sup` and the others of `Network`. Of several names it makes
        a dictionary.
      trainable: Whether its variables are trained. Normalization of a frozen
        backbone keeps and uses its moving statistics, also when called with
        `training=True`; that of a trainable one uses and advances those of
        the batch. May be set later, of all (`backbone.trainable = True`) or
        of a layer (`backbone.get_layer("stem").trainable = False`), before
        `compile`.
      name: Of the model.
      **options: Further arguments of `load_network`.

    Returns:
      A `Backbone`, an ordinary functional Keras model of float images
      (batch, height, width, channels) in [0, 1] of any size. A `.keras` file
      with it in comes back after `import simclrv2_tf`.

    Raises:
      ValueError: If there are no weights, or no such endpoint.

    Example:
      >>> backbone = load_backbone("runs/pretrained", trainable=False)
      >>> model = keras.Sequential([backbone, keras.layers.Dense(5)])
      >>> model.compile("adam", "sparse_categorical_crossentropy")
    """
    network = load_network(source, **options)
    backbone = Backbone(endpoint, network, name=name)
    backbone.trainable = trainable
    backbone.load_report = network.load_report
    return backbone
