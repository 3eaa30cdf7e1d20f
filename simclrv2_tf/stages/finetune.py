"""Supervised training on the labels there are (SimCLRv2, section 2.2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf import losses
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.elements import labelled_elements
from simclrv2_tf.stages.metric_means import accuracy
from simclrv2_tf.stages.metric_means import labelled
from simclrv2_tf.stages.metric_means import labelled_mean
from simclrv2_tf.stages.metric_means import of_all
from simclrv2_tf.stages.stage import Stage


class FineTune(Stage):
    """Trains the classifier and what it builds upon.

    From a pretrained network this is fine-tuning, with
    `fine_tune_after_block=4` and selector 0 linear evaluation, from fresh
    weights supervised training. `fit` takes elements `(images, labels)` with
    images float (batch, height, width, channels) in [0, 1] and labels int
    (batch,), -1 for examples to be passed over.

    Args:
      network: The `Network` that is trained; it has a supervised head.
      fine_tune_after_block: -1 trains all; 0 freezes the stem, 1 to 4 the
        stem and so many block groups.
      frozen_batch_norm: "moving" has frozen normalizations use and keep their
        moving statistics; "batch" use each batch's moments and advance the
        statistics, as the original release's tf2 code does.
      class_weights: What an image of each class counts in the supervised
        loss, see `balanced_weights`; None for 1. The sum is divided by the
        number of images, not by that of their weights.
      **kwargs: See `Stage`.

    Metrics: supervised_loss, supervised_acc, weight_decay and total_loss,
    each after "train/"; of validation, loss and top_1_accuracy.
    """

    def __init__(
        self,
        network: Network,
        fine_tune_after_block: int = -1,
        frozen_batch_norm: str = "moving",
        class_weights: Sequence[float] | np.ndarray | None = None,
        **kwargs: Any,
    ) -> None:
        require_head(network)
        _check_weights(network, class_weights)
        super().__init__(network, **kwargs)
        network.train_for_classification(
            fine_tune_after_block, frozen_batch_norm
        )
        self._class_weights = class_weights
        self._track("supervised_loss", "supervised_acc")
        self._track("weight_decay", "total_loss")
        self._validate("loss", "top_1_accuracy")

    elements = labelled_elements

    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """One step of supervised learning."""
        images, labels = self.elements(data)
        images = self.augmented(images)
        with self.tape() as tape:
            logits = self.forward(images)["logits_sup"]
            per_example = self._weighted(
                losses.supervised_cross_entropy(labels, logits), labels
            )
            supervised = labelled_mean(per_example, labels)
            decay = self.regularization()
            loss = supervised + decay
        self.descend(tape, loss)
        return self.record(
            supervised_loss=labelled(per_example, labels),
            supervised_acc=accuracy(logits, labels),
            weight_decay=decay,
            total_loss=of_all(loss, labels),
        )

    def test_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Loss and accuracy on the labelled images of a batch."""
        images, labels = self.elements(data)
        logits = self.network(images, training=False)["logits_sup"]
        per_example = losses.supervised_cross_entropy(labels, logits)
        return self.record_validation(
            loss=labelled(per_example, labels),
            top_1_accuracy=accuracy(logits, labels),
        )

    def _weighted(self, values, labels):
        """Losses as much as their classes count; an unlabelled one is 0."""
        if self._class_weights is None:
            return values
        weights = tf.constant(self._class_weights, values.dtype)
        return values * tf.gather(weights, tf.maximum(labels, 0))


def balanced_weights(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Weights that have each class count alike, however many images it has.

    Args:
      labels: int (examples,) of the training set, -1 for unlabelled.
      num_classes: Classes of the network.

    Returns:
      float32 (classes,): n / (classes * n_c), scikit-learn's "balanced", with
      n all labelled images, n_c those of the class and the classes that have
      any, so that the weights' mean over images is 1; 1 for a class without.
    """
    counts = np.bincount(labels[labels >= 0], minlength=num_classes)
    weights = counts.sum() / (
        np.maximum(counts, 1) * max((counts > 0).sum(), 1)
    )
    return np.where(counts > 0, weights, 1.0).astype(np.float32)


def _check_weights(network, weights):
    count = network.get_config()["num_classes"]
    if weights is not None and len(weights) != count:
        raise ValueError(
            f"`class_weights` must be one for each of the {count} classes. "
            f"Received: {len(weights)}"
        )


def require_head(network: Network) -> None:
    """Raises a ValueError for a network without a supervised head."""
    if not network.get_config()["num_classes"]:
        raise ValueError(
            "The network must have a supervised head for this stage: build it "
            "with `num_classes` at least 2. Received: num_classes=0"
        )
