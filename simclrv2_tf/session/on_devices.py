"""One run and its exports, on the devices of a config."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras

from simclrv2_tf import distribution
from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.curation.curate import curate
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference import exports
from simclrv2_tf.inference.embed import embed
from simclrv2_tf.inference.predict import predict
from simclrv2_tf.inference.probes.probe import probe
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.own_data import with_own_data
from simclrv2_tf.session.modes import APPLYING
from simclrv2_tf.session.modes import EXPORTING
from simclrv2_tf.session.modes import JUDGING
from simclrv2_tf.session.modes import TRAINING
from simclrv2_tf.session.training import train_network
from simclrv2_tf.session.training import train_then_evaluate


def run_on_devices(
    config: Config,
    data: tuple[Source | None, Source | None],
    interruption: Interruption | None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, Any]:
    """Runs a mode, and exports, on the devices of the config.

    Args:
      config: A `Config`.
      data: `Source`s to train and to evaluate on, None for the config's.
      interruption: See `session.run`.
      callbacks: See there.

    Returns:
      The results of the mode; the first worker's have the paths of exports.
    """
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
        return train_then_evaluate(
            config, source, eval_source, interruption, callbacks
        )
    if config.mode in TRAINING:
        return train_network(
            config, source, eval_source, interruption, callbacks
        )
    return {}
