"""The accuracy of nearest neighbours among the labels that may be used."""

from __future__ import annotations

from simclrv2_tf.config import Config
from simclrv2_tf.data import class_match
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference.evaluation.eval_batches import batches_of
from simclrv2_tf.inference.shared_images import warn_of_shared
from simclrv2_tf.inference.unreadable_of_workers import count_all
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing.nearest import knn_accuracy
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_order


def check_labels(source: Source, eval_source: Source) -> None:
    """Raises a ValueError unless nearest neighbours can be evaluated."""
    for part in (source, eval_source):
        if not (part.labels >= 0).any():
            raise ValueError(
                "Nearest neighbours (--knn_k) are judged by labels. Received: "
                f"{part.name}, which has none: give a data set with labels, "
                "or knn_k=0."
            )


def evaluate_neighbours(
    config: Config,
    prefix: str,
    network: Network,
    test: Source,
    train: Source | None = None,
) -> dict:
    """Evaluates the features of a network by nearest neighbours.

    Args:
      config: A `Config`, with `knn_k`.
      prefix: Of the network's weights.
      network: A `Network`.
      test: A `Source` to evaluate on.
      train: A `Source` of the neighbours, in place of the config's training
        split.

    Returns:
      {"eval/knn_...": number} of `result.json`.

    Raises:
      ValueError: If either has no label, or the classes are others.
    """
    train, test = _parts(config, prefix, network, test, train)
    warn_of_shared(train, test, "nearest neighbours (--knn_k)")
    known = _embedded(config, network, train)
    queries = _embedded(config, network, test)
    accuracy = knn_accuracy(
        known, queries, config.knn_k, config.knn_temperature
    )
    return {
        "eval/knn_accuracy": accuracy,
        "eval/knn_examples": int((queries[1] >= 0).sum()),
        "eval/knn_references": len(known[1]),
    }


def _parts(config, prefix, network, test, train):
    """The images whose labels may be used, and those to evaluate on."""
    train = train or inputs.open_source(config)
    train = weights_order.in_order_of(prefix, train)
    check_labels(train, test)
    if not train.numbered:  # by name, as an earlier run has it
        test = class_match.without_numbers(test)
    names = train.class_names or ()
    test = class_match.renumber(test, names, "The neighbours")
    drawn_as = _numbers_of_draw(prefix, train)
    allowed = inputs.labelled_examples(config, train, drawn_as)
    channels = network.get_config()["channels"]
    return train.subset(allowed).with_channels(channels), test


def _numbers_of_draw(prefix, source):
    """By which a run drew the labels of classes that it has numbered so."""
    flags = weights.flags_of(prefix)
    same = source.class_names == tuple(flags.get("class_names") or ())
    return flags.get(inputs.DRAWN_AS) if same else None


def _embedded(config, network, source):
    """Features and labels of a source."""
    unreadable = UnreadableImages(source, config.max_corrupt_fraction)
    batches = batches_of(config, network, source, unreadable)
    with unreadable.explained():
        features, numbers = features_of(network, batches)
    count_all(unreadable)
    return features, source.labels[numbers]
