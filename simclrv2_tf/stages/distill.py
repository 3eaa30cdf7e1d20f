"""Distillation on unlabelled images (SimCLRv2, section 2.3)."""

import math
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import tensorflow as tf

from simclrv2_tf import losses
from simclrv2_tf.data.augment.resize import shrink
from simclrv2_tf.models.keras_models.keras_classifier import KerasClassifier
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.elements import labelled_elements
from simclrv2_tf.stages.finetune import require_head
from simclrv2_tf.stages.metric_means import accuracy
from simclrv2_tf.stages.metric_means import labelled
from simclrv2_tf.stages.metric_means import labelled_mean
from simclrv2_tf.stages.metric_means import of_all
from simclrv2_tf.stages.metric_means import over_replicas
from simclrv2_tf.stages.stage import Stage

Teacher: TypeAlias = Network | KerasClassifier


class Distill(Stage):
    """Teaches a student what a fine-tuned teacher says of every image.

    The loss is the paper's equation 3, means in place of sums (the first over
    the labelled images of a batch, however few):
    (1 - alpha) * cross-entropy with the labels there are
    + alpha * cross-entropy with the teacher's softened answer (equation 2);
    alpha = 1 is distillation on unlabelled images alone. The teacher runs in
    inference mode on the student's own augmented image. Where they are
    meant for other sizes of images (`image_size`) each gets it at its own,
    made smaller from what there is. `fit` takes elements
    `(images, labels)` with images float (batch, height, width, channels) in
    [0, 1] and labels int (batch,), -1 for unlabelled.

    Args:
      network: The student, a `Network`; it has a supervised head.
      teacher: A `Network` or a `KerasClassifier` of as many classes, which
        stays as it is; or a list of them, whose softened answers' mean is
        taught.
      temperature: Softens both answers, above 0; the paper takes 0.1 for
        self-distillation and 1 from big to small.
      alpha: Weight of the distillation loss, in [0, 1].
      **kwargs: See `Stage`.

    Metrics: distill_loss, supervised_loss, supervised_acc, teacher_agreement
    (share of images on which both give the same class), weight_decay and
    total_loss, each after "train/"; of validation, loss (equation 3) and
    top_1_accuracy.

    Raises:
      ValueError: If teacher and student differ in classes, or an argument is
        out of its range.
    """

    def __init__(
        self,
        network: Network,
        teacher: Teacher | Sequence[Teacher],
        temperature: float = 1.0,
        alpha: float = 1.0,
        **kwargs: Any,
    ) -> None:
        teachers = _as_list(teacher)
        _check(network, teachers, temperature, alpha)
        super().__init__(network, **kwargs)
        network.train_for_classification()
        for each in teachers:
            each.trainable = False
        self.teachers = teachers
        self.temperature = temperature
        self.alpha = alpha
        self._track("distill_loss", "supervised_loss", "supervised_acc")
        self._track("teacher_agreement", "weight_decay", "total_loss")
        self._validate("loss", "top_1_accuracy")

    elements = labelled_elements

    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """One step towards the teacher's answer, and towards the labels."""
        images, labels = self.elements(data)
        view = super().augmented(images)
        taught, seen = self.teach(view), self.sized(view)
        with self.tape() as tape:
            logits = self.forward(seen)["logits_sup"]
            distilled = self._distilled(taught, logits)
            per_example = losses.supervised_cross_entropy(labels, logits)
            supervised = labelled_mean(per_example, labels)
            decay = self.regularization()
            loss = self._mixed(supervised, distilled) + decay
        self.descend(tape, loss)
        return self.record(
            distill_loss=of_all(distilled, labels),
            supervised_loss=labelled(per_example, labels),
            supervised_acc=accuracy(logits, labels),
            teacher_agreement=of_all(_agreement(taught, logits), labels),
            weight_decay=decay,
            total_loss=of_all(loss, labels),
        )

    def test_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Loss on the images of a batch, and accuracy on the labelled ones."""
        images, labels = self.elements(data)
        taught = self.teach(images)
        logits = self(self.sized(images))["logits_sup"]
        per_example = losses.supervised_cross_entropy(labels, logits)
        supervised = over_replicas(labelled_mean(per_example, labels))
        loss = self._mixed(supervised, self._distilled(taught, logits))
        return self.record_validation(
            loss=of_all(loss, labels),
            top_1_accuracy=accuracy(logits, labels),
        )

    def teach(self, images: tf.Tensor) -> tf.Tensor:
        """The teacher's logits of images, in inference mode.

        Of several teachers: logits that, softened, are the mean of their
        softened answers.
        """
        logits = [
            teacher(self._shrunk(images, teacher), training=False)["logits_sup"]
            for teacher in self.teachers
        ]
        return logits[0] if len(logits) == 1 else self._mean(logits)

    def augmented(
        self,
        images: tf.Tensor,
        view: int = 0,
        first: int | tf.Tensor = 0,
        batch: int | tf.Tensor | None = None,
        step: int | None = None,
    ) -> tf.Tensor:
        """The images as the student sees them."""
        return self.sized(super().augmented(images, view, first, batch, step))

    def sized(self, images: tf.Tensor) -> tf.Tensor:
        """Images at the size that the student is meant for."""
        return self._shrunk(images, self.network)

    def _shrunk(self, images, network):
        own = size_of(self.network)
        sizes = {size_of(each) or own for each in self.teachers}
        if sizes == {own}:
            return images
        if None in images.shape[1:3]:
            raise ValueError(
                "A teacher of another image size needs images whose size is "
                f"known: set their shape. Received: {images.shape}"
            )
        return shrink(images, size_of(network) or own)

    def _mean(self, logits):
        """Logits of the mean of several answers, each softened."""
        softened = [tf.cast(each, tf.float32) for each in logits]
        softened = [each / self.temperature for each in softened]
        joined = tf.stack([tf.nn.log_softmax(each) for each in softened])
        total = tf.reduce_logsumexp(joined, axis=0)
        return self.temperature * (total - math.log(len(logits)))

    def _distilled(self, taught, logits):
        """Equation 2, the mean over a batch."""
        return tf.reduce_mean(
            losses.distillation_cross_entropy(taught, logits, self.temperature)
        )

    def _mixed(self, supervised, distilled):
        """Equation 3."""
        return (1 - self.alpha) * supervised + self.alpha * distilled


def _agreement(taught, logits):
    """Share of images on which both give the same class."""
    same = tf.equal(tf.argmax(taught, -1), tf.argmax(logits, -1))
    return tf.reduce_mean(tf.cast(same, tf.float32))


def size_of(network: Teacher) -> int | None:
    """Side in pixels of the images a network is meant for, None for any."""
    return network.get_config()["image_size"]


def _as_list(teacher):
    return list(teacher) if isinstance(teacher, Sequence) else [teacher]


def _check(student, teachers, temperature, alpha):
    if not teachers:
        raise ValueError("Distillation needs at least one teacher. Received: 0")
    for teacher in teachers:
        _check_pair(student, teacher)
    _check_numbers(temperature, alpha)


def _check_pair(student, teacher):
    for network in (student, teacher):
        require_head(network)
    channels = [n.get_config()["channels"] for n in (teacher, student)]
    if channels[0] != channels[1]:
        raise ValueError(
            "Teacher and student must take images of as many channels. "
            f"Received: a teacher of {channels[0]} and a student of "
            f"{channels[1]} channels"
        )
    classes = [n.get_config()["num_classes"] for n in (teacher, student)]
    if classes[0] != classes[1]:
        raise ValueError(
            "Teacher and student must have the same classes. Received: a "
            f"teacher of {classes[0]} and a student of {classes[1]} classes"
        )


def _check_numbers(temperature, alpha):
    if not temperature > 0:
        raise ValueError(
            f"`distill_temperature` must be above 0. Received: {temperature}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(
            f"`distill_alpha` must be in [0, 1]. Received: {alpha}"
        )
