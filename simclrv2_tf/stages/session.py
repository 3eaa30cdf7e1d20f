"""What a config asks for in all: train, evaluate, export."""

import time

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import export
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.corrupt import CorruptImages
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.stages import build
from simclrv2_tf.stages import devices
from simclrv2_tf.stages import evaluate as evaluation
from simclrv2_tf.stages import exports
from simclrv2_tf.stages import inherit
from simclrv2_tf.stages import model_dir
from simclrv2_tf.stages import precision
from simclrv2_tf.stages.train import open_source
from simclrv2_tf.stages.train import train

POLL_SECONDS = 1.0  # between looks for a new checkpoint


def run(config, source=None, eval_source=None, interruption=None):
    """Does what `mode` says.

    Args:
      config: A `Config`.
      source: A `Source` to train on, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.
      interruption: An `Interruption` that has begun; None for none.

    Returns:
      Dictionary: the last training metrics, the network's "parameters", and
      the metrics of evaluation; the path of the exported model as "export",
      on the first worker alone if there are several.
    """
    export.check_installed(exports.formats_of(config))
    strategy = devices.make_strategy(config)  # before anything is computed
    with distribution.naming_lost_peers():
        with strategy.scope():
            result = _results(config, source, eval_source, interruption)
            writes = distribution.is_chief()
        if config.mode != "eval" and writes:
            result["export"] = export_newest(config)
        with strategy.scope():
            distribution.wait_for_workers()
    return result


def _results(config, source, eval_source, interruption):
    result = {}
    if "train" in config.mode:
        trained = train(config, source, interruption)
        result |= trained.metrics
        result["parameters"] = count_parameters(trained.network)
    if config.mode == "eval":
        result |= follow(config, source, eval_source)
    if config.mode == "train_then_eval":
        result |= evaluate_newest(config, source, eval_source)
    return result


def follow(config, source=None, eval_source=None):
    """Evaluates the newest checkpoint, then those that come in time."""
    result = evaluate_newest(config, source, eval_source)
    deadline = time.monotonic() + config.eval_timeout
    done = run_directory.latest(config.model_dir)
    while distribution.from_chief(time.monotonic() < deadline):
        now = run_directory.latest(config.model_dir)
        if distribution.from_chief(now != done):
            done = run_directory.latest(config.model_dir)
            result = evaluate_newest(config, source, eval_source)
            deadline = time.monotonic() + config.eval_timeout
        time.sleep(POLL_SECONDS)
    return result


def newest(config):
    """Prefix of the run's newest checkpoint, or of `--checkpoint`."""
    held = run_directory.newest_sound(config.model_dir)
    prefix = held or config.checkpoint
    if prefix is None:
        raise ValueError(
            "Expected a trained run: `model_dir` "
            f"{config.model_dir!r} holds no checkpoint, and --checkpoint "
            "gives none."
        )
    return prefix


def evaluate_newest(config, source=None, eval_source=None):
    """Evaluates the newest checkpoint and writes its result files.

    Returns:
      Dictionary with the original release's names and ours.
    """
    prefix = newest(config)
    with precision.policy(config.mixed_precision):
        network = _load(config, prefix)
    size = network.get_config()["image_size"]
    channels = network.get_config()["channels"]
    judged = eval_source or open_source(config, config.eval_split)
    judged = judged.with_channels(channels)
    steps = config.eval_steps
    batches, corrupt = _batches(config, judged, size, steps)
    result = {}
    with corrupt.explained():
        if _can_classify(network, judged):
            counted = evaluation.classification_accuracy(network, batches)
            result |= {f"eval/{name}": v for name, v in counted.items()}
        if config.knn_k:
            bank = (source or open_source(config)).with_channels(channels)
            result["eval/knn_accuracy"] = evaluation.knn_accuracy(
                _embedded(config, network, bank, size),
                _embedded(config, network, judged, size),
                config.knn_k,
                config.knn_temperature,
            )
    if corrupt.found:
        print(corrupt.summary(), flush=True)
        result["eval/unreadable_images"] = len(corrupt.found)
    result["eval/regularization_loss"] = _decay(config, network)
    if config.model_dir and distribution.is_chief():
        step = run_directory.step_of(prefix)
        model_dir.write_result(config.model_dir, result, step, config.eval_name)
    if distribution.is_chief():
        print(_shown(result), flush=True)
    return result


def _batches(config, source, size, steps=0):
    """This worker's share of the first `steps` batches, 0 for all.

    Returns:
      The batches, and `CorruptImages` of what cannot be read of them.
    """
    workers, worker = distribution.worker_share()
    if steps:
        first = min(steps * config.eval_batch_size, source.num_examples)
        source = source.subset(np.arange(first))
    share = -(-config.eval_batch_size // workers)
    corrupt = CorruptImages(source, config.max_corrupt_fraction)
    batches = pipeline.eval_dataset(
        source, share, size, workers, worker, corrupt
    )
    return batches, corrupt


def _embedded(config, network, source, size):
    """Features and labels of a source."""
    batches, corrupt = _batches(config, source, size)
    with corrupt.explained():
        return evaluation.features(network, batches)


def _can_classify(network, source):
    """Whether there are both a classifier that was trained, and labels."""
    return network.supervised_head is not None and source.num_classes > 0


def _decay(config, network):
    variables = build.decayed_by_loss(config, network)
    squares = sum(float(tf.nn.l2_loss(v.value)) for v in variables)
    return config.weight_decay * squares


def _shown(result):
    pairs = (f"{name} {value:.6g}" for name, value in result.items())
    return "evaluation  " + "  ".join(pairs)


def _load(config, prefix):
    """The network at a prefix; flags that were given must agree with it."""
    wanted = inherit.given(config, build.ARCHITECTURE)
    if prefix != config.checkpoint:  # a run's own, in which nothing is open
        return hub.load_network(prefix, **wanted)
    return hub.load_network(
        prefix,
        ema=config.checkpoint_ema,
        ignore=config.checkpoint_ignore,
        **wanted,
    )


def export_newest(config):
    """Exports the newest checkpoint, in float32; returns the path."""
    exports.directory_of(config)
    return exports.export_weights(
        config, newest(config), lambda prefix: _load(config, prefix)
    )
