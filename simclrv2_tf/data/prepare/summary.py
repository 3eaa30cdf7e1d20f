"""What a data set holds: counts, sizes, formats, damage, duplicates."""

from __future__ import annotations

import collections
import concurrent.futures
import io

import numpy as np
import tensorflow as tf

from simclrv2_tf.console.progress import progress
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.copies import digest
from simclrv2_tf.data.decode.magic import unreadable_words
from simclrv2_tf.data.decode.orientation_tag import UPRIGHT
from simclrv2_tf.data.decode.orientation_tag import read_tag
from simclrv2_tf.data.decode.rgb import decoder
from simclrv2_tf.data.orientation_count import tagged_words
from simclrv2_tf.data.prepare.counted import counted
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UNREADABLE
from simclrv2_tf.files.errors import first_line

THREADS = 8  # decoding runs outside of Python's lock
MOST = 20  # rows of a list that are shown
# What is seen of one image; `error` is None for a good one. `digest` stands
# for its bytes, `tag` for its orientation.
Look = collections.namedtuple(
    "Look", "format mode width height digest error tag", defaults=[UPRIGHT]
)


def examine(source: Source, shown: bool = True) -> list[Look]:
    """Reads and decodes each image of a source once.

    Args:
      source: A `Source`.
      shown: Whether to say how far it has come.

    Returns:
      List of `Look`s, in the order of the examples.
    """
    count = source.num_examples
    decode = decoder()  # here, as threads would each make one
    looks = []
    with (
        progress(source.name, count, shown=shown) as bar,
        concurrent.futures.ThreadPoolExecutor(THREADS) as pool,
    ):
        for look in pool.map(
            lambda index: _look(source, index, decode), range(count)
        ):
            looks.append(look)
            bar.update()
    return looks


def _look(source, index, decode):
    if not source.storage.encoded:
        image = source.storage.read(index)
        height, width, channels = image.shape
        kind, mode = f"array of {image.dtype}", f"{channels} channels"
        return Look(kind, mode, width, height, digest(image), None)
    data = b""
    try:
        data = source.storage.read(index)
        height, width, _ = decode(tf.constant(data)).shape
        kind, mode = _kind(data)
        tag = read_tag(io.BytesIO(data))
        return Look(kind, mode, width, height, digest(data), None, tag)
    except UNREADABLE as error:
        reason = unreadable_words(data) or first_line(error)
        return Look(None, None, None, None, None, reason)


def _kind(data):
    """Format and mode as the file's header says, without decoding it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.format, image.mode
    except (OSError, ValueError, SyntaxError):
        return "other", "?"


def summarize(splits: dict[str, tuple[Source, list[Look]]]) -> dict:
    """Sums up what was seen of the splits of a data set.

    Args:
      splits: Dictionary from splits to pairs of a `Source` and its `Look`s;
        the first is the one to train on.

    Returns:
      Dictionary of plain values: "splits", each with "images", "labelled",
      "classes" (name to count), "formats", "modes", "shorter_side" and
      "longer_side" (smallest, median, largest; pixels), "tagged" (images with
      an EXIF orientation other than 1), "corrupt" (image to reason) and
      "notes" (sentences, see `Source`); "duplicates", pairs of images with the
      same bytes in the first split and another; "repeated", images of the
      first split whose bytes came before.
    """
    facts = {split: _of_split(*pair) for split, pair in splits.items()}
    first = next(iter(splits))
    known, repeated = _by_digest(*splits[first])
    duplicates = [
        (known[look.digest], source.where(index))
        for split, (source, looks) in splits.items()
        if split != first
        for index, look in enumerate(looks)
        if look.digest in known
    ]
    return {
        "splits": facts,
        "duplicates": duplicates,
        "repeated": repeated,
    }


def _of_split(source, looks):
    good = [look for look in looks if look.error is None]
    labels = source.labels[source.labels >= 0]
    counts = np.bincount(labels, minlength=source.num_classes)
    names = source.class_names or ()
    tagged = sum(look.tag != UPRIGHT for look in good)
    words = tagged_words(tagged, len(looks), source)
    return {
        "images": len(looks),
        "labelled": len(labels),
        "classes": dict(zip(names, counts.tolist(), strict=True)),
        "formats": _counted(look.format for look in good),
        "modes": _counted(look.mode for look in good),
        "shorter_side": _spread([min(k.width, k.height) for k in good]),
        "longer_side": _spread([max(k.width, k.height) for k in good]),
        "tagged": tagged,
        "corrupt": {
            source.where(index): look.error
            for index, look in enumerate(looks)
            if look.error is not None
        },
        "notes": [*source.notes, *([words] if words else [])],
    }


def _counted(values):
    return dict(collections.Counter(values).most_common())


def _spread(values):
    """Smallest, median and largest."""
    if not values:
        return None
    return [min(values), int(np.median(values)), max(values)]


def _by_digest(source, looks):
    """The first image of each digest, and those whose digest came before."""
    known, repeated = {}, []
    for index, look in enumerate(looks):
        if look.error is not None:
            continue
        if look.digest in known:
            repeated.append((known[look.digest], source.where(index)))
        else:
            known[look.digest] = source.where(index)
    return known, repeated


def lines(summary: dict) -> list[str]:
    """A summary for a person to read, a list of lines."""
    shown = []
    for split, facts in summary["splits"].items():
        shown += [f"{split}:", *(f"  {line}" for line in _split_lines(facts))]
    if len(summary["splits"]) > 1:
        shown += _pair_lines(
            "in both splits",
            "train/test leakage",
            summary["duplicates"],
        )
    shown += _pair_lines("twice in training", "", summary["repeated"])
    return shown


def _split_lines(facts):
    unlabelled = facts["images"] - facts["labelled"]
    yield f"images   {facts['images']:,} ({unlabelled:,} without a label)"
    counts = facts["classes"]
    if counts:
        few = [f"{name} {count:,}" for name, count in counts.items()]
        yield f"classes  {len(counts)}{_class_sizes(counts)}"
        yield f"         {listed(few, MOST)}"
        empty = [name for name, count in counts.items() if not count]
        if empty:
            yield f"empty    {listed(empty)}"
    if facts["shorter_side"]:
        yield f"sizes    shorter side {_from_to(facts['shorter_side'])}"
        yield f"         longer side {_from_to(facts['longer_side'])}"
        yield f"formats  {_counts(facts['formats'])}; {_counts(facts['modes'])}"
    yield f"corrupt  {len(facts['corrupt']):,}"
    for place, reason in list(facts["corrupt"].items())[:MOST]:
        yield f"         {place}: {reason}"
    for note in facts["notes"]:
        yield f"note     {note}"


def _class_sizes(counts):
    """How many images the classes have, the rarest and the commonest named."""
    if len(counts) == 1:
        return ""
    rare, common = (f(counts, key=counts.get) for f in (min, max))
    if counts[rare] == counts[common]:
        return f", {counted(counts[rare], 'image')} each"
    return (
        f", from {counted(counts[rare], 'image')} ({rare}) to "
        f"{counts[common]:,} ({common})"
    )


def _from_to(spread):
    low, middle, high = spread
    return f"{low} to {high} pixels, median {middle}"


def _counts(counts):
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _pair_lines(title, consequence, pairs):
    if not pairs:
        return [f"{title}: none"]
    head = f"{title}: {counted(len(pairs), 'image')}" + (
        consequence and f"; {consequence}"
    )
    return [head, *(f"  {a} = {b}" for a, b in pairs[:MOST])]
