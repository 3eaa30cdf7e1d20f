"""Labels that neighbours and out-of-fold predictions contradict, ranked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simclrv2_tf.curation import confident_learning
from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing.feature_rows import part_of
from simclrv2_tf.probing.nearest import nearest_others
from simclrv2_tf.probing.nearest import votes_by_class

NEIGHBOURS, TEMPERATURE = 10, 0.1  # of the votes, after Wu et al. 2018


class Doubts(NamedTuple):
    """Judgements of some labels.

    Attributes:
      numbers: int (judged,) of the examples, the most doubtful first.
      score: float64 (judged,) in [-1, 1]; above 0 another class is likelier.
      looks_like: int (judged,), the likeliest class that is not the label.
      confident: bool (judged,), whether confident learning counts the example
        for another class.
      wrong: Share of all labels that confident learning takes for wrong.
      strength: Of the logistic regression.
    """

    numbers: np.ndarray
    score: np.ndarray
    looks_like: np.ndarray
    confident: np.ndarray
    wrong: float
    strength: float


def doubts(rows, labels: np.ndarray, seed: int = 0) -> Doubts | None:
    """Judges each label by the labels of the other examples.

    The two opinions, of a logistic regression on the other folds and of the
    nearest neighbours' labels, are joined by their geometric mean: it is high
    where both are.

    Args:
      rows: Features (examples, features).
      labels: int (examples,), -1 for unlabelled.
      seed: Of the folds.

    Returns:
      `Doubts` of all examples whose class has two labels or more; None where
      there are no two such classes.
    """
    judged = _judged(labels)
    given = labels[judged]
    if len(np.unique(given)) < 2:
        return None
    classes, numbered = np.unique(given, return_inverse=True)
    features = part_of(rows, judged)
    strength, _ = cross_validation.choose_strength(features, numbered, seed)
    others = cross_validation.leave_out(
        features, numbered, len(classes), strength, seed
    )
    score, looks_like, own = _leads(features, numbered, len(classes), others)
    least = confident_learning.thresholds(own, numbered, len(classes))
    counted = _counted(features, least, others)
    order = np.argsort(-score, kind="stable")
    return Doubts(
        judged[order],
        score[order],
        classes[looks_like[order]],
        ((counted >= 0) & (counted != numbered))[order],
        confident_learning.wrong_share(counted, numbered, len(classes)),
        strength,
    )


def _judged(labels):
    """Numbers of the labelled examples whose class has another."""
    known = np.flatnonzero(labels >= 0)
    if not len(known):
        return known
    count = np.bincount(labels[known])
    return known[count[labels[known]] >= 2]


def _leads(rows, labels, classes, others):
    """Of each label the score, the best other class, and its probability.

    Both opinions are computed block by block: for all examples at once they
    would take several arrays (examples, classes).
    """
    cosine, index = nearest_others(rows, NEIGHBOURS)
    score, own = np.empty(len(labels)), np.empty(len(labels))
    best = np.empty(len(labels), np.int64)
    for part, probabilities in others.probabilities(rows):
        given = labels[part]
        voted = neighbours_say(cosine[part], labels[index[part]], classes)
        score[part], best[part] = lead(np.sqrt(probabilities * voted), given)
        own[part] = probabilities[np.arange(len(given)), given]
    return score, best, own


def _counted(rows, least, others):
    """The class that confident learning counts each example for."""
    counted = [
        confident_learning.confident_classes(probabilities, least)
        for _, probabilities in others.probabilities(rows)
    ]
    return np.concatenate(counted)


def neighbours_say(
    cosine: np.ndarray, near: np.ndarray, classes: int
) -> np.ndarray:
    """Shares of the neighbours' votes, float64 (examples, classes).

    Args:
      cosine: float (examples, neighbours), the nearest first.
      near: int (examples, neighbours), their labels.
      classes: Classes.
    """
    weight = np.exp((cosine - cosine[:, :1]) / TEMPERATURE)
    votes = votes_by_class(near, weight, classes)
    return votes / votes.sum(axis=1, keepdims=True)


def lead(shares: np.ndarray, labels: np.ndarray) -> tuple:
    """By how much the best other class is ahead of the label.

    Args:
      shares: float (examples, classes).
      labels: int (examples,).

    Returns:
      float (examples,), and that class int (examples,).
    """
    place = np.arange(len(labels))
    others = shares.copy()
    others[place, labels] = -np.inf
    best = others.argmax(axis=1)
    return others[place, best] - shares[place, labels], best
