"""How many images have an EXIF orientation tag, and whether it is applied."""

from __future__ import annotations

import concurrent.futures

from simclrv2_tf.data.decode.orientation_tag import UPRIGHT
from simclrv2_tf.data.decode.orientation_tag import read_tag
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread

MOST = 2000  # images that are looked at, spread over the data set
THREADS = 8  # that wait for files


def tagged_words(tagged: int, looked: int, source: Source) -> str:
    """A sentence about images with a tag other than 1, "" if there are none.

    Args:
      tagged: How many there are.
      looked: Among how many.
      source: The `Source` that they are of.
    """
    if not tagged:
        return ""
    images = "image carries" if tagged == 1 else "images carry"
    if looked < source.num_examples:
        images = f"of {looked:,} images looked at carry"
    done = (
        "turned as it says"
        if source.apply_orientation
        else "left as stored; --apply_orientation turns them"
    )
    return f"{tagged:,} {images} an EXIF orientation tag other than 1: {done}"


def orientation_note(source: Source) -> str:
    """`tagged_words` of at most `MOST` images, of which headers are read."""
    if not source.storage.encoded:
        return ""
    places = spread(source.num_examples, MOST)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        tags = list(pool.map(lambda index: _tag(source, index), places))
    tagged = sum(tag != UPRIGHT for tag in tags)
    return tagged_words(tagged, len(tags), source)


def _tag(source, index):
    try:
        with source.storage.open(index) as file:
            return read_tag(file)
    except (OSError, ValueError):  # it is counted as unreadable elsewhere
        return UPRIGHT
