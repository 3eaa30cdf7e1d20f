"""From which similarity two images are near-duplicates, found from the data.

The best similarity of each image to another one, on Fisher's scale (the
inverse hyperbolic tangent of a correlation), is about normal for images that
are no copies; copies stand to the right of it. Centre and width are those of
the lower half, which copies do not reach, and the threshold is where among so
many images half of one would stand by chance. Images above it are left out
and the rest looked at again, until nothing changes: many copies move the
centre.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BY_CHANCE = 0.5  # images that would be taken for copies, in the whole data
# The threshold stays between these, for data in which nothing is alike, or
# everything is.
LEAST, MOST = 0.7, 0.99
_QUARTILE = 0.6745  # from the median of a normal to its quartile, in widths
_ROUNDS = 50
_ALMOST_ONE = 1 - 1e-6


class Null(NamedTuple):
    """How alike images are that are no copies.

    Attributes:
      centre: Median on Fisher's scale.
      width: Deviation there.
      threshold: Similarity, a correlation, from which images are copies.
      cut: Whether that is `LEAST` or `MOST`, as what was found lies outside.
    """

    centre: float
    width: float
    threshold: float
    cut: bool


def find_threshold(best: np.ndarray) -> Null:
    """The distribution of similarities without copies, and its end.

    Args:
      best: float (images,), of each the best similarity to another one.
    """
    from scipy import stats

    scaled = np.arctanh(np.clip(best, -_ALMOST_ONE, _ALMOST_ONE))
    widths = stats.norm.isf(min(0.5, BY_CHANCE / len(best)))
    rest = scaled
    for _ in range(_ROUNDS):
        centre = np.median(rest)
        width = (centre - np.percentile(rest, 25)) / _QUARTILE
        end = float(np.tanh(centre + widths * width))
        threshold = min(max(end, LEAST), MOST)
        before, rest = len(rest), rest[rest < np.arctanh(threshold)]
        if len(rest) in (0, before):
            break
    cut = end != threshold
    return Null(float(centre), float(width), threshold, cut)
