"""The three classifiers of a probe: neighbours, logistic and ridge."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing import nearest
from simclrv2_tf.probing import ridge
from simclrv2_tf.probing.feature_rows import Rows


def predictions(
    train: Rows,
    labels: np.ndarray,
    test: Rows,
    num_classes: int,
    pairs: Sequence[tuple[int, float]],
    seed: int,
) -> Iterator[tuple[dict, np.ndarray]]:
    """Trains each classifier on some rows and predicts the others' classes.

    Args:
      train: Features (n, features).
      labels: int (n,), 0 or more.
      test: Features (m, features).
      num_classes: Number of classes.
      pairs: (k, temperature) of each vote of neighbours.
      seed: Of the cross-validation that chooses a strength.

    Yields:
      (settings of the classifier as `Measurement` has them, int (m,)).
    """
    votes = nearest.votes(train, labels, test, pairs)
    for (k, temperature), predicted in zip(pairs, votes, strict=True):
        yield _of_neighbours(k, temperature), predicted
    strength, how = cross_validation.choose_strength(train, labels, seed)
    logistic = linear_probe.fit(train, labels, num_classes, strength)
    settings = {"strength": strength, "strength_by": how}
    yield _named("logistic", **settings), logistic.classes(test)
    regression = ridge.fit(train, labels, num_classes)
    yield _named("ridge", l2=ridge.L2), regression.classes(test)


def _of_neighbours(k, temperature):
    if k == 1:  # the nearest decides, however it is weighed
        return _named("knn", " k=1", k=1, temperature=None)
    words = f" k={k} t={temperature:g}"
    return _named("knn", words, k=k, temperature=temperature)


def _named(family, words="", **settings):
    return {"family": family, "classifier": f"{family}{words}", **settings}
