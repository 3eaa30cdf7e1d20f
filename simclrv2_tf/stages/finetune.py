"""Supervised training on the labels there are (SimCLRv2, section 2.2)."""

from typing import Any

import tensorflow as tf

from simclrv2_tf import losses
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.elements import labelled_images
from simclrv2_tf.stages.stage import Stage
from simclrv2_tf.stages.stage import accuracy
from simclrv2_tf.stages.stage import labelled
from simclrv2_tf.stages.stage import labelled_mean
from simclrv2_tf.stages.stage import of_all


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
      **kwargs: See `Stage`.

    Metrics: supervised_loss, supervised_acc, weight_decay and total_loss,
    each after "train/"; of validation, loss and top_1_accuracy.
    """

    def __init__(
        self,
        network: Network,
        fine_tune_after_block: int = -1,
        frozen_batch_norm: str = "moving",
        **kwargs: Any,
    ) -> None:
        require_head(network)
        super().__init__(network, **kwargs)
        network.train_for_classification(
            fine_tune_after_block, frozen_batch_norm
        )
        self._track("supervised_loss", "supervised_acc")
        self._track("weight_decay", "total_loss")
        self._validate("loss", "top_1_accuracy")

    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """One step of supervised learning."""
        images, labels = labelled_images(data)
        images = self.augmented(images)
        with self.tape() as tape:
            logits = self.network(images, training=True)["logits_sup"]
            per_example = losses.supervised_cross_entropy(labels, logits)
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
        images, labels = labelled_images(data)
        logits = self.network(images, training=False)["logits_sup"]
        per_example = losses.supervised_cross_entropy(labels, logits)
        return self.record_validation(
            loss=labelled(per_example, labels),
            top_1_accuracy=accuracy(logits, labels),
        )


def require_head(network: Network) -> None:
    """Raises a ValueError for a network without a supervised head."""
    if network.supervised_head is None:
        raise ValueError(
            "The network must have a supervised head for this stage: build it "
            "with `num_classes` at least 2. Received: num_classes=0"
        )
