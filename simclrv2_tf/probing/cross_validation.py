"""Cross-validation: which left-out examples a classifier has right."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.feature_rows import Rows
from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import part_of
from simclrv2_tf.probing.feature_rows import taken
from simclrv2_tf.probing.stratified_draw import ranks_in_class

FOLDS = 5
STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
EACH_FOLD = 5_000  # labels, above which one fold in five tells enough
MOST = 20_000  # labels that a strength is chosen on
_AT_ONCE = 2048  # examples whose probabilities are in memory


def left_out(
    classify: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    features: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    tried: int = FOLDS,
) -> np.ndarray:
    """Whether the other folds classify examples right.

    Args:
      classify: Function (known, labels, queries) to classes.
      features: float (examples, features).
      labels: int (examples,).
      seed: Of the folds.
      tried: Folds that are left out, one after another.

    Returns:
      bool, of the examples of those folds. One that is alone in its class is
      never left out; none where all are.
    """
    predicted, tested = predict_left_out(
        classify, features, labels, seed, tried
    )
    return predicted == labels[tested]


def predict_left_out(
    classify: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    features: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    tried: int = FOLDS,
) -> tuple[np.ndarray, np.ndarray]:
    """The classes that the other folds give examples, arguments of `left_out`.

    Returns:
      int, classes of the examples of those folds, and int, their positions in
      ascending order. None that is alone in its class is among them.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels)
    alone = np.flatnonzero(counts[labels] == 1)
    several = np.flatnonzero(counts[labels] > 1)
    if not len(several):
        return np.zeros(0, int), several
    folds = min(FOLDS, counts[counts > 1].min())
    predicted = np.full(len(labels), -1)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    parts = list(split.split(several, labels[several]))[:tried]
    for others, left in parts:
        rest, out = np.append(several[others], alone), several[left]
        predicted[out] = classify(features[rest], labels[rest], features[out])
    tested = np.sort(several[np.concatenate([left for _, left in parts])])
    return predicted[tested], tested


class LeftOut(NamedTuple):
    """Logistic regressions, each on all folds of examples but one.

    Attributes:
      fold: int (examples,), the fold that each is of.
      probes: A `LinearProbe` for each fold, which has not seen it.
    """

    fold: np.ndarray
    probes: list[linear_probe.LinearProbe]

    def probabilities(self, rows: Rows) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields probabilities by the other folds, block by block.

        All at once would be 10 GB for ImageNet.

        Args:
          rows: Features (examples, features) that the folds are of.

        Yields:
          Which examples they are, and float64 (some, classes), rows of sum 1.
        """
        for part, block in blocks(rows, _AT_ONCE * rows.shape[1]):
            fold = self.fold[part]
            shares = np.empty((len(block), len(self.probes[0].bias)))
            for number, probe in enumerate(self.probes):
                out = fold == number
                if out.any():
                    shares[out] = probe.probabilities(block[out])
            yield part, shares


def leave_out(
    rows: Rows,
    labels: np.ndarray,
    num_classes: int,
    strength: float,
    seed: int = 0,
) -> LeftOut:
    """Fits logistic regressions that leave out a fold each.

    Args:
      rows: Features (examples, features); `StoredRows`, or an array.
      labels: int (examples,) in [0, num_classes), two examples or more of
        each class that has any, and two such classes. One with fewer examples
        than folds is left out in as many of them.
      num_classes: Classes.
      strength: See `linear_probe.fit`.
      seed: Of the folds.

    Returns:
      `LeftOut`.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, np.bincount(labels).max())
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of a class with fewer than folds
        warnings.simplefilter("ignore", UserWarning)
        parts = list(split.split(labels, labels))
    fold = np.zeros(len(labels), np.int8)
    probes: list[linear_probe.LinearProbe] = []
    for rest, out in parts:
        fold[out] = len(probes)
        known = part_of(rows, rest)
        probe = linear_probe.fit(known, labels[rest], num_classes, strength)
        probes.append(probe)
    return LeftOut(fold, probes)


def choose_strength(
    rows: Rows, labels: np.ndarray, seed: int = 0
) -> tuple[float, str]:
    """The strength of a logistic regression with the best accuracy.

    Of several equals it is the one nearest the usual.

    Args:
      rows: Features (examples, features); `StoredRows`, or an array.
      labels: int (examples,).
      seed: Of the folds, and of the examples where not all are looked at.

    Returns:
      The strength, and how it was chosen, in words.
    """
    numbers = _some(labels, seed)
    labels = labels[numbers]
    features = taken(rows, numbers)
    features = _in_their_span(_standardised(features))
    tried = FOLDS if len(labels) <= EACH_FOLD else 1
    right = {
        strength: left_out(
            functools.partial(
                linear_probe.classify,
                strength=strength,
                moments=linear_probe.AS_THEY_ARE,
            ),
            features,
            labels,
            seed,
            tried,
        )
        for strength in STRENGTHS
    }
    return _best(right, len(labels), tried)


def _best(right, count, tried):
    """The strength of the highest accuracy, of bool (examples,) for each."""
    usual = linear_probe.STRENGTH
    if not len(right[usual]):
        return usual, "the usual one: a class with a single label leaves none"
    accuracies = {strength: each.mean() for strength, each in right.items()}

    def worth(strength):
        return accuracies[strength], -abs(np.log(strength / usual))

    folds = "each fold left out" if tried > 1 else "one fold left out"
    return max(STRENGTHS, key=worth), (
        f"cross-validation on {count} training labels, {folds}"
    )


def _some(labels, seed):
    """Numbers of all examples, or of `MOST` of them, stratified."""
    if len(labels) <= MOST:
        return np.arange(len(labels))
    from sklearn.model_selection import train_test_split

    stratified = np.unique(labels, return_counts=True)[1].min() > 1
    # Of each class scikit-learn then wants a label chosen and one left over.
    spare = min(MOST, len(labels) - MOST)
    if stratified and spare < len(np.unique(labels)):
        return np.sort(_by_share(labels, seed)[:MOST])
    chosen, _ = train_test_split(
        np.arange(len(labels)),
        train_size=MOST,
        random_state=seed,
        stratify=labels if stratified else None,
    )
    return np.sort(chosen)


def _by_share(labels, seed):
    """Numbers in an order of which each beginning is stratified."""
    order = np.random.default_rng(seed).permutation(len(labels))
    _, shares = ranks_in_class(labels[order])
    return order[np.lexsort((labels[order], shares))]  # ties stay in `order`


def _standardised(features):
    moments = linear_probe.moments_of(features)
    return (features - moments.mean) / moments.deviation


def _in_their_span(features):
    """Rotates features into the span of the rows (QR).

    At most as many features as rows, same L2 solution.
    """
    if len(features) >= features.shape[1]:
        return features
    return np.linalg.qr(features.T, mode="r").T
