"""Contrastive pretraining (SimCLRv2, section 2.1), labels not needed."""

from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import losses
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages import gradient_cache
from simclrv2_tf.stages.elements import LabelledViews
from simclrv2_tf.stages.elements import Pair
from simclrv2_tf.stages.elements import labelled_views
from simclrv2_tf.stages.key_memory import KeyMemory
from simclrv2_tf.stages.metric_means import accuracy
from simclrv2_tf.stages.metric_means import labelled
from simclrv2_tf.stages.metric_means import labelled_mean
from simclrv2_tf.stages.metric_means import of_all
from simclrv2_tf.stages.stage import Stage
from simclrv2_tf.stages.weight_average import WeightAverage

# Endpoints that the losses read: contrastive, and of the online linear probe.
_READ = ("proj_head_output", "proj_sel")
MEMORY_MOMENTUM = 0.999  # the paper's


class Embedded(NamedTuple):
    """Projections and features of two views, each float32 (batch, features).

    Attributes:
      projections: For the contrastive loss, a pair.
      features: For the online linear probe, a pair.
    """

    projections: Pair
    features: Pair


class Pretrain(Stage):
    """Brings two views of an image together, apart from all other images.

    `fit` takes elements `((view_a, view_b), labels)` or `((view_a, view_b),)`
    with views float (batch, height, width, channels) in [0, 1] and labels
    int (batch,), -1 for unlabelled.

    Args:
      network: The `Network` that is trained.
      temperature: Of the contrastive loss, above 0.
      hidden_norm: Whether projections are normalised to length 1.
      linear_evaluation: Train the supervised head as an online linear
        probe, on features that its gradient does not reach. Needs labels.
      tile: How the contrastive loss is made, see `losses.NTXent`.
      microbatch: Images of a replica that are embedded at a time, see
        `gradient_cache`; 0 for all.
      memory_size: Above 0, views are compared with keys, what an average of
        the network (`memory_momentum`, here 0.999 unless given) makes of
        them, and with so many keys of earlier steps, see docs/momentum.md.
      **kwargs: See `Stage`.

    Metrics: contrast_loss, contrast_acc, contrast_entropy, supervised_loss,
    supervised_acc, weight_decay and total_loss, each after "train/"; of
    validation, loss: the contrastive one, which depends on the batch size.
    `predict` answers features, `final_avg_pool`.

    Example:
      >>> stage = Pretrain(build_network(resnet_depth=18, image_size=32))
      >>> stage.compile(optimizer=LARS(0.3))
      >>> stage.fit(simclrv2_tf.views(images, 32, 256), epochs=1)
    """

    predicts = "final_avg_pool"

    def __init__(
        self,
        network: Network,
        temperature: float = 0.1,
        hidden_norm: bool = True,
        linear_evaluation: bool = True,
        tile: int | str = "auto",
        microbatch: int = 0,
        memory_size: int = 0,
        memory_momentum: float | None = None,
        **kwargs: Any,
    ) -> None:
        alone = None if memory_size else memory_momentum
        super().__init__(network, memory_momentum=alone, **kwargs)
        self.microbatch = microbatch
        self.memory: KeyMemory | None = None
        if memory_size:
            self._make_memory(memory_size, memory_momentum)
        head = network.supervised_head
        self.linear_evaluation = linear_evaluation and head is not None
        if head is not None:
            head.trainable = self.linear_evaluation
        self.contrast = losses.NTXent(temperature, hidden_norm, tile)
        self._track("contrast_loss", "contrast_acc", "contrast_entropy")
        if self.linear_evaluation:
            self._track("supervised_loss", "supervised_acc")
        self._track("weight_decay", "total_loss")
        self._validate("loss")

    def elements(self, data: Any) -> LabelledViews:
        if not self.linear_evaluation:
            return labelled_views(data, 0)
        return labelled_views(data, self.network.get_config()["num_classes"])

    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """One step of contrastive learning, and of the online linear probe."""
        views, labels = self.elements(data)
        tape, views = self.tape(), self._shown(views)
        keys = self.keys(views)
        with tape:
            embedded = self.embed(views)
            contrast = self.contrast.compare(*embedded.projections, keys)
            supervised, probe = self._supervised(embedded.features, labels)
            decay = self.regularization()
            loss = tf.reduce_mean(contrast.loss) + supervised + decay
        stands = self.descend(tape, loss)
        if self.memory is not None and keys is not None:
            self.memory.push(tf.concat(keys[:2], axis=0), stands)
        return self.record(
            contrast_loss=of_all(tf.reduce_mean(contrast.loss), labels),
            contrast_acc=of_all(tf.reduce_mean(contrast.accuracy), labels),
            contrast_entropy=of_all(tf.reduce_mean(contrast.entropy), labels),
            weight_decay=decay,
            total_loss=of_all(loss, labels),
            **probe,
        )

    def test_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Contrastive loss of a batch of views, the same each time."""
        views, labels = self.elements(data)
        shown = [self.augmented(v, i, step=0) for i, v in enumerate(views)]
        both = self(tf.concat(shown, axis=0))["proj_head_output"]
        loss = tf.reduce_mean(self.contrast(*tf.split(both, 2)))
        return self.record_validation(loss=of_all(loss, labels))

    def embed(self, views: Pair, network: Network | None = None) -> Embedded:
        """Projections and features of two views.

        Args:
          views: A pair of float (batch, height, width, channels) in [0, 1],
            changed already unless there are micro-batches.
          network: In place of the one that is trained.
        """
        network = network or self.network
        if not self.microbatch:
            encoded = self._encode(network, views)
        else:
            widths = [network.output[n].shape[-1] for n in _READ]
            widths = [width for width in widths for _ in views]
            batch = views[0].shape[0]

            def encode(rows, first):
                changed = self._changed(rows, first, batch)
                return self._encode(network, changed, first)

            encoded = gradient_cache.embed(
                encode, views, self.microbatch, widths
            )
        return Embedded(tuple(encoded[:2]), tuple(encoded[2:]))

    def keys(self, views: Pair) -> losses.Keys | None:
        """The keys that views are compared with; None for the other views.

        The averaged network makes the keys, in training mode: its
        normalization takes the moments of this batch.

        Args:
          views: As for `embed`.
        """
        if self.memory is None or self.average is None:
            return None
        embedded = self.embed(views, self.average.network)
        own = [self.contrast.normalized(p) for p in embedded.projections]
        joined = distribution.all_gather(tf.concat(own, axis=1))
        view_a, view_b = tf.split(joined, 2, axis=1)
        return losses.Keys(view_a, view_b, self.memory)

    def named_variables(self) -> dict[str, keras.Variable]:
        """What a checkpoint holds by name, the memory too."""
        named = super().named_variables()
        return named | (self.memory.named_variables() if self.memory else {})

    def _make_memory(self, size, momentum):
        momentum = MEMORY_MOMENTUM if momentum is None else momentum
        self.average = WeightAverage(self.network, momentum, True)
        width = self.network.output["proj_head_output"].shape[-1]
        self.memory = KeyMemory(size, width)

    def _shown(self, views):
        """The views, changed unless each micro-batch does that by itself."""
        return views if self.microbatch else self._changed(views)

    def _changed(self, views, first=0, batch=None):
        return tuple(
            self.augmented(view, index, first, batch)
            for index, view in enumerate(views)
        )

    def _supervised(self, features, labels):
        if not self.linear_evaluation:
            return 0.0, {}
        features = tf.stop_gradient(tf.concat(features, axis=0))
        logits = self.network.supervised_head(features)
        labels = tf.concat([labels, labels], axis=0)
        per_view = losses.supervised_cross_entropy(labels, logits)
        loss = labelled_mean(per_view, labels)
        probe = {"supervised_loss": labelled(per_view, labels)}
        return loss, {**probe, "supervised_acc": accuracy(logits, labels)}

    def _encode(self, network, views, first=0):
        """Projections and features of rows of both views, float32."""
        endpoints = self.forward(tf.concat(views, axis=0), network, first)
        both = [tf.split(endpoints[name], 2) for name in _READ]
        return [tf.cast(x, tf.float32) for pair in both for x in pair]
