"""Whether a run's data are still those that it was trained on."""

from __future__ import annotations

import dataclasses
import logging

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.config.data_options import DataConfig
from simclrv2_tf.data import class_match
from simclrv2_tf.data.holdout import HOLDOUT
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import is_tfds
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import own_data

# What says how the same images are found; else the two cannot be compared.
_SAME = ("dataset", "data_dir")
EARLIER = "earlier_data"  # in environment.json: those that were gone on from
_LOG = logging.getLogger("simclrv2_tf")


def read(directory: str | None) -> list[dict]:
    """Descriptions of all data that a run was trained on, the first first.

    Args:
      directory: Of the run; None for no run.
    """
    known = model_dir.read_environment(directory)
    newest = [known["data"]] if known.get("data") else []
    return [*known.get(EARLIER, []), *newest]


def check_part(directory: str, examples: int) -> None:
    """Raises a ValueError if a run on a part of the labels had another part.

    What is left out of one division may be trained on in another.

    Args:
      directory: Of the run on a part; without one nothing is checked.
      examples: In the part that it is to go on with.
    """
    known = read(directory)
    before = known[-1].get("examples", examples) if known else examples
    if before != examples:
        raise ValueError(
            f"The run in {directory!r} must go on with the part of the labels "
            f"that it was trained on, {before:,} of them. Received: "
            f"{examples:,}; give the --best_folds and the labels of before, or "
            "another --model_dir."
        )


def warn_if_changed(config: Config) -> None:
    """Warns where held-out images may be among those that were trained on.

    A holdout and a slice are drawn from the data as they are: with other
    images or labels, or another table of `exclude_images`, they are other
    ones than those that training left out.

    Args:
      config: A `Config` that evaluates a run on the run's own data.
    """
    directory = own_data.directory_of(config)
    flags = model_dir.read_flags(directory)
    drawn = _drawn_by(config, flags)
    if not drawn or not directory or not distribution.is_chief():
        return
    recorded = read(directory)
    now = _described(config, flags) if recorded else None
    other = [before for before in recorded if before != now]
    if now and other:
        _LOG.warning(
            "THE DATA HAVE CHANGED since the run in %s was trained: %s then, "
            "%s now. The images held out by %s are drawn anew: the run may "
            "have been trained on most of them, and figures on them are too "
            "good. Restore the data, labels and exclude_images as they were, "
            "or evaluate on other images.",
            directory,
            other[0],
            now,
            drawn,
        )


def _drawn_by(config, flags):
    """The option that divides the run's data, "" where nothing hangs on it."""
    if any(getattr(config, name) != flags.get(name) for name in _SAME):
        return ""
    if is_tfds(config.dataset):  # whose data have versions
        return ""
    if config.mode == "eval" and not _is_part(config.eval_split):
        return ""
    if flags.get("holdout_fraction"):
        return f"--holdout_fraction={flags['holdout_fraction']}"
    if _is_part(flags.get("train_split", "")):
        return f"--train_split={flags['train_split']}"
    return ""


def _is_part(split):
    return split == HOLDOUT or "[" in split


def _described(config, flags):
    """What the run would record today; None where that cannot be told."""
    try:
        return environment.describe_data(_of_training(config, flags))
    except (ValueError, OSError, tf.errors.OpError):
        return None  # what is evaluated on is opened after this, and says why


def _of_training(config: Config, flags: dict) -> Source:
    """The source that the run trains on, opened once more."""
    names = [field.name for field in dataclasses.fields(DataConfig)]
    own = {n: flags[n] for n in names if n in flags and n != "eval_split"}
    config = dataclasses.replace(config, **own, train_mode=flags["train_mode"])
    source = inputs.open_source(config)
    known = flags.get("class_names")
    if known:
        as_written = flags.get("class_names_as_written", False)
        if class_match.MAPPED_NAMES not in flags:
            source = class_match.without_numbers(source)
        source = class_match.renumber(source, known, "The run", as_written)
    drawn_as = flags.get(inputs.DRAWN_AS)
    source = inputs.with_allowed_labels(config, source, drawn_as)
    return source.with_channels(flags.get("channels", 3))
