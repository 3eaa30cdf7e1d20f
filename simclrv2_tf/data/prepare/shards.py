"""Any source to shuffled shards in TFDS's form, once, for fast reading.

Every shard is a piece of work of its own: processes take them in turn, and
those that are done when a run is killed stay done.
"""

from __future__ import annotations

import contextlib
import os

import numpy as np
import tensorflow as tf

from simclrv2_tf.console.progress import progress
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import shard_notes
from simclrv2_tf.data.prepare import tfds_layout
from simclrv2_tf.data.prepare.processes import run_all
from simclrv2_tf.data.prepare.recipe import ImageEncoding
from simclrv2_tf.data.prepare.recipe import write_shard
from simclrv2_tf.data.prepare.unreadable_limit import FRACTION
from simclrv2_tf.data.prepare.unreadable_limit import UnreadableLimit
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.json_files import read_if_there

EXAMPLES_PER_SHARD = 1024
FEWEST_SHARDS = 8  # so that a small data set is work for several processes


def prepare(
    sources: dict[str, Source],
    target: str,
    recipe: ImageEncoding | None = None,
    seed: int = 0,
    processes: int = 1,
    max_corrupt_fraction: float = FRACTION,
) -> dict:
    """Writes splits of a data set as TFDS data, or goes on writing it.

    The same sources, recipe and seed give the same bytes, however many
    processes there are and however often they were interrupted.

    Args:
      sources: Dictionary from splits to `Source`s of the same classes.
      target: Directory of the data set; files go to its version 1.0.0 unless
        it ends in a version.
      recipe: A `ImageEncoding`; None for the usual.
      seed: Of the order of the examples, 0 or more.
      processes: How many.
      max_corrupt_fraction: Share of a split's images that may be left out as
        they cannot be read, in [0, 1]; one may always be, and never all.

    Returns:
      The report, also written as `prepare_report.json`: examples, bytes and
      shards of each split, and which images were left out and why.

    Raises:
      ValueError: If the directory holds something else or cannot be written,
        images have other channels than files can have, classes differ, or
        more images cannot be read than may be. The same command then goes on,
        and one on mended images begins anew.
    """
    limit = UnreadableLimit(sources, max_corrupt_fraction)
    recipe = recipe or ImageEncoding()
    kind = common(sources)
    plan = describe(sources, recipe, seed)
    directory = tfds_layout.version_directory(target)
    with file_errors(target, "written"):
        finished = job_state.look(directory, plan)
        if finished is not None:
            return finished
        limit.check_files()
        job_state.begin(directory, plan)
        with job_state.stopping(directory, plan):
            notes = _write(sources, directory, recipe, seed, processes, limit)
        return _finished(target, notes, plan, kind)


def _finished(target, notes, plan, kind):
    """Writes what makes shards a data set; returns the report."""
    splits, corrupt = shard_notes.summed(notes), shard_notes.listed(notes)
    report = {**plan, "splits": splits, "corrupt": corrupt}
    directory = tfds_layout.version_directory(target)
    channels, classes = kind
    features = tfds_layout.features(plan["image_format"], classes, channels)
    sizes = {
        split: [(note["examples"], note["bytes"]) for note in of_split]
        for split, of_split in notes.items()
    }
    tfds_layout.write_metadata(directory, features, sizes)
    finish(target, directory, report)
    return report


def common(sources: dict[str, Source]) -> tuple[int, tuple[str, ...] | None]:
    """Channels and class names, which all splits must share."""
    kinds = {
        (source.num_channels, source.class_names) for source in sources.values()
    }
    if len(kinds) > 1:
        raise ValueError(
            "All splits must have the same classes and channels. Received: "
            f"{', '.join(source.name for source in sources.values())}"
        )
    for source in sources.values():
        check_no_gaps(source)  # which the names of classes would hide
    channels, classes = kinds.pop()
    if channels not in (1, 3):
        raise ValueError(
            "Images are written as JPEG or PNG, which have 1 or 3 channels. "
            f"Received: {channels} channels; arrays can be used as they are"
        )
    return channels, classes


def describe(
    sources: dict[str, Source], recipe: ImageEncoding, seed: int | None
) -> dict:
    """What is prepared and how; a run goes on with the same alone."""
    channels, *_ = (source.num_channels for source in sources.values())
    return {
        "sources": {
            split: f"{source.name}: {source.fingerprint()}"
            for split, source in sources.items()
        },
        job_state.IMAGES: {
            split: image_checksum(source) for split, source in sources.items()
        },
        "short_side": recipe.short_side,
        "quality": recipe.quality,
        "image_format": recipe.image_format,
        job_state.CHANNELS: channels,  # of all, see `common`
        "seed": seed,
    }


def _write(sources, directory, recipe, seed, processes, limit):
    """Writes the shards that are not there yet; returns notes of all."""
    notes, left = _look_for_shards(sources, directory, seed, limit)
    processes = max(1, min(processes, len(left)))
    tasks = (
        (split, index, sources[split].subset(rows), path, recipe, processes)
        for split, index, rows, path in left
    )
    total = sum(source.num_examples for source in sources.values())
    done = total - sum(len(rows) for _, _, rows, _ in left)
    with (
        progress("prepared", total, initial=done) as bar,
        contextlib.closing(run_all(_write_one, tasks, processes)) as written,
    ):
        for split, index, note in written:
            notes[split][index] = note
            limit.check(split, shard_notes.corrupt_rows(notes[split]))
            bar.update(note["examples"] + len(note["corrupt"]))
    return notes


def _look_for_shards(sources, directory, seed, limit):
    """Notes of the shards that are there, and what the others need.

    Shards that lack images are not there if too many images are lacking.
    """
    notes, left = {}, []
    for split, source in sources.items():
        shards = shuffled_rows(source.num_examples, seed)
        paths = [
            tfds_layout.shard_path(directory, split, index, len(shards))
            for index in range(len(shards))
        ]
        known = [read_if_there(_note_path(path)) for path in paths]
        if limit.exceeds(split, shard_notes.corrupt_rows(known)):
            known = shard_notes.without_corrupt(known)
        notes[split] = known
        for index, (rows, path) in enumerate(zip(shards, paths, strict=True)):
            if known[index] is None:
                left.append((split, index, rows, path))
    return notes, left


def shuffled_rows(count: int, seed: int) -> list[np.ndarray]:
    """Numbers of the examples of each shard, a list of arrays."""
    fewest = min(FEWEST_SHARDS, count)
    shards = max(-(-count // EXAMPLES_PER_SHARD), fewest)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(count)
    return np.array_split(order, shards)


def _note_path(path):
    directory, name = os.path.split(path)
    return os.path.join(directory, job_state.STATE, f"{name}.json")


def _write_one(split, index, source, path, recipe, processes):
    """The work of a process: one shard, and the note that it is done."""
    note = write_shard(source, path, recipe, processes)
    job_state.note(_note_path(path), note)
    return split, index, note


def finish(target: str, directory: str, report: dict) -> None:
    """Writes the report and what lets TFDS find the data; clears up."""
    tfds_layout.point_from(os.path.expanduser(target).rstrip("/"), directory)
    job_state.note(os.path.join(directory, job_state.REPORT), report)
    state = os.path.join(directory, job_state.STATE)
    if tf.io.gfile.exists(state):
        tf.io.gfile.rmtree(state)
