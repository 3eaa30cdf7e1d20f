"""The images that probes are trained and tested on, and the labels of a draw.

They are trained on labels of the training split and tested on the evaluation
split, or where there is none on a stratified part that is set aside.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.config.probe_values import Count
from simclrv2_tf.data import class_match
from simclrv2_tf.data import holdout
from simclrv2_tf.data import label_subset
from simclrv2_tf.data import splits
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference.shared_images import warn_of_shared
from simclrv2_tf.runs import inputs

_NO_LABELS = "there is no evaluation split with labels"


@dataclasses.dataclass(frozen=True)
class ProbeData:
    """What probes read.

    Attributes:
      train: `Source` of the labelled images to train on.
      test: `Source` of the labelled images to test on, its classes numbered
        alike.
      note: What is tested on, a sentence.
    """

    train: Source
    test: Source
    note: str


@dataclasses.dataclass(frozen=True)
class Draw:
    """Some of the labels.

    Attributes:
      number: Of the draw, from 0.
      seed: That it was drawn with.
      numbers: Of the examples, int64.
    """

    number: int
    seed: int
    numbers: np.ndarray


def open_data(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> ProbeData:
    """Opens what probes read, and sets images aside if it has to.

    Args:
      config: A `Config`.
      source: A `Source` to train on in place of the config's training split.
      eval_source: The same to test on.

    Raises:
      ValueError: If there are no labels to train or to test on, or the two
        parts have other classes.
    """
    named, why = source is None and eval_source is None, _NO_LABELS
    if named:
        source, eval_source, why = _named(config)
    source = source or inputs.open_source(config)
    _check_labels(source)
    if eval_source is None:
        source, eval_source, note = _divided(config, source, named, why)
    else:
        note = f"judged on {eval_source.name}"
    train = source.subset(inputs.labelled_examples(config, source))
    test = _test_part(source, eval_source)
    warn_of_shared(train, test, "probes")
    note += class_match.lacking_words(test)
    return ProbeData(train, test, note)


def _test_part(source, eval_source):
    """The labelled images to test on, numbered as those to train on."""
    test = class_match.renumber(
        eval_source, source.class_names or (), "What the probes learn from"
    )
    test = test.subset(np.flatnonzero(test.labels >= 0))
    if not test.num_examples:
        raise ValueError(
            "Probes are judged by labels. Received: none in "
            f"{eval_source.name}: give an --eval_split with labels"
        )
    return test


def _named(config):
    """The splits that a config names, and why the second is None if it is."""
    if config.holdout_fraction and config.eval_split == holdout.HOLDOUT:
        parts = inputs.open_source(config), inputs.open_evaluation(config)
        return *parts, ""
    evaluation, why = inputs.evaluation_if_there(config), _NO_LABELS
    if evaluation is None:
        why = _no_split(config)
    elif not (evaluation.labels >= 0).any():
        evaluation = None
    if evaluation is None:  # what is set aside is set aside here
        config = dataclasses.replace(config, holdout_fraction=None)
    return inputs.open_source(config), evaluation, why


def _no_split(config):
    """That the evaluation split is not there, and which may be meant."""
    if config.eval_split == holdout.HOLDOUT:
        return _NO_LABELS
    trained = splits.names_in(config.train_split)
    others = {*trained, *splits.TRAIN, *splits.ALIASES["unlabelled"]}
    names = inputs.split_names(config)
    left = [name for name in names if name not in others]
    if not left or "all" in trained:
        return _NO_LABELS
    return (
        f"the data have the splits {', '.join(names)} and no "
        f"{config.eval_split!r}; --eval_split={left[0]} judges on that one"
    )


def _check_labels(source):
    classes = np.unique(source.labels[source.labels >= 0])
    if len(classes) < 2:
        raise ValueError(
            "Probes learn from labels of two classes or more. Received: "
            f"{source.name} with labels of {len(classes)}: put images into "
            "class folders, or give a data set with labels"
        )


def _divided(config, source, named, why):
    """What is left to train on, what is set aside, and a note."""
    share = config.holdout_fraction
    share = holdout.FRACTION if share is None else share
    rest, aside = holdout.divide(source, share)
    if named and inputs.drew_otherwise(config):
        rest = inputs.open_source(config)
        aside = inputs.open_source(config, holdout.HOLDOUT)
    if not aside.num_examples or len(np.unique(rest.labels)) < 2:
        raise ValueError(
            "Without an evaluation split some labelled images of each class "
            "are set aside. Received: too few for that in "
            f"{source.name}: give more labels, or an --eval_split"
        )
    note = (
        f"judged on {aside.num_examples} labelled images of {source.name} "
        f"that are set aside, {share:.0%} of each class: {why}"
    )
    return rest, aside, note


def draws(
    source: Source, count: Count, number: int, seed: int, readable: np.ndarray
) -> list[Draw]:
    """Stratified draws of labels, which depend on the data and seed alone.

    The examples of a smaller count are among those of a larger one, in the
    same draw.

    Args:
      source: `Source` of labelled examples.
      count: How many; where they are all labels there is one draw.
      number: Draws.
      seed: Of the first; the others follow.
      readable: Numbers of the examples that can be drawn.

    Raises:
      ValueError: If a class has fewer labels than are drawn.
    """
    if count.is_full:
        return [Draw(0, seed, readable)]
    labels = source.labels[readable]
    _check_count(count, labels, source)
    first = _drawn(labels, count, seed, readable)
    if len(first) == len(readable):  # others would be the same
        return [Draw(0, seed, readable)]
    others = (
        Draw(index, seed + index, _drawn(labels, count, seed + index, readable))
        for index in range(1, number)
    )
    return [Draw(0, seed, first), *others]


def _drawn(labels, count, seed, readable):
    # Classes are numbered anew, for one that has no label.
    _, labels = np.unique(labels, return_inverse=True)
    chosen = label_subset.choose_labels(
        labels, count.fraction, count.per_class, seed
    )
    return readable[chosen]


def _check_count(count, labels, source):
    classes, sizes = np.unique(labels, return_counts=True)
    least = sizes.argmin()
    wanted = count.per_class or 1
    has = int(np.floor(count.fraction * sizes[least] + 0.5))
    if has < wanted:
        name = source.class_names[classes[least]]
        raise ValueError(
            "`label_counts` must not ask for more labels of a class than "
            "there are, and for one at least. Received: "
            f"label_counts={count.text}, where the class {name!r} has "
            f"{sizes[least]} in {source.name} (of a run that took few labels "
            "there are no more, unless --labels_per_class=0 takes all)"
        )
