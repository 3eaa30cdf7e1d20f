"""Does what a config asks for: a run, an inference, a report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import os
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from simclrv2_tf import distribution
from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.config import probe_values
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.curation.curate import curate
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import inspection
from simclrv2_tf.inference.embed import embed
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    check_calibration,
)
from simclrv2_tf.inference.evaluation.knn_evaluation import check_labels
from simclrv2_tf.inference.evaluation.validation import Validation
from simclrv2_tf.inference.evaluation.validation import numbered_as
from simclrv2_tf.inference.export_options import as_in_its_run
from simclrv2_tf.inference.predict import predict
from simclrv2_tf.inference.probes.probe import probe
from simclrv2_tf.publishing import publish
from simclrv2_tf.recipes import kept_networks
from simclrv2_tf.recipes import recommendation
from simclrv2_tf.recipes.choices import best_by_folds
from simclrv2_tf.recipes.job import semi_supervised
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import classifier_of
from simclrv2_tf.recipes.record import embedder_of
from simclrv2_tf.recipes.record import is_job
from simclrv2_tf.recipes.record import read_job
from simclrv2_tf.reports import history
from simclrv2_tf.reports import page
from simclrv2_tf.runs import apart_from_images
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.average_of_job import as_in_its_job
from simclrv2_tf.runs.callbacks import loggers
from simclrv2_tf.runs.callbacks.user_callbacks import check_callbacks
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.new_directory import removed_if_empty
from simclrv2_tf.runs.own_data import with_own_data
from simclrv2_tf.runs.start import unused_options
from simclrv2_tf.runs.start.orientation_choice import agree
from simclrv2_tf.runs.start.orientation_choice import resolve_orientation
from simclrv2_tf.runs.train import train

TRAINING = ("train", "train_then_eval")
BEGINNING = (*TRAINING, "recommend")  # of these a directory may be new
EXPORTING = (*TRAINING, "export")
_OF_FEATURES = ("embed", "probe", "curate")  # a job's are of trained weights
APPLYING = ("eval", "embed", "predict", "probe", "curate")
JUDGING = ("eval", "probe", "curate")  # of these, by images held out
_LOG = logging.getLogger("simclrv2_tf")


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
            config = as_in_its_run(_of_the_run(config))
            return _with_data(config, *data, interruption, callbacks)
        with removed_if_empty(config.model_dir):
            return _with_data(config, *data, interruption, callbacks)


def _within_limit(config, interruption):
    """A context that a time limit ends; training has one of its own."""
    limit = time_limit_seconds(config)
    if interruption is not None or config.mode in TRAINING or not limit:
        return contextlib.nullcontext()
    return Interruption(config.preemption_exit_code, limit)


def as_begun(
    options: Mapping[str, Any], directory: str | None
) -> dict[str, Any]:
    """The options of a job or a run with the Keras models it began with.

    See `kept_networks.as_begun`.
    """
    return kept_networks.as_begun(options, directory)


def _with_data(config, source, eval_source, interruption, callbacks):
    """A run, a job or a plan for one, or what a run's weights are for.

    Images are turned, or not, as the weights say that it begins with.
    """
    config = resolve_orientation(config)
    if isinstance(eval_source, str):
        eval_source = inputs.open_evaluation_of(config, eval_source)
    config, (source, eval_source) = agree(config, source, eval_source)
    if config.mode == "recommend":
        return recommendation.recommend_for(config, source, eval_source)
    data = (source, eval_source)
    if config.train_mode == "semi_supervised" and config.mode in TRAINING:
        return _run_job(config, data, interruption, callbacks)
    return _run_on_devices(config, data, interruption, callbacks)


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
    if _lacks_page(config.model_dir):
        _write_page(config.model_dir, *data)
    return report


def _run_of_job(callbacks, config, *sources):
    """A run of a job; its callbacks are for those that train."""
    trains = config.mode in TRAINING
    return run(config, *sources, callbacks=callbacks if trains else ())


def _lacks_page(directory):
    """Whether a job has ended, and its page was not made since.

    One that is older than the job's report tells of a job under way. A job
    that has trained nothing has none: it was given weights and no label.
    """
    ended, made = (_written_at(directory, name) for name in (REPORT, page.PAGE))
    return ended > made and bool(history.read_stages(directory))


def _written_at(directory, name):
    """When a file was written, 0 for one that is not there."""
    path = os.path.join(directory, name)
    return os.path.getmtime(path) if os.path.exists(path) else 0.0


def _write_page(directory, *sources):
    """The page of a job that has ended; one that fails costs a line."""
    try:
        page.write(Config(mode="report", model_dir=directory), *sources)
    except Exception as error:
        _LOG.warning(
            "%s cannot be written: %s (--mode=report tries again)",
            page.PAGE,
            first_line(error),
        )


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


def _of_the_run(config):
    """The config with each job's directory replaced by that of a run in it.

    That run holds the job's classifier, as the job judges it; for embeddings,
    where there is none, it is a run that has features.
    """
    compared = config.compare and ",".join(
        classifier_of(name) if is_job(name) else name
        for name in probe_values.words("compare", config)
    )
    config = dataclasses.replace(config, compare=compared)
    if not is_job(config.model_dir):
        return config
    run_of = embedder_of if config.mode == "embed" else classifier_of
    config = dataclasses.replace(config, model_dir=run_of(config.model_dir))
    return config if config.mode in _OF_FEATURES else as_in_its_job(config)


def _run_on_devices(config, data, interruption, callbacks):
    """The results of one run, and its exports, on the devices of the config."""
    export.check_installed(exports.formats_of(config))
    strategy = devices.make_strategy(config)  # before anything is computed
    with distribution.naming_lost_peers():
        with strategy.scope():
            result = _results(config, *data, interruption, callbacks)
            writes = distribution.is_chief()
        if config.mode in EXPORTING and writes:
            result |= _export(config, data)
        with strategy.scope():
            distribution.wait_for_workers()
    return result


def _export(config, data):
    """Exports the newest weights, and the best if asked; returns the paths."""
    config = _with_data_of_exports(config, data)
    paths = {"export": exports.export_newest(config, data)}
    if config.export_best:
        paths["export_best"] = exports.export_best(config, data)
    return paths


def _with_data_of_exports(config, data):
    """The config with the run's own data where an export looks at them.

    They are read as in an evaluation: images set aside stay so.
    """
    looks = export.INT8 & set(exports.formats_of(config))
    if config.mode != "export" or not looks or data != (None, None):
        return config
    judging = dataclasses.replace(config, mode="eval", eval_timeout=0.0)
    return dataclasses.replace(with_own_data(judging), mode="export")


def _results(config, source, eval_source, interruption, callbacks):
    judges_it = config.mode == "eval" and eval_source is not None
    if config.mode in APPLYING and source is None and not judges_it:
        config = with_own_data(config)
        if config.mode in JUDGING:
            recorded_data.warn_if_changed(config)
    if config.mode == "embed":
        return {"embeddings": embed(config, source)}
    if config.mode == "predict":
        return {"predictions": predict(config, source)}
    if config.mode == "probe":
        return probe(config, source, eval_source)
    if config.mode == "curate":
        return curate(config, source, eval_source)
    if config.mode == "eval":
        return evaluate.follow(config, source, eval_source)
    if config.mode == "train_then_eval":
        return _train_then_evaluate(
            config, source, eval_source, interruption, callbacks
        )
    if config.mode in TRAINING:
        return _train(config, source, eval_source, interruption, callbacks)
    return {}


def _train(config, source, eval_source, interruption, callbacks):
    evaluate_network = check_classes = None
    if config.best_folds:
        evaluate_network = best_by_folds.evaluation(
            config, source, interruption
        )
    elif config.patience or config.export_best:
        eval_source = eval_source or inputs.open_evaluation(config)
        evaluate_network = Validation(config, eval_source)
    if eval_source is not None and not config.knn_k:
        check_classes = functools.partial(numbered_as, source=eval_source)
    trained = train(
        config,
        source,
        interruption,
        callbacks,
        evaluate_network,
        check_classes,
    )
    return {**trained.metrics, "parameters": trained.parameters}


def _train_then_evaluate(config, source, eval_source, interruption, callbacks):
    """Opens what it evaluates on first: a wrong split fails at once."""
    eval_source = eval_source or inputs.open_evaluation(config)
    if config.knn_k:
        source = source or inputs.open_source(config)
        check_labels(source, eval_source)
    check_calibration(config, eval_source)
    result = _train(config, source, eval_source, interruption, callbacks)
    result |= evaluate.evaluate_checkpoint(
        config, weights.newest(config), eval_source, source
    )
    if config.export_best:
        result["best"] = _evaluate_best(config, eval_source, source)
    return result


def _evaluate_best(config, eval_source, source):
    """The best checkpoint's evaluation, in files of its own."""
    if not config.best_folds:
        _LOG.warning(
            "the best checkpoint was chosen by the images that it is evaluated "
            "on, so that its figures are too good: --best_folds chooses "
            "without them, another --eval_split judges it"
        )
    name = f"{config.eval_name}_best" if config.eval_name else "best"
    # Of the weights that were compared, and are exported.
    average = config.eval_ema or config.export_ema
    config = dataclasses.replace(config, eval_name=name, eval_ema=average)
    return evaluate.evaluate_checkpoint(
        config, weights.best(config), eval_source, source
    )
