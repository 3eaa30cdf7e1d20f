"""The accuracy of an int8 export, beside that of its network."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import cast

import tensorflow as tf

from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.data import class_match
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference.evaluation.validation import Validation
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order

_TOP_1 = "label_top_1_accuracy"
_LOG = logging.getLogger("simclrv2_tf")


def tell_accuracy(
    config: Config,
    prefix: str,
    network: Network,
    paths: Sequence[str],
    source: Source | None = None,
) -> None:
    """Prints the accuracy of int8 exports, and the network's.

    An export does not fail for want of them: where they cannot be found, a
    warning says why.

    Args:
      config: A `Config`.
      prefix: Of the network's weights.
      network: A `Network`.
      paths: Of the files of the export.
      source: A `Source` to evaluate on, in place of the config's.
    """
    try:
        source = _labelled(config, prefix, network, source)
        opened = [_Exported(network, path) for path in paths]
        evaluate = Validation(config, source)
        floats = evaluate(network, _classes(prefix))
        for exported in opened:
            whole = evaluate(cast(Network, exported), _classes(prefix))
            _tell(exported.name, whole, floats, source.name)
    except ValueError as error:
        _LOG.warning("The accuracy in int8 is not known. %s", error)


def _labelled(config, prefix, network, source):
    """The data to evaluate on, or a ValueError that says why there are none."""
    head = network.supervised_head
    if head is None or not weights_classes.has_classifier(prefix):
        raise ValueError("There is no trained classifier.")
    source = source or inputs.evaluation_if_labelled(config)
    if source is None:
        raise ValueError(
            "There is no evaluation split with labels: name one with "
            "--eval_split."
        )
    return source


def _classes(prefix):
    return {
        "class_names": weights_classes.class_names(prefix),
        "class_names_as_written": weights_classes.as_written(prefix),
        class_match.MAPPED_NAMES: weights_order.numbers_count(prefix),
    }


def _tell(name, whole, floats, data):
    print(
        f"{name}: top-1 accuracy {whole[_TOP_1]:.4f}, in float32 "
        f"{floats[_TOP_1]:.4f}, on {floats['examples']:.0f} images of {data}",
        flush=True,
    )


class _Exported:
    """An exported file in the place of its network, to be judged like it."""

    def __init__(self, network, path):
        self.name = os.path.basename(path)
        self._network, self._answer = network, export.open_file(path)
        if self._answer is None:
            raise ValueError(
                f"What answers with {self.name} is not installed: pip install "
                "'simclrv2_tf[onnx,litert]'"
            )

    def get_config(self):
        return self._network.get_config()

    def __call__(self, images, training=False):
        def run(images):
            return self._answer(images, ["logits_sup"])["logits_sup"]

        logits = tf.numpy_function(run, [images], tf.float32)
        classes = self.get_config()["num_classes"]
        return {"logits_sup": tf.ensure_shape(logits, [None, classes])}
