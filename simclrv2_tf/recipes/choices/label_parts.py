"""Labels that are left out of a run, and the run on the others."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.optimizers import scale_learning_rate
from simclrv2_tf.optimizers import warmup_steps
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.rules.rule_values import in_equal_parts
from simclrv2_tf.runs.hardware import devices

# A run on a part reads what it is given, and is neither evaluated nor told to
# others than TensorBoard, for whom a run is that on all labels.
_ON_A_PART = {
    "mode": "train",
    "labels_per_class": 0,
    "label_fraction": 1.0,
    "holdout_fraction": None,
    "calibrate": False,
    "patience": 0,
    "export_best": None,
    "best_folds": 0,
    "logger": "tensorboard",
    "profile_steps": None,
}


def divided(source: Source, parts: int) -> list[tuple[Source, Source]]:
    """Labelled images to learn from and those left out, part by part.

    Args:
      source: A `Source` of labelled images.
      parts: How many, at most as many as there are labels of each class.
    """
    from sklearn.model_selection import StratifiedKFold

    split = StratifiedKFold(parts, shuffle=True, random_state=0)
    return [
        (source.subset(known), source.subset(left_out))
        for known, left_out in split.split(source.labels, source.labels)
    ]


def readable(source: Source) -> Source:
    """The labelled images that can be read, to be divided.

    All of them where a class would be left with one, which cannot be divided.

    Args:
      source: A `Source` of labelled images.
    """
    kept = baselines.readable(source)
    classes = int(source.labels.max()) + 1
    before, left = (
        np.bincount(s.labels, minlength=classes) for s in (source, kept)
    )
    return kept if left[before > 0].min() > 1 else source


def fitting(config: Config, known: Source) -> Config:
    """The config with no more images in a batch than there are, as fast.

    Args:
      config: A `Config`.
      known: A `Source` of labelled images.
    """
    batch = min(config.train_batch_size, known.num_examples)
    batch = in_equal_parts(batch, devices.num_replicas(config))
    before, after = (
        scale_learning_rate(1.0, size, config.learning_rate_scaling)
        for size in (config.train_batch_size, batch)
    )
    rate = config.learning_rate * (before / after)
    return dataclasses.replace(
        config, train_batch_size=batch, learning_rate=rate
    )


def on_a_part(config: Config, known: Source, **options: Any) -> Config:
    """The config of a run on a part of the labels, see `fitting`.

    Args:
      config: That of the run on all of them.
      known: A `Source` of the part.
      **options: What else is not as in the run on all of them.
    """
    part = dataclasses.replace(
        fitting(config, known), **{**_ON_A_PART, **options}
    )
    return _outlasting(part, known)


def _outlasting(config, known):
    """The config with a warm-up that its steps are longer than.

    A batch that replicas share may be so much smaller than that of all labels
    that as many epochs are more steps.
    """
    batch, steps = config.train_batch_size, config.train_steps
    warmup = warmup_steps(known.num_examples, batch, config.warmup_epochs)
    if not 0 < steps <= warmup:
        return config
    epochs = (steps - 0.5) * batch / known.num_examples
    return dataclasses.replace(config, warmup_epochs=epochs)
