"""What `tools/prepare_dataset.py` asks for: from names to prepared shards."""

from __future__ import annotations

import os
import re
from typing import Any

from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import shards
from simclrv2_tf.data.prepare import tfds_layout
from simclrv2_tf.data.prepare.counted import counted
from simclrv2_tf.data.prepare.recipe import ImageEncoding
from simclrv2_tf.data.prepare.unreadable_limit import FRACTION
from simclrv2_tf.data.prepare.unreadable_limit import check_fraction
from simclrv2_tf.data.sources import open_source
from simclrv2_tf.data.sources import split_names
from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder
from simclrv2_tf.machine.cores import cores

MOST = 20  # corrupt images that are listed


def run(
    source: str,
    target: str,
    splits: str | None = None,
    short_side: int = 256,
    quality: int = 95,
    image_format: str = "jpeg",
    channels: int | None = None,
    seed: int = 0,
    processes: int | None = None,
    beam_runner: str | None = None,
    beam_options: str = "",
    max_corrupt_fraction: float = FRACTION,
    **options: Any,
) -> dict:
    """Prepares a data set by name.

    Args:
      source: Name of the data set.
      target: Directory to write.
      splits: Text "NAME,NAME=SPLIT,...": what each split is taken from; None
        for all that there are.
      short_side: See `ImageEncoding`, as `quality` and `image_format`.
      quality: Of JPEG.
      image_format: "jpeg" or "png".
      channels: 1 or 3; None for as many as images have.
      seed: Of the order, 0 or more.
      processes: How many; None for one a core.
      beam_runner: Name of a Beam runner; None for processes here.
      beam_options: Flags of the Beam pipeline with commas between.
      max_corrupt_fraction: See `shards.prepare`.
      **options: Those of `open_source`.

    Returns:
      The report of `prepare.prepare`.

    Raises:
      ValueError: If there is no such data set, or an option is out of range,
        or a split is to have a name that TFDS cannot read, or the target is
        among the images, or as `shards.prepare`.
    """
    recipe = ImageEncoding(short_side, quality, image_format)
    if seed < 0:
        raise ValueError(f"`seed` must be 0 or more. Received: seed={seed}")
    check_fraction(max_corrupt_fraction)
    _check_outside(source, target)
    wanted = parse_splits(splits) or {
        name: name for name in split_names(source, **options)
    }
    _check_names(wanted)
    if beam_runner:
        plan = {
            name: (source, split, channels, tuple(options.items()))
            for name, split in wanted.items()
        }
        how = (beam_runner, _flags(beam_options), max_corrupt_fraction)
        return _with_beam(plan, target, recipe, *how)
    opened = _opened(source, wanted, channels, options)
    processes = processes or cores()
    return shards.prepare(
        opened, target, recipe, seed, processes, max_corrupt_fraction
    )


def _with_beam(*arguments):
    from simclrv2_tf.data.prepare import beam

    return beam.prepare_with_beam(*arguments)


def _flags(text):
    """Flags of a Beam pipeline with commas between, as a list."""
    return [flag for flag in text.split(",") if flag]


def _opened(name, splits, channels, options):
    """The `Source` of each split, with as many channels; None for its own."""
    sources = {
        split: open_source(name, taken_from, **options)
        for split, taken_from in splits.items()
    }
    if channels is None:
        return sources
    return {n: s.with_channels(channels) for n, s in sources.items()}


def _check_outside(source, target):
    """Raises a ValueError for a target among the images, as one more class."""
    images = surrounding_folder(source, os.path.expanduser(target))
    if images:
        raise ValueError(
            "The target must lie outside the images' folder, where it would "
            f"be taken for a class. Received: {target!r} in {images!r}; give "
            "another directory."
        )


def _check_names(splits):
    """Raises a ValueError for names of splits that TFDS cannot read."""
    for name in splits:
        plain = re.sub(r"[^\w-]+", "_", name)
        if plain != name:
            raise ValueError(
                "Splits of prepared data must be named with letters, digits, "
                f"'_' and '-'. Received: {name!r}; give --splits, such as "
                f"'{plain}={name}'"
            )


def parse_splits(text: str | None) -> dict[str, str]:
    """ "train=train[:90%],test" to {"train": "train[:90%]", "test": "test"}."""
    pairs = [item.partition("=") for item in (text or "").split(",") if item]
    return {name: split or name for name, _, split in pairs}


def lines(report: dict, target: str) -> list[str]:
    """What was done, and how to go on; a list of lines."""
    target = target.rstrip("/")
    directory = tfds_layout.version_directory(target)
    shown = [
        f"{split}: {counted(counts['examples'], 'image')}, "
        f"{counted(counts['bytes'], 'byte')} in "
        f"{counted(counts['shards'], 'shard')}"
        for split, counts in report["splits"].items()
    ]
    corrupt = report["corrupt"]
    left_out = counted(len(corrupt), "image")
    shown.append(f"left out: {left_out} that cannot be read")
    shown += [f"  {row['image']}: {row['reason']}" for row in corrupt[:MOST]]
    shown += [
        f"report: {os.path.join(directory, job_state.REPORT)}",
        f"train:  simclrv2 --dataset={target}",
        f"read:   tfds.builder_from_directory({directory!r})",
    ]
    return shown
