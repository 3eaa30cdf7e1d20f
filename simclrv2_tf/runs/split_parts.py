"""A split as a run has it: a holdout set aside, excluded images left out."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data.exclusion import left_in
from simclrv2_tf.data.exclusion import read_excluded
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.registry import open_with
from simclrv2_tf.runs import own_data

_LOG = logging.getLogger("simclrv2_tf")


def options_of(config: Config) -> SourceOptions:
    """How the data set that a config names is read."""
    return SourceOptions(
        data_dir=config.data_dir,
        download=config.download,
        image_feature=config.image_feature,
        label_feature=config.label_feature,
        label_map=config.label_map,
        folder_classes=config.folder_classes,
        apply_orientation=config.apply_orientation,
        resize_shorter_side=config.resize_shorter_side,
    )


def open_part(config: Config, split: str) -> tuple[Source, int]:
    """A split less what is set aside or left out of it, and its whole size.

    Args:
      config: A `Config`, which says how it is read.
      split: Name of the split, perhaps with a slice.

    Raises:
      NoSplitError: If the data set has no such split.
      ValueError: If it cannot be opened.
    """
    parts = {holdout.HOLDOUT: holdout.held_out}
    parts[config.train_split] = holdout.left_over
    if not config.holdout_fraction or split not in parts:
        return _open(config, split)
    whole = _open_whole(config, config.train_split)
    kept = _kept(config.exclude_images, whole)
    drawn = _kept_in_training(config, whole, kept)
    part = parts[split](whole.labels[drawn], config.holdout_fraction)
    left = _remaining(config, whole, kept)
    chosen = left.subset(np.flatnonzero(np.isin(kept, drawn[part])))
    return chosen, whole.num_examples


def _open(config, split):
    """A split as it is, less what `exclude_images` names, and its size."""
    source = _open_whole(config, split)
    judged_on = None if split == config.train_split else split
    kept = _kept(config.exclude_images, source, judged_on)
    return _remaining(config, source, kept), source.num_examples


def _kept(table, source, split=None):
    """Numbers of the examples that a table of `exclude_images` leaves.

    Without a split a file is left out whichever split its row is of: so it is
    in training, and what is set aside is drawn from what is left.
    """
    if not table:
        return np.arange(source.num_examples)
    excluded = read_excluded(table, split)
    kept = left_in(source, excluded)
    if excluded and len(kept) == source.num_examples:
        _LOG.warning(
            "exclude_images leaves nothing out: none of the names in %r, such "
            "as %r, is of %s (have the files moved?)",
            table,
            min(excluded),
            source.name,
        )
    return kept


def _kept_in_training(config, source, kept):
    """Numbers of the examples that the run drew its holdout from.

    The draw depends on how many there are, so that what is left out since
    must not change it.
    """
    table = own_data.excluded_in_training(config)
    if table == config.exclude_images:
        return kept
    try:
        return _kept(table, source)
    except ValueError as error:
        _LOG.warning(
            "THE HELD-OUT IMAGES MAY BE OTHERS than those that the run left "
            "out, and among them images that it was trained on: its table "
            "cannot be used. %s",
            error,
        )
        return kept


def _remaining(config, source, kept):
    """The source less what `exclude_images` names, which a note tells."""
    if not config.exclude_images:
        return source
    left = source.num_examples - len(kept)
    words = f"left out by exclude_images: {left} of {source.num_examples}"
    source = dataclasses.replace(source, notes=(*source.notes, words))
    return source.remaining(kept)


def _open_whole(config, split):
    return open_with(config.dataset, split, options_of(config))
