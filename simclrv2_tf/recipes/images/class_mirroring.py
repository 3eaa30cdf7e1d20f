"""Are mirror images of a class of another class? Then none is mirrored.

Arrows to the left and to the right, letters such as b and d, left and right
hands: all of them together are as likely as their mirror images, which
`mirroring` looks at, and each class is not. A classifier of the labelled images
tells left-out images better than their mirror images there, and takes the
mirror images of a class for those of another class. Where each class is as
likely as its mirror image it tells both equally well; where images of a class
share a pose or a background, mirror images are told worse, but no other class
is likelier: mirrored views are harmless there.
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.probing.cross_validation import predict_left_out
from simclrv2_tf.probing.intervals import surely_better
from simclrv2_tf.probing.linear_probe import classify
from simclrv2_tf.probing.nearest import unit
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.images.mirroring import SIDE
from simclrv2_tf.recipes.rules.facts import MirroredLabels

# Labelled images that are looked at, and pixels that are decoded for them: of
# the largest photographs as many as take some seconds.
MOST, MOST_PIXELS, ENOUGH = 400, 400_000_000, 60
LEAST = 10  # of fewer images nothing is told
# Standard errors of the difference, and cross-validations: chance takes flips
# from one data set of twenty-five, and what it costs there is little
# (benchmarks/recipes.md, classes that mirror into each other).
ERRORS, REPEATS = 1.5, 5


def mirrored_labels(
    source: Source, labelled: np.ndarray, pixels: int = 1
) -> MirroredLabels | None:
    """What labels tell of images that are left out, and of their mirror images.

    Args:
      source: A `Source`.
      labelled: int (labelled,), numbers of its images whose labels are used.
      pixels: Of one of its images.

    Returns:
      `MirroredLabels`; None where there are too few labels.
    """
    count = max(ENOUGH, min(MOST, MOST_PIXELS // max(pixels, 1)))
    chosen = labelled[_drawn(source.labels[labelled], count)]
    if not len(chosen):
        return None
    some = source.subset(chosen)
    images, numbers = baselines.images_of(some, SIDE)
    return compare(images.mean(axis=-1), some.labels[numbers])


def compare(images: np.ndarray, labels: np.ndarray) -> MirroredLabels | None:
    """`mirrored_labels` of grey images.

    Args:
      images: float (examples, side, side).
      labels: int (examples,).
    """
    if len(np.unique(labels)) < 2:  # of what can be read
        return None
    rows = np.stack([images, images[:, :, ::-1]], axis=1)
    rows = rows.reshape(len(images), 2, -1)
    rows = unit(rows - rows.mean(axis=2, keepdims=True))
    as_they_are, mirrored = (_predict(rows, labels, view) for view in (0, 1))
    truth = labels[np.bincount(labels)[labels] > 1]
    if len(truth) < LEAST:
        return None
    right, kept = _share(as_they_are, truth), _share(mirrored, truth)
    return MirroredLabels(
        right=float(right.mean()),
        mirrored=float(kept.mean()),
        images=len(truth),
        differ=surely_better(right, kept, ERRORS)
        and _become_another(as_they_are, mirrored, truth),
    )


def _predict(rows, labels, view):
    """Classes of left-out images, int (repeats, those left out).

    Args:
      rows: float (examples, 2, features), an image and its mirror image.
      labels: int (examples,).
      view: 0 to predict images, 1 their mirror images; images are learnt from.
    """

    def predict(known, known_labels, queries):
        return classify(known[:, 0], known_labels, queries[:, view])

    seeds = range(REPEATS)
    return np.stack(
        [predict_left_out(predict, rows, labels, seed)[0] for seed in seeds]
    )


def _share(predicted, classes):
    """In how many of the repeats each image is taken for a class of its own."""
    return (predicted == classes).mean(axis=0)


def _become_another(as_they_are, mirrored, truth):
    """Whether mirror images of a class surely become those of another.

    They are likelier the other class than their own, and surely likelier it
    than the images are. It is what mirror images of the rest of the class are
    mostly taken for, so that chance does not choose it; a class that stays
    itself counts nothing.
    """
    other = _class_of_the_rest(mirrored, truth)
    changed = other != truth
    become, kept, before = (
        changed * _share(predicted, classes)
        for predicted, classes in (
            (mirrored, other),
            (mirrored, truth),
            (as_they_are, other),
        )
    )
    return surely_better(become, before, ERRORS) and become.sum() > kept.sum()


def _class_of_the_rest(predicted, truth):
    """What the other images of its class are mostly taken for, (examples,)."""
    classes = np.unique(np.append(predicted, truth))
    votes = (predicted[:, :, None] == classes).sum(axis=0, dtype=float)
    same = truth[:, None] == truth
    rest = (same & ~np.eye(len(truth), dtype=bool)) @ votes
    rest += 0.5 * (truth[:, None] == classes)  # of equals its own
    return classes[rest.argmax(axis=1)]


def _drawn(labels, count):
    """Numbers of about so many labels, two or more of each class looked at.

    Classes with one label tell nothing. Of very many classes some are looked
    at, spread over all.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    classes = classes[sizes > 1]
    if len(classes) < 2:
        return np.zeros(0, int)
    most = max(1, count // 2)
    if len(classes) > most:
        places = np.linspace(0, len(classes) - 1, most).round().astype(int)
        classes = classes[places]
    each = max(2, count // len(classes))
    order = np.random.default_rng(0).permutation(len(labels))
    drawn = [order[labels[order] == c][:each] for c in classes]
    return np.sort(np.concatenate(drawn))
