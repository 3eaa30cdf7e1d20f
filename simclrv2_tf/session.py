"""What a config asks for in all: train, evaluate, export, embed, predict."""

from simclrv2_tf import distribution
from simclrv2_tf import export
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference import exports
from simclrv2_tf.inference.embed import embed
from simclrv2_tf.inference.predict import predict
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.runs import devices
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.train import open_source
from simclrv2_tf.runs.train import train

EXPORTING = ("train", "train_then_eval", "export")


def run(config, source=None, eval_source=None, interruption=None):
    """Does what `mode` says.

    Args:
      config: A `Config`.
      source: A `Source` to train on, or to embed, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.
      interruption: An `Interruption` that has begun; None for none.

    Returns:
      Dictionary: the last training metrics, the network's "parameters", and
      the metrics of evaluation; the path of what was written as "export" (on
      the first worker alone if there are several), "embeddings" or
      "predictions".
    """
    export.check_installed(exports.formats_of(config))
    strategy = devices.make_strategy(config)  # before anything is computed
    with distribution.naming_lost_peers():
        with strategy.scope():
            result = _results(config, source, eval_source, interruption)
            writes = distribution.is_chief()
        if config.mode in EXPORTING and writes:
            result["export"] = export_newest(config)
        with strategy.scope():
            distribution.wait_for_workers()
    return result


def _results(config, source, eval_source, interruption):
    if config.mode == "embed":
        return {"embeddings": embed(config, source)}
    if config.mode == "predict":
        return {"predictions": predict(config, source)}
    if config.mode == "eval":
        return evaluate.follow(config, source, eval_source)
    if config.mode == "train_then_eval":  # a wrong split fails at once
        eval_source = eval_source or open_source(config, config.eval_split)
        if config.knn_k:
            source = source or open_source(config)
            evaluate.check_labels(source, eval_source)
    result = {}
    if "train" in config.mode:
        done = train(config, source, interruption)
        result |= done.metrics
        result["parameters"] = count_parameters(done.network)
    if config.mode == "train_then_eval":
        newest = weights.newest(config)
        result |= evaluate.evaluate_checkpoint(
            config, newest, eval_source, source
        )
    return result


def export_newest(config):
    """Exports the newest checkpoint, in float32; returns the path."""
    exports.directory_of(config)
    return exports.export_weights(
        config,
        weights.newest(config),
        lambda prefix: weights.load(config, prefix),
    )
