"""What a classifier tells right of examples that it was not shown."""

from __future__ import annotations

import functools

import numpy as np

from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.feature_rows import taken

FOLDS = 5
STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
EACH_FOLD = 5_000  # labels, above which one fold in five tells enough
MOST = 20_000  # labels that a strength is chosen on


def left_out(
    classify,
    features: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    tried: int = FOLDS,
) -> np.ndarray:
    """Whether examples are told right by those of the other folds.

    Args:
      classify: Function (known, labels, asked) to classes.
      features: float (examples, features).
      labels: int (examples,).
      seed: Of the folds.
      tried: Folds that are left out, one after another.

    Returns:
      bool, of the examples of those folds; none where a class has a single
      label.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels)
    folds = min(FOLDS, counts[counts > 0].min())
    if folds < 2:
        return np.zeros(0, bool)
    right = np.zeros(len(labels), bool)
    told = np.zeros(len(labels), bool)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for rest, out in list(split.split(features, labels))[:tried]:
        right[out] = (
            classify(features[rest], labels[rest], features[out]) == labels[out]
        )
        told[out] = True
    return right[told]


def probabilities_left_out(
    rows,
    labels: np.ndarray,
    num_classes: int,
    strength: float,
    seed: int = 0,
) -> np.ndarray:
    """What logistic regressions on the other folds think of each example.

    Args:
      rows: Features (examples, features); `StoredRows`, or an array.
      labels: int (examples,) in [0, num_classes), two examples or more of
        each class that has any, and two such classes.
      num_classes: Classes.
      strength: See `linear_probe.fit`.
      seed: Of the folds.

    Returns:
      float64 (examples, num_classes), rows of sum 1.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels)
    folds = min(FOLDS, counts[counts > 0].min())
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    told = np.zeros((len(labels), num_classes))
    for rest, out in split.split(labels, labels):
        known = taken(rows, rest)
        probe = linear_probe.fit(known, labels[rest], num_classes, strength)
        told[out] = probe.probabilities(taken(rows, out))
    return told


def choose_strength(
    rows, labels: np.ndarray, seed: int = 0
) -> tuple[float, str]:
    """The strength of a logistic regression that serves the labels best.

    Of several that do, the one nearest the usual.

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
    told = {
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
    return _best(told, len(labels), tried)


def _best(told, count, tried):
    usual = linear_probe.STRENGTH
    if not len(told[usual]):
        return usual, "the usual one: a class with a single label leaves none"
    right = {strength: share.mean() for strength, share in told.items()}

    def worth(strength):
        return right[strength], -abs(np.log(strength / usual))

    folds = "each fold left out" if tried > 1 else "one fold left out"
    return max(STRENGTHS, key=worth), (
        f"cross-validation on {count} training labels, {folds}"
    )


def _some(labels, seed):
    """Numbers of all examples, or of `MOST` of them, stratified."""
    if len(labels) <= MOST:
        return np.arange(len(labels))
    from sklearn.model_selection import train_test_split

    chosen, _ = train_test_split(
        np.arange(len(labels)),
        train_size=MOST,
        random_state=seed,
        stratify=labels if np.bincount(labels).min() > 1 else None,
    )
    return np.sort(chosen)


def _standardised(features):
    moments = linear_probe.moments_of(features)
    return (features - moments.mean) / moments.deviation


def _in_their_span(features):
    """The same rows turned, with no more features than there are rows.

    The optimum with an L2 penalty turns with them, and answers stay.
    """
    if len(features) >= features.shape[1]:
        return features
    return np.linalg.qr(features.T, mode="r").T
