"""The supervised head's start from a linear probe.

Kumar et al. 2022, "Fine-tuning can distort pretrained features": a classifier
that fits the features beforehand leaves them as they are, where a random one
has them changed to suit it.
"""

from __future__ import annotations

from simclrv2_tf import distribution
from simclrv2_tf import linear_probe
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.network import Network

_BATCH = 256


def start_from_probe(network: Network, source: Source) -> None:
    """Sets the supervised head to a logistic regression on what it reads.

    Args:
      network: A `Network` with a supervised head.
      source: The labelled examples, seen as in evaluation.
    """
    size = network.get_config()["image_size"]
    share = distribution.worker_share()
    dataset = pipeline.eval_dataset(source, _BATCH, size, *share)
    features, numbers = features_of(network, dataset, "proj_sel")
    labels = source.labels[numbers]
    network.supervised_head.set(
        *linear_probe.fit(features, labels, source.num_classes)
    )
