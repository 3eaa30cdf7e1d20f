"""Pretraining that is seen to learn, or begun again at half the rate."""

from __future__ import annotations

import dataclasses
import logging
import os

from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices.feature_probe import FeatureProbe
from simclrv2_tf.recipes.choices.learning_monitor import LearningMonitor
from simclrv2_tf.recipes.choices.learning_monitor import NotLearning
from simclrv2_tf.recipes.job_seconds import in_journal
from simclrv2_tf.recipes.record import GIVEN_UP
from simclrv2_tf.recipes.stage_configs import OF_WEIGHTS
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.journal import Journal

MOST_HALVINGS = 3
PART = "pretrained"
_LOG = logging.getLogger("simclrv2_tf")


class NothingLearnt(ValueError):
    """Pretraining learnt nothing at any rate that was tried."""


def pretrain(job) -> None:
    """Runs the first stage of a `Job`, at half the rate where it has to.

    Raises:
      NothingLearnt: If it learns nothing at an eighth of the rate either.
    """
    if PART in job.record.done:
        return
    if GIVEN_UP in job.record.done:
        raise NothingLearnt(job.record.done[GIVEN_UP]["why"])
    while True:
        attempts = job.record.done.get("attempts", [])
        _set_aside(job, attempts)
        config = _config(job, attempts)
        rate = config.learning_rate
        try:
            job.run_part(PART, config, _watch(job, config))
            return
        except (NotLearning, Diverged) as error:
            _note(job, attempts, rate, str(error))


def _config(job, attempts):
    """At half the rate for each attempt that failed, which begins anew."""
    config = job.config_of("pretrain")
    rate = config.learning_rate / 2 ** len(attempts)
    config = dataclasses.replace(config, learning_rate=rate)
    begins_at = None if attempts else pilots.begins_at(job)
    return _from(begins_at, config) if begins_at else config


def _from(pilot, config):
    """A pilot has taken the weights that were given, as it was told to."""
    fields = {f.name: f for f in dataclasses.fields(config)}
    taken = {name: fields[name].default for name in OF_WEIGHTS}
    return dataclasses.replace(config, **taken, checkpoint=pilot)


def _watch(job, config):
    examples, batch = job.data.train.num_examples, config.train_batch_size
    warmup = round(config.warmup_epochs * examples / batch)
    look = None
    if job.data.fewest > 1:
        steps = config.train_steps or config.train_epochs * examples // batch
        look = FeatureProbe(job, config.model_dir, steps).look
    return LearningMonitor(
        job.interruption, config.model_dir, batch, warmup, look
    )


def _note(job, attempts, rate, why):
    """Writes down an attempt that failed; raises after the last."""
    failure = f"at learning rate {rate:g} pretraining did not learn: {why}"
    if len(attempts) >= MOST_HALVINGS:
        raise _nothing_learnt(job, failure)
    _LOG.warning("%s; it begins again at %g", failure, rate / 2)
    Journal(job.config.model_dir).note("halved", rate=rate, reason=why)
    seconds = in_journal(job.record.path(PART))
    failed = {"rate": rate, "why": why, "seconds": seconds}
    job.record.finish("attempts", [*attempts, failed])
    pilots.begin_anew(job)


def _nothing_learnt(job, failure):
    """The error of the last attempt; with labels the job goes on without it."""
    why = (
        f"Pretraining must learn something. Received: {failure}, after "
        f"{MOST_HALVINGS} halvings; look at the images with "
        "--dataset_summary and tools/preview_augmentations.py."
    )
    if len(job.data.labelled):
        seconds = in_journal(job.record.path(PART))
        job.record.finish(GIVEN_UP, {"why": why, "seconds": seconds})
    return NothingLearnt(why)


def _set_aside(job, attempts):
    """Moves what an attempt left out of the way, once."""
    directory = job.record.path(stage_configs.FOLDERS["pretrain"])
    if not attempts:
        return
    aside = f"{directory}-attempt-{len(attempts)}"
    if os.path.exists(directory) and not os.path.exists(aside):
        os.rename(directory, aside)
