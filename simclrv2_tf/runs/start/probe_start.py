"""The supervised head's start from a linear probe.

Kumar et al. 2022, "Fine-tuning can distort pretrained features": a classifier
that fits the features beforehand leaves them as they are, where a random one
has them changed to suit it.
"""

from __future__ import annotations

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.runs.training_data import TrainingData


def start_from_probe(
    network: Network,
    data: TrainingData,
    batch_size: int = Config.eval_batch_size,
) -> None:
    """Sets the supervised head to a logistic regression on what it reads.

    Args:
      network: A `Network` with a supervised head.
      data: `TrainingData` of labelled examples, seen as in evaluation.
      batch_size: Images that the network answers at once.

    Raises:
      ValueError: If too many images cannot be read, or all are of one class.
    """
    dataset = pipeline.eval_dataset(
        data.source,
        batch_size,
        data.image_size,
        *distribution.worker_share(),
        unreadable=data.unreadable,
    )
    with data.unreadable.explained():
        features, numbers = features_of(network, dataset, "proj_sel")
    labels = data.source.labels[numbers]
    network.supervised_head.set(
        *linear_probe.fit(features, labels, data.source.num_classes)
    )
