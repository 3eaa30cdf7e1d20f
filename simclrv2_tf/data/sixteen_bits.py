"""16-bit image files that hold 12 bits or fewer: they are all but black."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode.bit_depth import USUAL
from simclrv2_tf.data.decode.bit_depth import bits_a_channel
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.data.unreadable import UNREADABLE

MOST = 48  # images that are looked at, spread over the data set
DARK = 16  # of 255: what 4,095 of 65,535 become
_ALL_BUT_BLACK = 1  # what 255 of 65,535 become


def too_dark(source: Source) -> str:
    """What is wrong with 16-bit files whose white is not 65,535.

    Cameras of 10 and 12 bits leave the upper bits of 16 empty, and decoding
    takes 65,535 for white. A dark image that uses the upper bits anywhere is
    as it should be.

    Args:
      source: A `Source`, of which at most `MOST` images are looked at; only
        those of more than 8 bits a channel are decoded.

    Returns:
      Two sentences, "" where nothing is wrong.
    """
    if not source.storage.encoded:
        return ""
    places = spread(source.num_examples, MOST)
    deep = [place for place in places if _is_deep(source, place)]
    brightest = max(_brightest(source, deep), default=0)
    if not 0 < brightest <= DARK:
        return ""
    bits, factor = (8, 257) if brightest <= _ALL_BUT_BLACK else (12, 16)
    return (
        f"The 16-bit files of {source.name} must have 65,535 for white. "
        f"Received: {len(deep)} of {len(places)} images looked at, such as "
        f"{source.where(deep[0])}, where none is brighter than {brightest} of "
        f"255; multiply {bits} bits by {factor}, or give 8-bit files"
    )


def _is_deep(source, place):
    try:
        with source.storage.open(place) as file:
            return bits_a_channel(file) > USUAL
    except (OSError, ValueError):  # it is counted as unreadable elsewhere
        return False


def _brightest(source, places):
    """Yields the largest value of each image that can be read, in 0 to 255."""
    if not places:
        return
    fetch = source.subset(np.array(places)).pixels()
    for number in range(len(places)):
        try:
            image = fetch(tf.constant(number, tf.int64)).numpy()
        except UNREADABLE:
            continue
        if image.size:
            yield int(image.max())
