"""The splits of a data set that are compared with each other."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import names_in
from simclrv2_tf.runs import inputs

_ALL = "all"  # what TFDS calls the sum of all splits
_LOG = logging.getLogger("simclrv2_tf")


def open_splits(config: Config) -> dict[str, Source]:
    """The splits by name, that to be labelled first, that of evaluation next.

    No image is there twice: a split that training reads already, alone or in
    a sum, is opened once more only if `eval_split` names it. Splits that are
    not given by name and cannot be opened are passed over, such as one of
    more classes than training has labels of so far.

    Args:
      config: A `Config`; with `split` that split alone is opened.

    Raises:
      NoSplitError: If a split that is named is not there.
      ValueError: If it cannot be opened.
    """
    if config.split:
        return {config.split: inputs.open_source(config, config.split, "split")}
    parts = {config.train_split: inputs.open_source(config)}
    known = inputs.split_names(config)
    read = read_by(config.train_split, known, config.dataset)
    aside = [holdout.HOLDOUT] if config.holdout_fraction else []
    for name in dict.fromkeys([config.eval_split, *aside, *known]):
        reads = read_by(name, known, config.dataset)
        again = bool(reads) and reads <= read and not _is_named(config, name)
        if name in parts or again:
            continue
        try:
            parts |= _opened(config, name)
            read |= reads  # also of one that is passed over
        except NoSplitError:
            if _is_named(config, name):
                raise
    return parts


def read_by(split: str, known: Sequence[str], dataset: str) -> set[str]:
    """The splits that a split or a sum of some takes its images from.

    Args:
      split: Its name, perhaps with slices.
      known: Names of the splits that there are.
      dataset: Name of the data set, for messages.
    """
    if split in known:
        return {split}
    if _ALL in names_in(split):
        return set(known)
    splits = set()
    for name in names_in(split) if "+" in split else {split}:
        with contextlib.suppress(NoSplitError):
            splits.add(choose_split(known, name, dataset)[0])
    return splits


def _is_named(config, name):
    return name == config.eval_split and "eval_split" in config.given


def _opened(config, name):
    """{name: `Source`} of a split, {} for one that is passed over."""
    try:
        return {name: inputs.open_source(config, name, "eval_split")}
    except ValueError as error:
        if _is_named(config, name) or isinstance(error, NoSplitError):
            raise
        _LOG.warning(
            "THE SPLIT %r IS PASSED OVER: images are not compared with it, "
            "and next_labels.csv is without it. %s",
            name,
            error,
        )
        return {}
