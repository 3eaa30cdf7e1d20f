"""A function over a whole data set, shard by shard, on any replicas."""

import zlib

import numpy as np
import tqdm

from simclrv2_tf import distribution
from simclrv2_tf.data import concat
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.corrupt import CorruptImages
from simclrv2_tf.stages.shards import write_whole
from simclrv2_tf.stages.train import open_source

SHOWN_EVERY = 2.0  # seconds between two states of the progress line


def open_whole(config):
    """The split that a config names, else all splits one after another."""
    if config.split:
        return open_source(config, config.split)
    names = sources.split_names(
        config.dataset,
        data_dir=config.data_dir,
        download=config.download,
        image_feature=config.image_feature,
        label_feature=config.label_feature,
    )
    parts = [open_source(config, name) for name in names]
    if len(parts) == 1:
        return parts[0]
    classes = [name for part in parts for name in part.class_names or ()]
    classes = tuple(dict.fromkeys(classes)) or None
    return concat.join(f"{config.dataset} ({'+'.join(names)})", parts, classes)


def file_names(source):
    """What each example is called: its file, or its number in the data set."""
    if source.paths is not None:
        return [source.place(index) for index in range(source.num_examples)]
    return [f"{source.name}#{index}" for index in range(source.num_examples)]


def contents(config, source, network, names):
    """What tells the outputs of this network on this data from others."""
    weights = 0
    for variable in network.variables:
        weights = zlib.crc32(variable.numpy().tobytes(), weights)
    data = zlib.crc32("\n".join(names).encode())
    return {
        "dataset": source.name,
        "examples": source.num_examples,
        "data": zlib.crc32(np.ascontiguousarray(source.labels), data),
        "class_names": list(source.class_names or ()),
        "weights": weights,
        "precision": config.mixed_precision,
    }


def work_off(shards, function, source, image_size, batch_size, write):
    """Makes the shards that are missing, this worker its own of them.

    Args:
      shards: `Shards` of the source's examples.
      function: Of images float (batch, height, width, channels) and labels
        int (batch,) to a tuple of tensors (batch, ...), each row from its
        image alone.
      source: A `Source`.
      image_size: Side of the images in pixels.
      batch_size: Images in a step, over the replicas of this worker.
      write: Function (path, numbers of the examples, tuple of numpy arrays)
        that writes a shard.

    Raises:
      ValueError: If an image cannot be read; it is named. Shards that are
        finished stay.
    """
    workers, worker = distribution.worker_share()
    mine = [n for n in shards.missing() if n % workers == worker]
    if not mine:
        return
    wanted = [np.arange(*shards.bounds(number)) for number in mine]
    chosen = source.subset(np.concatenate(wanted))
    corrupt = CorruptImages(chosen, max_fraction=0)  # rows must stay in place
    batches = pipeline.eval_dataset(
        chosen, batch_size, image_size, corrupt=corrupt
    )
    with corrupt.explained(), _progress(shards, wanted) as progress:
        rows = _shown(distribution.map_rows(function, batches), progress)
        groups = regroup(rows, map(len, wanted))
        for number, numbers, arrays in zip(mine, wanted, groups, strict=True):
            write_whole(
                shards.path(number),
                lambda path, n=numbers, a=arrays: write(path, n, a),
            )


def _progress(shards, wanted):
    todo = sum(map(len, wanted))
    return tqdm.tqdm(
        total=shards.examples,
        initial=shards.examples - todo,
        desc=shards.name,
        unit=" images",
        mininterval=SHOWN_EVERY,
        disable=not distribution.is_chief(),
    )


def _shown(batches, progress):
    for arrays in batches:
        progress.update(len(arrays[0]))
        yield arrays


def regroup(batches, lengths):
    """Yields the rows of batches anew, in groups of these lengths.

    Args:
      batches: Iterator of tuples of arrays with as many rows each.
      lengths: Rows of each group, as many in all as the batches have.
    """
    held, count = [], 0
    for length in lengths:
        while count < length:
            held.append(next(batches))
            count += len(held[-1][0])
        rows = tuple(map(np.concatenate, zip(*held, strict=True)))
        yield tuple(array[:length] for array in rows)
        held = [tuple(array[length:] for array in rows)]
        count -= length
