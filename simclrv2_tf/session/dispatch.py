"""Does what `mode` says: a run, an inference, a report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import tempfile
from collections.abc import Sequence

import keras

from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import inspection
from simclrv2_tf.inference.export_options import as_in_its_run
from simclrv2_tf.publishing import publish
from simclrv2_tf.recipes import recommendation
from simclrv2_tf.recipes.job import semi_supervised
from simclrv2_tf.recipes.record import read_job
from simclrv2_tf.reports import page
from simclrv2_tf.reports.job_page import lacks_page
from simclrv2_tf.reports.job_page import write_page
from simclrv2_tf.runs import apart_from_images
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs.callbacks import loggers
from simclrv2_tf.runs.callbacks.user_callbacks import check_callbacks
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.new_directory import removed_if_empty
from simclrv2_tf.runs.start import unused_options
from simclrv2_tf.runs.start.decoding_choice import agree
from simclrv2_tf.runs.start.decoding_choice import resolve_decoding
from simclrv2_tf.session.modes import BEGINNING
from simclrv2_tf.session.modes import TRAINING
from simclrv2_tf.session.on_devices import run_on_devices
from simclrv2_tf.session.run_of_job import with_run_of_job


def run(
    config: Config,
    source: Source | None = None,
    eval_source: Source | str | None = None,
    interruption: Interruption | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict:
    """Does what `mode` says.

    Args:
      config: A `Config`.
      source: A `Source` to train on, or to embed, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's, or the
        name of a data set.
      interruption: An `Interruption` that has begun; None for none.
      callbacks: Keras callbacks that take part in training; those of a job in
        each of its stages.

    Returns:
      Dictionary: the last training metrics, the network's "parameters", and
      the metrics of evaluation; the path of what was written as "export" (on
      the first worker alone if there are several), "embeddings" or
      "predictions" or "report" or "published". With `dataset_summary`, that
      summary alone.
    """
    _check(config, callbacks)
    if config.dataset_summary:
        return inspection.summarize(config)
    with _within_limit(config, interruption):
        if config.mode == "report":
            return _report(config, source, eval_source)
        if config.mode == "publish":
            return _publish(config, source, eval_source)
        data = (source, eval_source)
        if config.mode not in BEGINNING:
            config = as_in_its_run(with_run_of_job(config))
            return _with_data(config, *data, interruption, callbacks)
        with removed_if_empty(config.model_dir):
            return _with_data(config, *data, interruption, callbacks)


def _within_limit(config, interruption):
    """A context that a time limit ends; training has one of its own."""
    limit = time_limit_seconds(config)
    if interruption is not None or config.mode in TRAINING or not limit:
        return contextlib.nullcontext()
    return Interruption(config.preemption_exit_code, limit)


def _with_data(config, source, eval_source, interruption, callbacks):
    """A run, a job or a plan for one, or what a run's weights are for.

    Images are turned, or not, as the weights say that it begins with.
    """
    config = resolve_decoding(config)
    if isinstance(eval_source, str):
        eval_source = inputs.open_evaluation_of(config, eval_source)
    config, (source, eval_source) = agree(config, source, eval_source)
    if config.mode == "recommend":
        return recommendation.recommend_for(config, source, eval_source)
    data = (source, eval_source)
    if config.train_mode == "semi_supervised" and config.mode in TRAINING:
        return _run_job(config, data, interruption, callbacks)
    return run_on_devices(config, data, interruption, callbacks)


def _check(config, callbacks):
    """Raises a ValueError unless `callbacks` are callbacks that take part.

    Also if the package of a logger or of an export is not installed, those of
    a job's stages too, an option would be ignored, or the run would write
    among its own images.
    """
    check_callbacks(callbacks)
    if not config.dataset_summary:
        unused_options.check(config)
    if config.mode in TRAINING:
        loggers.check_installed(config)
        export.check_installed(exports.all_formats(config))
    if config.mode in BEGINNING:
        apart_from_images.check(config)
    if callbacks and (config.dataset_summary or config.mode not in TRAINING):
        raise ValueError(
            "`callbacks` take part in training alone: leave them out. "
            f"Received: callbacks with mode={config.mode!r}"
        )


def _report(config, *sources):
    """The path of the page about a job or a run, which is written anew."""
    read_job(config.model_dir)  # raises for the file of another program
    return {"report": page.write(config, *sources)}


def _run_job(config, data, interruption, callbacks):
    """Runs the stages of a job, and writes its page."""
    run_one = functools.partial(_run_of_job, callbacks)
    report = semi_supervised(config, run_one, *data, interruption)
    if lacks_page(config.model_dir):
        write_page(config.model_dir, *data)
    return report


def _run_of_job(callbacks, config, *sources):
    """A run of a job; its callbacks are for those that train."""
    trains = config.mode in TRAINING
    return run(config, *sources, callbacks=callbacks if trains else ())


def _publish(config, source, eval_source):
    """Publishes the export in `model_dir`, or else a new one of its run."""
    publish.check(config)
    version = publish.exported_in(config.model_dir)
    with tempfile.TemporaryDirectory() as folder:
        if version is None:
            exporting = dataclasses.replace(
                config,
                mode="export",
                # A card's formats are those of the command, not of the run.
                given=config.given | {"export_formats"},
                time_limit=None,  # it is kept to already
                export_dir=os.path.join(folder, exports.VERSIONS),
            )
            result = run(exporting, source, eval_source)
            version = result.get("export_best") or result.get("export")
        if version is None:  # on workers other than the first
            return {}
        return {"published": publish.publish(config, version)}
