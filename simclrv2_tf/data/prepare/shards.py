"""Any source to shuffled shards in TFDS's form, once, for fast reading.

Every shard is a piece of work of its own: processes take them in turn, and
those that are done when a run is killed stay done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from simclrv2_tf.console.progress import progress
from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.prepare import tfds_layout
from simclrv2_tf.data.prepare.processes import run_all
from simclrv2_tf.data.prepare.recipe import ImageEncoding
from simclrv2_tf.data.prepare.recipe import write_shard
from simclrv2_tf.data.source import Source
from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import read_if_there

EXAMPLES_PER_SHARD = 1024
FEWEST_SHARDS = 8  # so that a small data set is work for several processes
STATE = ".preparing"  # directory of what a killed run has to know
PLAN = "plan.json"
REPORT = "prepare_report.json"
IMAGES = "images"  # their checksums, in both


def prepare(
    sources: dict[str, Source],
    target: str,
    recipe: ImageEncoding | None = None,
    seed: int = 0,
    processes: int = 1,
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

    Returns:
      The report, also written as `prepare_report.json`: examples, bytes and
      shards of each split, and which images were left out and why.

    Raises:
      ValueError: If the directory holds something else, images have other
        channels than files can have, classes differ, or no image can be read.
    """
    recipe = recipe or ImageEncoding()
    channels, classes = common(sources)
    directory = tfds_layout.version_directory(target)
    plan = describe(sources, recipe, seed)
    finished = look(directory, plan)
    if finished is not None:
        return finished
    _begin(directory, plan)
    notes = _write(sources, directory, recipe, seed, processes)
    report = {**plan, "splits": _summed(notes), "corrupt": _corrupt(notes)}
    _check_not_empty(report["splits"])
    features = tfds_layout.features(recipe.image_format, classes, channels)
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
    return {
        "sources": {
            split: f"{source.name}: {source.fingerprint()}"
            for split, source in sources.items()
        },
        IMAGES: {
            split: image_checksum(source) for split, source in sources.items()
        },
        "short_side": recipe.short_side,
        "quality": recipe.quality,
        "image_format": recipe.image_format,
        "seed": seed,
    }


def look(directory: str, plan: dict) -> dict | None:
    """Looks what a directory holds.

    The images are not compared where an earlier version did not note them.

    Returns:
      The report, if the same plan was carried out there; otherwise None.

    Raises:
      ValueError: If it holds something else.
    """
    for name in (REPORT, os.path.join(STATE, PLAN)):
        before = read_if_there(os.path.join(directory, name))
        if before is None:
            continue
        known = {IMAGES: plan[IMAGES], **before}
        differing = [key for key in plan if known.get(key) != plan[key]]
        if differing:
            raise ValueError(
                f"The directory {directory!r} holds data prepared with other "
                f"{', '.join(differing)}: give another directory, or remove it."
            )
        return before if name == REPORT else None
    if tf.io.gfile.exists(directory) and tf.io.gfile.listdir(directory):
        raise ValueError(
            f"The directory {directory!r} must be new or empty, and holds "
            "something else: give another."
        )
    return None


def _begin(directory, plan):
    """Makes the directory, and notes what goes there."""
    try:
        tf.io.gfile.makedirs(os.path.join(directory, STATE))
    except tf.errors.OpError as error:
        raise ValueError(
            f"The directory {directory!r} cannot be made: {error.message}"
        ) from None
    _note(os.path.join(directory, STATE, PLAN), plan)


def _note(path, values):
    text = json.dumps(values, indent=2) + "\n"
    atomic.write_text(path, text, f"{path}.tmp")


def _write(sources, directory, recipe, seed, processes):
    """Writes the shards that are not there yet; returns notes of all."""
    notes, left = _look_for_shards(sources, directory, seed)
    processes = max(1, min(processes, len(left)))
    tasks = (
        (split, index, sources[split].subset(rows), path, recipe, processes)
        for split, index, rows, path in left
    )
    total = sum(source.num_examples for source in sources.values())
    done = total - sum(len(rows) for _, _, rows, _ in left)
    with progress("prepared", total, initial=done) as bar:
        for split, index, note in run_all(_write_one, tasks, processes):
            notes[split][index] = note
            bar.update(note["examples"] + len(note["corrupt"]))
    return notes


def _look_for_shards(sources, directory, seed):
    """Notes of the shards that are there, and what the others need."""
    notes, left = {}, []
    for split, source in sources.items():
        shards = shuffled_rows(source.num_examples, seed)
        notes[split] = [None] * len(shards)
        for index, rows in enumerate(shards):
            path = tfds_layout.shard_path(directory, split, index, len(shards))
            notes[split][index] = read_if_there(_note_path(path))
            if notes[split][index] is None:
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
    return os.path.join(directory, STATE, f"{name}.json")


def _write_one(split, index, source, path, recipe, processes):
    """The work of a process: one shard, and the note that it is done."""
    note = write_shard(source, path, recipe, processes)
    _note(_note_path(path), note)
    return split, index, note


def _summed(notes):
    return {
        split: {
            "examples": sum(note["examples"] for note in of_split),
            "bytes": sum(note["bytes"] for note in of_split),
            "shards": len(of_split),
        }
        for split, of_split in notes.items()
    }


def _corrupt(notes):
    rows = [
        (split, *row)
        for split, of_split in notes.items()
        for note in of_split
        for row in note["corrupt"]
    ]
    return listed_rows(rows)


def listed_rows(rows: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Rows of split, image and reason as dictionaries, sorted."""
    keys = ("split", "image", "reason")
    return [dict(zip(keys, row, strict=True)) for row in sorted(rows)]


def _check_not_empty(splits):
    for split, counts in splits.items():
        if not counts["examples"]:
            raise ValueError(
                f"No image of the split {split!r} can be read: nothing was "
                "prepared."
            )


def finish(target: str, directory: str, report: dict) -> None:
    """Writes the report and what lets TFDS find the data; clears up."""
    tfds_layout.point_from(os.path.expanduser(target).rstrip("/"), directory)
    _note(os.path.join(directory, REPORT), report)
    if tf.io.gfile.exists(os.path.join(directory, STATE)):
        tf.io.gfile.rmtree(os.path.join(directory, STATE))
