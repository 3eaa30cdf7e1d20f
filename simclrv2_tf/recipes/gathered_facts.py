"""The facts of a job: what its images, labels and flags and the machine say."""

from __future__ import annotations

from simclrv2_tf.config import Config
from simclrv2_tf.config import time_budget_seconds
from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.class_mirroring import mirrored_labels
from simclrv2_tf.recipes.images.image_sample import ImageSample
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.mirroring import told_from_mirror
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.machine import this_machine
from simclrv2_tf.recipes.rules.rule_values import CHIRAL
from simclrv2_tf.runs.start.decoding_choice import trained_with


def look_at(config: Config, data: JobData) -> tuple[ImageSample, list[str]]:
    """What some images are like, and notes on those that cannot be read.

    Pretraining reads all of them, and what is exported is evaluated.

    Args:
      config: The job's `Config`.
      data: Its `JobData`.

    Raises:
      ValueError: If more of them cannot be read than a stage puts up with.
    """
    sample = image_sample.look_at(data.train)
    notes = _readable(config, "pretrain", data.train, sample)
    if data.evaluation is not None:
        other = image_sample.look_at(data.evaluation)
        notes += _readable(config, "distill", data.evaluation, other)
    return sample, notes


def _readable(config, stage, source, sample):
    own = stage_configs.given(config)[stage]
    share = own.get("max_corrupt_fraction", config.max_corrupt_fraction)
    image_sample.check(source, sample, share)
    return image_sample.notes(source, sample, share)


def gather(config: Config, data: JobData, sample: ImageSample) -> Facts:
    """The facts that the rules look at.

    Args:
      config: The job's `Config`.
      data: Its `JobData`.
      sample: What `look_at` gave.
    """
    mirror_accuracy = told_from_mirror(data.train, sample.pixels)
    facts = Facts(
        examples=data.train.num_examples,
        labelled=len(data.labelled),
        fewest=data.fewest,
        classes=data.train.num_classes,
        side=sample.side,
        elongation=sample.elongation,
        grey=sample.grey,
        channels=data.train.num_channels,
        machine=this_machine(config.memory_budget, config.strategy),
        seconds=time_budget_seconds(config),
        told_from_mirror=mirror_accuracy,
        mirrored_labels=_mirrored(data, sample, mirror_accuracy),
        initial=given_weights.initial(config, data.train.num_examples),
        given=stage_configs.given(config)["pretrain"],
        reducible=_is_reducible(config, data.train),
        largest_given=_largest_given(config),
        evaluated=data.evaluation.num_examples if data.evaluation else 0,
    )
    return facts if facts.seconds else default_time.with_default(facts)


def _is_reducible(config, source):
    """Whether the rules may reduce images, which weights decide as well."""
    undecided = source.resize_shorter_side is None
    weights = trained_with(config.checkpoint)
    return source.storage.encoded and undecided and weights is None


def _largest_given(config):
    """The largest image size that is given for a stage, 0 for none."""
    stages = stage_configs.given(config).values()
    return max(options.get("image_size", 0) for options in stages)


def _mirrored(data, sample, mirror_accuracy):
    """What labels tell of mirror images, where it is not settled without."""
    if mirror_accuracy >= CHIRAL or not len(data.labelled):
        return None
    return mirrored_labels(data.train, data.labelled, sample.pixels)
