"""Numbers of some examples, spread evenly over all: always the same ones."""

from __future__ import annotations

import numpy as np


def spread(examples: int, most: int) -> np.ndarray:
    """Chooses examples at equal distances, the first and the last among them.

    Args:
      examples: How many there are.
      most: How many are chosen at most; of 1 it is the first.

    Returns:
      int64, ascending, each once; all where they are no more than `most`.
    """
    places = np.linspace(0, examples - 1, min(most, examples))
    return places.astype(np.int64)
