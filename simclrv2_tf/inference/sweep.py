"""A function over a whole data set, shard by shard, on any replicas."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.console.progress import progress
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import concat
from simclrv2_tf.data.sources.image_places import place_checksum
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.files import atomic
from simclrv2_tf.inference import finished_shards
from simclrv2_tf.inference.result_shards import Shards
from simclrv2_tf.inference.unreadable_of_workers import count_all
from simclrv2_tf.inference.unreadable_of_workers import say
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.inputs import open_counted
from simclrv2_tf.runs.inputs import open_source
from simclrv2_tf.runs.inputs import split_names

SELECTED = ("proj_sel", "logits_sup")  # endpoints that the selector chooses


def open_whole(config: Config) -> Source:
    """The split that a config names, else all splits one after another.

    An image keeps its number among those of all splits, whatever is left out
    or set aside: results of both are joined by it.
    """
    if config.split:
        return open_source(config, config.split, "split")
    names = split_names(config)
    parts, sizes = zip(*[open_counted(config, n) for n in names], strict=True)
    if len(parts) == 1:
        return parts[0]
    every = [name for part in parts for name in part.class_names or ()]
    classes = tuple(dict.fromkeys(every)) or None
    name = f"{config.dataset} ({'+'.join(names)})"
    joined = concat.join(name, parts, classes)
    return dataclasses.replace(joined, numbers=_numbers(parts, sizes))


def _numbers(parts, sizes):
    """Of each example the number among all images of the splits as a whole.

    None where no image is set aside or left out.
    """
    if all(part.numbers is None for part in parts):
        return None
    ends = np.cumsum(sizes)
    numbers = [
        np.arange(size) if part.numbers is None else part.numbers
        for part, size in zip(parts, sizes, strict=True)
    ]
    starts = ends - sizes
    return np.concatenate([n + s for n, s in zip(numbers, starts, strict=True)])


def contents(
    config: Config, source: Source, network: Network, names: list[str]
) -> dict:
    """What identifies the outputs of this network on this data."""
    weights = 0
    for variable in network.variables:
        weights = zlib.crc32(variable.numpy().tobytes(), weights)
    data = zlib.crc32("\n".join(names).encode())
    if source.apply_orientation:
        data = zlib.crc32(b"apply_orientation", data)
    if source.resize_shorter_side:
        side = f"shorter side {source.resize_shorter_side}"
        data = zlib.crc32(side.encode(), data)
    places = place_checksum(source)
    return {
        "dataset": source.name,
        "examples": source.num_examples,
        "data": zlib.crc32(source.labels.tobytes(), data),
        "class_names": list(source.class_names or ()),
        "images": image_checksum(source),
        **({} if places is None else {"places": places}),
        "weights": weights,
        "precision": config.mixed_precision,
    }


def settings(backbone: Backbone) -> dict:
    """Settings beside variables that outputs depend on, for `contents`.

    Args:
      backbone: A `Backbone`; of its arguments the selector counts only where
        an endpoint is one of `SELECTED`.

    Returns:
      {argument of `Network`: its value, None where it is unset}.
    """
    arguments = backbone.get_config()
    names = ["image_size", "input_mean", "input_std"]
    if set(SELECTED) & set(np.atleast_1d(arguments["endpoint"])):
        names.append("ft_proj_selector")
    return {name: arguments[name] for name in names}


def run_shards(
    config: Config,
    shards: Shards,
    function: Callable,
    source: Source,
    image_size: int,
    write: Callable,
) -> None:
    """Makes the shards that are missing, this worker its own of them.

    Of several workers each must call this.

    Images that cannot be read are named and left out, as many as
    `max_corrupt_fraction` of the source at most, with those that shards of an
    earlier try lack.

    Args:
      config: A `Config`.
      shards: `Shards` of the source's examples.
      function: Of images float (batch, height, width, channels) to a tuple of
        tensors (batch, ...), each row from its image alone.
      source: A `Source`.
      image_size: Side of the images in pixels.
      write: Function (path, numbers of the examples that could be read, tuple
        of numpy arrays) that writes a shard.

    Raises:
      ValueError: If too many images cannot be read. Shards that are finished
        stay.
    """
    workers, worker = distribution.worker_share()
    missing = shards.missing()
    mine = [number for number in missing if number % workers == worker]
    unreadable = UnreadableImages(source, config.max_corrupt_fraction)
    if missing or workers > 1:  # all parts may lack more than one's own
        finished_shards.restore(unreadable, shards)
    if mine:
        numbers = np.concatenate([np.arange(*shards.bounds(n)) for n in mine])
        batches = _batches(config, source, image_size, unreadable, numbers)
        side = [1, image_size, image_size, source.num_channels]
        nothing = [np.asarray(x)[:0] for x in function(tf.zeros(side))]
        with unreadable.explained(), _bar(shards, len(numbers)) as bar:
            rows = _shown(_rows(function, batches), bar)
            _write(shards, mine, rows, (numbers[:0], *nothing), write)
    count_all(unreadable)
    say(unreadable)


def _batches(config, source, image_size, unreadable, numbers):
    """Images of some examples, this worker's share of each batch."""
    workers, _ = distribution.worker_share()
    return pipeline.eval_dataset(
        source,
        -(-config.eval_batch_size // workers),
        image_size,
        unreadable=unreadable,
        numbers=numbers,
    )


def _rows(function, batches):
    """Yields the numbers of examples, and what a function makes of them."""

    def numbered(images, numbers):
        return numbers, *function(images)

    return distribution.map_rows(numbered, batches)


def _write(shards, mine, rows, nothing, write):
    """Writes some shards, each as soon as its rows are there."""
    ends = [shards.bounds(number)[1] for number in mine]
    groups = regroup(rows, ends, nothing)
    for number, (known, *arrays) in zip(mine, groups, strict=True):
        with atomic.beside(shards.path(number)) as path:
            write(path, known, arrays)


def _bar(shards, todo):
    return progress(
        shards.name,
        shards.examples,
        initial=shards.examples - todo,
        shown=distribution.is_chief(),
    )


def _shown(batches, bar):
    for arrays in batches:
        bar.update(len(arrays[0]))
        yield arrays


def regroup(
    batches: Iterator[tuple], ends: Sequence[int], nothing: tuple
) -> Iterator[tuple]:
    """Yields the rows of batches anew, in groups by their numbers.

    Args:
      batches: Iterator of tuples of arrays with as many rows each, the first
        the rows' numbers, which ascend.
      ends: Of each group, the number that its rows are below; they ascend.
      nothing: Such a tuple without rows.
    """
    pending, last = [nothing], -1
    for end in ends:
        while last < end - 1:  # there may be more
            following = next(batches, None)
            if following is None:
                break
            pending.append(following)
            last = following[0][-1]
        rows = tuple(map(np.concatenate, zip(*pending, strict=True)))
        cut = np.searchsorted(rows[0], end)
        yield tuple(array[:cut] for array in rows)
        pending = [tuple(array[cut:] for array in rows)]
