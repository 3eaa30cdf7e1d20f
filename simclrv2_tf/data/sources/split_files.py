"""The files that a pattern names, grouped by split."""

from __future__ import annotations

import functools
import logging
import os
import re

import tensorflow as tf

from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import VALIDATION

TEMPLATE = "{split}"
# Hugging Face's names of shards end in a hash, of each its own.
_HASH = re.compile(r"^-[0-9a-f]{16}(?=\.|$)")
# "x.tfrecord-00000-of-00008", as TensorFlow's own programs name shards.
_NUMBER = re.compile(r"-\d+-of-\d+$")
_LOG = logging.getLogger("simclrv2_tf")


def files_by_split(
    pattern: str,
    split: str | None,
    suffixes: tuple[str, ...],
    any_shard: bool = False,
) -> dict[str, list[str]]:
    """The files that a pattern names, grouped by the split that they hold.

    Args:
      pattern: A path, a glob pattern, or a directory. "{split}" in it stands
        for the name of a split, the longest that matches a file. Without
        that, files whose names hold the names of two splits or more
        ("train-00000.tar", "val-00000.tar") are grouped by them. Beside files
        of splits to evaluate on ("test-00000.tar") those of no split
        ("shard-00000.tar") are "train"; otherwise all are of one split,
        "train".
      split: The split asked for, which may have a name of its own; None for
        all that have usual names.
      suffixes: What files in a directory end in. Where none does, files count
        that are numbered after such an ending ("x.tar-00000-of-00003").
      any_shard: Whether numbered files count last whatever stands before
        their numbers ("train-00000-of-01024").

    Returns:
      Dictionary from splits to lists of files, sorted.

    Raises:
      ValueError: If there is no such file, or a shard is missing.
    """
    if TEMPLATE in pattern:
        requested = () if split is None else (split.split("[")[0],)
        by_split = {
            name: _matching(
                pattern.replace(TEMPLATE, name), suffixes, any_shard
            )
            for name in dict.fromkeys((*requested, *KNOWN))
        }
        by_split = _once({n: f for n, f in by_split.items() if f}, requested)
    else:
        by_split = _apart(_matching(pattern, suffixes, any_shard))
    if not by_split:
        raise ValueError(_no_file(pattern, suffixes))
    for files in by_split.values():
        _check_shards(files)
    return by_split


def _once(by_split, requested):
    """Each file under the longest of the usual names that match it.

    "{split}*.tar" with "validation" also matches as "val" and "valid". A
    split without a file of its own is left out, unless it is requested.
    """
    longest: dict[str, str] = {}
    for name in sorted(set(by_split) & set(KNOWN), key=lambda n: (len(n), n)):
        longest |= dict.fromkeys(by_split[name], name)
    own = {
        name: [f for f in files if longest.get(f, name) == name]
        for name, files in by_split.items()
        if name in KNOWN
    }
    return {
        name: own.get(name) or files
        for name, files in by_split.items()
        if name in requested or own.get(name)
    }


def _no_file(pattern, suffixes):
    if tf.io.gfile.isdir(pattern):
        return (
            f"There is no file in the directory {pattern!r} whose name ends "
            f"in {' or '.join(suffixes)}: give another directory, or a "
            "pattern such as DIR/train-*"
        )
    return (
        f"There is no file {pattern!r}: give the path of a file or of a "
        "directory, or a pattern such as DIR/train-*"
    )


def _matching(pattern, suffixes, any_shard):
    if tf.io.gfile.isdir(pattern):
        return [
            os.path.join(pattern, name)
            for name in _ending_in(
                suffixes, tf.io.gfile.listdir(pattern), any_shard
            )
        ]
    if tf.io.gfile.exists(pattern):  # a name may hold signs of a pattern
        return [pattern]
    return sorted(tf.io.gfile.glob(pattern))


def _ending_in(suffixes, names, any_shard):
    """Names that end so, else those of shards that are numbered after it."""
    names = sorted(name for name in names if not name.startswith("."))
    shards = [name for name in names if _NUMBER.search(name)]
    return (
        [name for name in names if name.lower().endswith(suffixes)]
        or [n for n in shards if _NUMBER.sub("", n.lower()).endswith(suffixes)]
        or (shards if any_shard else [])
    )


def _apart(files):
    splits = [_split_of(file) for file in files]
    named = set(splits) - {None}
    if named and None in splits and named <= {*VALIDATION, *TEST}:
        splits = [split or TRAIN[0] for split in splits]
        _warn_of_rest(*sorted(named))
    elif len(named) < 2:
        return {TRAIN[0]: files} if files else {}
    others = [f for f, of in zip(files, splits, strict=True) if of is None]
    if others:
        _LOG.warning(
            "left out, as their names are those of no split: %s",
            ", ".join(others),
        )
    return {
        name: [f for f, of in zip(files, splits, strict=True) if of == name]
        for name in sorted(set(splits) - {None})
    }


@functools.cache  # a run lists its files several times
def _warn_of_rest(*splits):
    _LOG.warning(
        "the files whose names hold %s are %s, and the others the split %r; "
        "to train on all of them name them apart, as concat:A,B",
        " or ".join(map(repr, splits)),
        "that split" if len(splits) == 1 else "those splits",
        TRAIN[0],
    )


def _split_of(path):
    """The only name of a split in a file's name, None for none."""
    words = re.split(r"[^a-z]+", os.path.basename(path).lower())
    named = [word for word in words if word in KNOWN]
    return named[0] if len(named) == 1 else None


def _check_shards(files):
    """Raises if files called "x-00000-of-00003" are not all there, once."""
    shards = {}
    for file in files:
        folder, name = os.path.split(file)
        match = re.search(r"^(.*?)-?(\d+)-of-(\d+)(.*)$", name)
        if match:
            end = _HASH.sub("-*", match[4])
            start = os.path.join(folder, match[1])
            series = (start, end, int(match[3]))
            numbers = shards.setdefault(series, {})
            before = numbers.setdefault(int(match[2]), file)
            if before != file and end != match[4]:
                _check_revisions(before, file, series)
    for (start, end, total), numbers in shards.items():
        wanted = set(range(min(numbers), min(numbers) + total))
        missing = sorted(set(range(total)) - numbers.keys())
        if (
            numbers.keys() != wanted and missing
        ):  # some count from 0, some from 1
            raise ValueError(
                f"Of the {total} shards {start}-*-of-{total:05d}{end} "
                f"{len(missing)} are missing, the first of them number "
                f"{missing[0]}: copy them, or give the pattern of those that "
                "you want under other names"
            )


def _check_revisions(before, file, series):
    """Raises for a shard that is there with two hashes.

    Sole shards of several data sets may be so named: those are warned of.
    """
    start, end, total = series
    shards = f"the shards {start}-*-of-{total:05d}{end}"
    if total == 1:
        _warn_of_two(shards, before, file)
        return
    raise ValueError(
        f"There must be one of each of {shards}. Received: {before!r} and "
        f"{file!r}, as of two revisions, whose images would be there twice: "
        "leave the files of one revision alone in the directory"
    )


@functools.cache
def _warn_of_two(shards, before, file):
    _LOG.warning(
        "%s hold %r and %r: if they are two revisions of one data set, its "
        "images are there twice; leave one of them out",
        shards,
        before,
        file,
    )
