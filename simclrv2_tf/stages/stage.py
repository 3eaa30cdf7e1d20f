"""The base of the three stages: seeds, weight decay, descent, metrics."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TypeAlias

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import losses
from simclrv2_tf.data.random import fold
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages import nonfinite
from simclrv2_tf.stages.elements import images_alone
from simclrv2_tf.stages.host_checks import CheckedByHost
from simclrv2_tf.stages.metric_means import note
from simclrv2_tf.stages.refused_optimizers import check_optimizer
from simclrv2_tf.stages.weight_average import WeightAverage
from simclrv2_tf.stages.weight_files import SavedByKeras

# (images, seed, first, total) to images
Augment: TypeAlias = Callable[
    [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor
]
_NOISE = 2  # the views have 0 and 1 in their seeds
ITERATORS = (tf.data.Iterator, tf.distribute.DistributedIterator)
_INPUT: list = []  # see `keep_input`


def keep_input(iterator: tf.data.Iterator) -> None:
    """Keeps the iterator that was trained on last from being dropped.

    Dropped where training stops half-way, it would wait for its readers, and
    those that decode in Python for the thread that drops it.
    """
    _INPUT[:] = [iterator]


def _keeping(function):
    def train(data):
        if isinstance(data, ITERATORS):  # not a batch, see `DataWait`
            keep_input(data)
        return function(data)

    return train


class Stage(SavedByKeras, CheckedByHost):
    """A network in training; the subclass writes the method in `train_step`.

    Compile with an optimizer alone, then `fit` on any `tf.data.Dataset` of
    the elements that the subclass names. Metrics carry the original
    release's names ("train/…") and are means since their last reset. Those of
    `evaluate` and of `fit(validation_data=…)` carry Keras's ("loss"), and
    `predict` answers the endpoint that the subclass names in `predicts`.

    Args:
      network: The `Network` that is trained.
      augment: Function (images, seed, first, total) to images, called in the
        step on the device, or None for images that are ready. `seed` is
        int32 (2,), a new one each step and view; the images stand from
        `first` on in the whole batch of `total`.
      weight_decay: Factor of the squares that are added to the loss (see
        `decay`). LARS decays the inner kernels by itself.
      seed: Start of everything random in the step.
      memory_momentum: Share of the old value in a moving average of the
        weights, `average`, in [0, 1); None for no average.
    """

    train_function: Callable | None  # Keras makes it

    predicts = "logits_sup"

    def __init__(
        self,
        network: Network,
        augment: Augment | None = None,
        weight_decay: float = 0.0,
        seed: int = 0,
        memory_momentum: float | None = None,
    ) -> None:
        super().__init__(name=type(self).__name__.lower())
        self.network = network
        self.augment = augment
        self.seed = seed
        self.weight_decay = weight_decay
        self._decayed: list[keras.Variable] = []
        self._means: dict[str, keras.metrics.Mean] = {}
        self._validation_means: dict[str, keras.metrics.Mean] = {}
        self.nonfinite = nonfinite.NonfiniteSteps()
        self.average: WeightAverage | None = None
        if memory_momentum is not None:
            self.average = WeightAverage(network, memory_momentum)
        self.built = True  # the network is, and `fit` shall not call us
        self.jit_compile = False  # see `compile`

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics of training, which a run's checkpoint holds."""
        return list(self._means.values())

    def reset_metrics(self) -> None:
        """Starts the means anew, of training and of validation."""
        super().reset_metrics()
        for mean in self._validation_means.values():
            mean.reset_state()

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        """Nothing: at the end of an epoch Keras keeps the last step's logs.

        They are the same means, but NaN where no step was finite, and are there
        where a callback has reset the metrics since.
        """
        return {}

    def decay(self, variables: Iterable[keras.Variable]) -> None:
        """Names the variables whose squares are added to the loss."""
        self._decayed = list(variables)

    def compile(self, *args, jit_compile=False, **kwargs) -> None:
        """Compiles as Keras does, but without XLA unless `jit_compile` is True.

        Keras would choose XLA on one GPU, and on no other device; a short run
        may not get back what compiling the step takes.

        Raises:
          ValueError: If the optimizer accumulates gradients over steps, or
            clips them where several replicas each have a share of them.
        """
        super().compile(*args, jit_compile=jit_compile, **kwargs)
        replicas = self.distribute_strategy.num_replicas_in_sync
        check_optimizer(self.optimizer, replicas)

    def make_train_function(self, force: bool = False) -> None:
        """Makes Keras's training function; it keeps its input, too."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = _keeping(self.train_function)

    def call(
        self, images: tf.Tensor, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Images to endpoints, those of the network."""
        return self.network(images, training=training)

    def forward(
        self,
        images: tf.Tensor,
        network: Network | None = None,
        first: int | tf.Tensor = 0,
    ) -> dict[str, tf.Tensor]:
        """Images to endpoints in training; the same each time in a step.

        What is random in a Keras backbone, such as dropout, is drawn from the
        seed, the step, the replica and `first` alone.

        Args:
          images: float (batch, height, width, channels) in [0, 1].
          network: In place of the one that is trained.
          first: Place of the first image in this replica's batch.
        """
        network = network or self.network
        if noise := network.noise:
            step = tf.cast(self.optimizer.iterations, tf.int32)
            place = (step, first, distribution.replica_id())
            seed = fold([self.seed, _NOISE], *place)
            for number, state in enumerate(noise):
                state.assign(tf.cast(fold(seed, number), state.dtype))
        return network(images, training=True)

    def predict_step(self, data: tuple | tf.Tensor) -> tf.Tensor:
        """The endpoint that `predicts` names, float32."""
        outputs = self(self.sized(images_alone(data)), training=False)
        return tf.cast(outputs[self.predicts], tf.float32)

    def sized(self, images: tf.Tensor) -> tf.Tensor:
        """Images at the size that the network is meant for."""
        return images

    def augmented(
        self,
        images: tf.Tensor,
        view: int = 0,
        first: int | tf.Tensor = 0,
        batch: int | tf.Tensor | None = None,
        step: int | None = None,
    ) -> tf.Tensor:
        """The images of one view, changed as this step's seed says.

        Args:
          images: float (rows, height, width, channels) in [0, 1].
          view: Which of an example's views this is.
          first: Place of the first image in this replica's batch.
          batch: Images of this replica's batch; None for those here.
          step: In place of the optimizer's, to be given the same each time.
        """
        distribution.check_equal_shares(images)
        if self.augment is None:
            return images
        if step is None:
            step = tf.cast(self.optimizer.iterations, tf.int32)
        seed = fold([self.seed, view], step)
        batch = batch or images.shape[0] or tf.shape(images)[0]
        first += distribution.replica_offset(batch)
        total = batch * distribution.num_replicas()
        return self.augment(images, seed, first, total)

    def regularization(self) -> tf.Tensor:
        """Weight decay that is part of the loss, a scalar."""
        return losses.weight_decay_loss(self._decayed, self.weight_decay)

    def tape(self) -> nonfinite.Tape:
        """A gradient tape for the forward pass; `descend` takes it."""
        statistics = nonfinite.statistics(self.network)
        if self.average is not None:
            statistics += self.average.statistics
        return nonfinite.Tape(statistics)

    @property
    def networks(self) -> Iterator[Network]:
        """The network that is trained, and its average where one is kept.

        No list: of that, Keras would ask the average in each file of weights.
        """
        yield self.network
        if self.average is not None:
            yield self.average.network

    def named_variables(self) -> dict[str, keras.Variable]:
        """What a checkpoint holds by name: the weights, and their average."""
        named = super().named_variables()
        if self.average is not None:
            named |= self.average.named_variables()
        return named

    def descend(self, tape: nonfinite.Tape, loss: tf.Tensor) -> tf.Tensor:
        """One step down the gradient of the loss's mean over replicas.

        Where loss or gradient is not finite nothing moves, see
        `NonfiniteSteps`.

        Returns:
          Whether the step stands, a bool scalar.
        """
        variables = self.trainable_variables
        with tape:
            share = loss / distribution.num_replicas()  # gradients are summed
            share = self.optimizer.scale_loss(share)
        gradients = tape.gradient(share, variables)
        finite = self.nonfinite.apply(
            self.optimizer, gradients, variables, loss, tape
        )
        if self.average is not None:
            self.average.advance(finite)
        return finite

    def record(
        self, **values: tf.Tensor | tuple[tf.Tensor, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """Notes what a training step gave, under each metric's name.

        Args:
          **values: A scalar, or a pair (mean, weight) where parts differ in
            weight. What is noted is the mean over all replicas, the same on
            each of them.

        What is not finite is left out of the means; one of which nothing else
        came since the last reset is NaN.

        Returns:
          Dictionary {"train/<name>": mean since the last reset}.
        """
        return note(self._means, values)

    def record_validation(
        self, **values: tf.Tensor | tuple[tf.Tensor, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """`record` of a validation step: {"<name>": mean since the reset}."""
        return note(self._validation_means, values)

    def _track(self, *names):
        for name in names:
            self._means[name] = keras.metrics.Mean(name=f"train/{name}")

    def _validate(self, *names):
        for name in names:
            self._validation_means[name] = keras.metrics.Mean(name=name)
