"""What probes learn from, what they are judged on, and which labels a draw has.

The labels are those of the training split. They are judged on the evaluation
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
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference.shared_images import warn_of_shared
from simclrv2_tf.runs import inputs


@dataclasses.dataclass(frozen=True)
class ProbeData:
    """What probes read.

    Attributes:
      known: `Source` of the labelled images to learn from.
      asked: `Source` of the labelled images to be judged on, its classes
        numbered alike.
      note: What they are judged on, a sentence.
    """

    known: Source
    asked: Source
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
      source: A `Source` to learn from in place of the config's training
        split.
      eval_source: The same to be judged on.

    Raises:
      ValueError: If there are no labels to learn from or to be judged on, or
        the two parts have other classes.
    """
    named = source is None and eval_source is None
    if named:
        source, eval_source = _named(config)
    source = source or inputs.open_source(config)
    _check_labels(source)
    if eval_source is None:
        source, eval_source, note = _divided(config, source, named)
    else:
        note = f"judged on {eval_source.name}"
    known = source.subset(inputs.labelled_examples(config, source))
    asked = class_match.renumber(
        eval_source, source.class_names or (), "What the probes learn from"
    )
    asked = asked.subset(np.flatnonzero(asked.labels >= 0))
    if not asked.num_examples:
        raise ValueError(
            "Probes are judged by labels. Received: none in "
            f"{eval_source.name}: give an --eval_split with labels"
        )
    warn_of_shared(known, asked, "probes")
    note += class_match.lacking_words(asked)
    return ProbeData(known, asked, note)


def _named(config):
    """The splits that a config names; of the second None if there is none."""
    if config.holdout_fraction and config.eval_split == holdout.HOLDOUT:
        return inputs.open_source(config), inputs.open_evaluation(config)
    evaluation = inputs.evaluation_if_labelled(config)
    if evaluation is None:  # what is set aside is set aside here
        config = dataclasses.replace(config, holdout_fraction=None)
    return inputs.open_source(config), evaluation


def _check_labels(source):
    found = np.unique(source.labels[source.labels >= 0])
    if len(found) < 2:
        raise ValueError(
            "Probes learn from labels of two classes or more. Received: "
            f"{source.name} with labels of {len(found)}: put images into "
            "class folders, or give a data set with labels"
        )


def _divided(config, source, named):
    """What is left to learn from, what is set aside, and a note."""
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
        f"that are set aside, {share:.0%} of each class: there is no "
        "evaluation split with labels"
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
    found, sizes = np.unique(labels, return_counts=True)
    least = sizes.argmin()
    wanted = count.per_class or 1
    has = int(np.floor(count.fraction * sizes[least] + 0.5))
    if has < wanted:
        name = source.class_names[found[least]]
        raise ValueError(
            "`label_counts` must not ask for more labels of a class than "
            "there are, and for one at least. Received: "
            f"label_counts={count.text}, where the class {name!r} has "
            f"{sizes[least]} in {source.name} (of a run that took few labels "
            "there are no more, unless --labels_per_class=0 takes all)"
        )
