"""What a run reads: a source, the labels it may use, how it is augmented."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data import label_subset
from simclrv2_tf.data.augment import policy
from simclrv2_tf.data.augment.simclr import Crops
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.registry import splits_with
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.runs import own_data
from simclrv2_tf.runs import split_parts

# In flags.json: the number that the labels of each class are drawn by, where it
# is not the run's own, see `class_numbers`.
DRAWN_AS = "labels_drawn_as"
_LOG = logging.getLogger("simclrv2_tf")


def open_evaluation(config: Config) -> Source:
    """The evaluation split of the data set that a config names."""
    return open_source(config, config.eval_split, "eval_split")


def open_evaluation_of(config: Config, name: str) -> Source:
    """The evaluation split of another data set, or the only split it has.

    Args:
      config: A `Config`, which says how it is read.
      name: Of the data set.

    Raises:
      NoSplitError: If it has neither, or not the one that was asked for.
    """
    other = dataclasses.replace(config, dataset=name, holdout_fraction=None)
    try:
        return open_evaluation(other)
    except NoSplitError as error:
        if "eval_split" in config.given or len(error.known) != 1:
            raise
        return open_source(other, error.known[0], "eval_split")


def drew_otherwise(config: Config) -> bool:
    """Whether a run drew its holdout with another `exclude_images`."""
    if not config.holdout_fraction:
        return False
    return own_data.excluded_in_training(config) != config.exclude_images


def evaluation_if_labelled(config: Config) -> Source | None:
    """The evaluation split, None where the data set has none with labels.

    Raises:
      NoSplitError: If it was asked for by name.
    """
    source = evaluation_if_there(config)
    return source if source and (source.labels >= 0).any() else None


def evaluation_if_there(config: Config) -> Source | None:
    """The evaluation split, labelled or not; None if there is none."""
    try:
        return open_evaluation(config)
    except NoSplitError:
        named = "eval_split" in config.given
        if named and config.eval_split != holdout.HOLDOUT:
            raise
        return None


def split_names(config: Config) -> list[str]:
    """The splits of the data set that a config names."""
    return splits_with(config.dataset, split_parts.options_of(config))


def open_source(
    config: Config, split: str | None = None, option: str = "train_split"
) -> Source:
    """The data set that a config names; its training split unless given.

    With a holdout the training split lacks those images, and the split
    "holdout" has them. A config that asks about a run has the parts that the
    run was trained with, less what its own `exclude_images` names.

    Args:
      config: A `Config`.
      split: Name of the split, perhaps with a slice; None for training's.
      option: Name of the option that gave it, for messages.

    Raises:
      NoSplitError: If the data set has no such split.
      ValueError: If it cannot be opened.
    """
    return open_counted(config, split, option)[0]


def open_counted(
    config: Config, split: str | None = None, option: str = "train_split"
) -> tuple[Source, int]:
    """As `open_source`, and how many images the split has as a whole.

    The numbers of its examples, `Source.numbers`, are below that, also where
    some are set aside or left out.

    Args:
      config: See `open_source`.
      split: See there.
      option: See there.
    """
    split = split or config.train_split
    try:
        return split_parts.open_part(config, split)
    except NoSplitError as error:
        raise NoSplitError(
            f"--{option}={split} must name a split of the data. {error}",
            error.known,
        ) from None


def choose_labels(
    config: Config, source: Source, drawn_as: Sequence[int] | None = None
) -> Source:
    """The source with the labels that the flags allow, as its stage wants.

    Fine-tuning goes through labelled examples alone; pretraining and
    distillation through all, most of them without a label.

    Args:
      config: A `Config`.
      source: A `Source`.
      drawn_as: Number that each class is drawn by; None for its own.
    """
    finetunes = config.train_mode == "finetune"
    chosen = with_allowed_labels(config, source, drawn_as)
    if finetunes:
        _check_classes(source)
    count = int((chosen.labels >= 0).sum())
    if chosen is not source and count < source.num_examples:
        _LOG.info(
            "labels: %d of %d examples (label_seed=%d)",
            count,
            source.num_examples,
            config.label_seed,
        )
    return chosen


def with_allowed_labels(
    config: Config, source: Source, drawn_as: Sequence[int] | None = None
) -> Source:
    """As `choose_labels`, which also checks the classes and tells the count."""
    finetunes = config.train_mode == "finetune"
    if not finetunes and not (source.labels >= 0).any():
        return source
    chosen = labelled_examples(config, source, drawn_as)
    return source.subset(chosen) if finetunes else source.with_labels(chosen)


def labelled_examples(
    config: Config, source: Source, drawn_as: Sequence[int] | None = None
) -> np.ndarray:
    """Numbers of the examples whose labels the flags allow.

    Args:
      config: A `Config`.
      source: A `Source`.
      drawn_as: See `choose_labels`.
    """
    return label_subset.choose_labels(
        source.labels,
        config.label_fraction,
        config.labels_per_class,
        config.label_seed,
        source.class_names,
        drawn_as,
    )


def _check_classes(source):
    if source.num_classes < 2:
        raise ValueError(
            "Training a classifier needs at least two classes. Received: "
            f"{source.name} with the class {source.class_names[0]!r} alone"
        )


def make_augmentation(config: Config) -> Callable | None:
    """The device part of augmentation; None where crops and flips are all."""
    if config.train_mode != "pretrain":
        return None
    return functools.partial(
        policy.augment_views,
        strength=config.color_jitter_strength,
        blur=config.use_blur,
        per_image_blur=config.per_image_blur,
        impl=config.color_jitter_impl,
        grayscale=config.grayscale_prob,
    )


def crops_of(config: Config) -> Crops:
    """What the config says of crops and flips."""
    return Crops(config.crop_area_min, config.random_flip)
