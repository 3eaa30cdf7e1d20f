"""Images that are both among the known and among the judged ones."""

from __future__ import annotations

import functools
import logging

import numpy as np

from simclrv2_tf.data.example_names import are_files
from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.data.source import Source

_LOG = logging.getLogger("simclrv2_tf")


def warn_of_shared(known: Source, judged: Source, what: str) -> None:
    """Warns where images that are judged are among those with known labels.

    Args:
      known: `Source` whose labels are used.
      judged: `Source` that is judged by them.
      what: What judges, the subject of a sentence, in the plural.
    """
    count = shared(known, judged)
    if count:
        _warn(count, judged.num_examples, judged.name, known.name, what)


@functools.cache  # a run that is followed is judged many times
def _warn(count, total, judged, known, what):
    _LOG.warning(
        "%d of the %d images of %s are also among the images of %s whose "
        "labels are known: %s judge each of them by its own label, which "
        "makes the accuracy too high; give another --eval_split, or a part "
        "such as --train_split='train[:90%%]' --eval_split='train[90%%:]'",
        count,
        total,
        judged,
        known,
        what,
    )


def shared(first: Source, second: Source) -> int:
    """How many images two sources have in common, by file or by number.

    Images of two sources that are no files and are called alike are the same
    if the first of them is.
    """
    places = {name: place for place, name in enumerate(whole_names(first))}
    pairs = [
        (places[name], place)
        for place, name in enumerate(whole_names(second))
        if name in places
    ]
    if not pairs or are_files(first):
        return len(pairs)
    return len(pairs) if _are_equal(first, second, *pairs[0]) else 0


def _are_equal(first, second, place, other):
    try:
        one, two = first.storage.read(place), second.storage.read(other)
    except (OSError, ValueError):
        return False
    return np.array_equal(np.asarray(one), np.asarray(two))
