"""`--mode=probe`: how good features are, on few labels and on many."""

from __future__ import annotations

import os
from collections.abc import Iterator

from simclrv2_tf import distribution
from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.config import probe_values
from simclrv2_tf.data.source import Source
from simclrv2_tf.files import output_directory
from simclrv2_tf.inference import feature_files
from simclrv2_tf.inference.feature_files import Extractor
from simclrv2_tf.inference.probes import probe_data
from simclrv2_tf.inference.probes import probe_results
from simclrv2_tf.inference.probes.finished_draws import FinishedDraws
from simclrv2_tf.inference.probes.probe_curve import ProbeCurve
from simclrv2_tf.runs import weights

FEATURES = "probe_features"  # directory of the kept features


def probe(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Evaluates features by cheap classifiers; writes their accuracy.

    Killed, the same call goes on with the draws of labels that are missing.

    Nearest neighbours, a logistic regression whose strength is chosen by
    cross-validation on the labels it learns from, and a ridge regression in
    closed form, each on the same draws of labels for every network.

    Args:
      config: A `Config`.
      source: A `Source` to train on in place of the config's.
      eval_source: The same to test on.

    Returns:
      What is in `probe.json`, see `probe_results`; {} on other workers than
      the first.

    Raises:
      ValueError: If there are no weights, no labels, or fewer than are asked
        for.
    """
    output = _output(config)
    prefix = weights.newest(config)
    others = _others(config)
    data = probe_data.open_data(config, source, eval_source)
    curve = ProbeCurve(config, data)
    directory = os.path.join(output, FEATURES)
    channels = data.train.num_channels
    for extractor in _extractors(config, prefix, others, channels):
        train, test = (
            feature_files.kept(config, directory, extractor, part)
            for part in (data.train, data.test)
        )
        curve.add(extractor, train, test)
    if not distribution.is_chief():
        return {}
    finished = FinishedDraws(directory, curve.fingerprint())
    measured = curve.measure(finished)
    result = probe_results.write(output, curve.protocol(), measured)
    finished.remove()
    for line in probe_results.lines(result["curve"]):
        print(line, flush=True)
    path = os.path.join(output, f"{probe_results.NAME}.json")
    print(f"{data.note}; wrote {path}", flush=True)
    return result


def _output(config):
    return output_directory.checked(
        "probe_output",
        config.probe_output or config.model_dir,
        "features and results",
    )


def _others(config):
    """What is probed beside; a name that is nothing fails at once."""
    if config.compare is None:
        return []
    others = probe_values.words("compare", config)
    for name in others:
        if name != feature_files.RAW:
            hub.find_weights(name)
    return others


def _extractors(config, prefix, others, channels) -> Iterator[Extractor]:
    """The run's own network, and those beside it, one at a time.

    Pixels have the channels of the images that are trained on.
    """
    own = prefix if prefix == config.checkpoint else config.model_dir
    endpoints = probe_values.words("probe_endpoint", config)
    loaded = weights.with_endpoints(config, prefix, endpoints)
    yield feature_files.of_network(own, endpoints, *loaded)
    for name in others:
        if name == feature_files.RAW:
            yield feature_files.raw(channels)
        elif name != own:
            loaded = weights.with_endpoints(config, name, endpoints, False)
            yield feature_files.of_network(name, endpoints, *loaded)
