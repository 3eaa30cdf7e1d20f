"""Do the features beat raw pixels and the untrained network? While it runs."""

from __future__ import annotations

import logging

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.cross_validation import left_out
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.choices.label_parts import readable
from simclrv2_tf.runs.journal import Journal

MARKS = (0.25, 0.5, 0.75)  # of the steps, where features are probed
PROBED = 1000  # labelled images, which tell 3 points apart
JUDGED = 0.5  # from where features no better than pixels are worth a warning
_LOG = logging.getLogger("simclrv2_tf")


class FeatureProbe:
    """Probes the newest checkpoint of a run, cross-validated on the labels.

    Args:
      job: A `Job` with two labels or more of each class.
      directory: Of the run.
      steps: That it trains for.
    """

    def __init__(self, job, directory: str, steps: int):
        self._job = job
        self._directory = directory
        self._steps = steps
        self._looked = 0.0
        self._known: dict[str, float] = {}

    def look(self) -> None:
        """Probes if a mark was passed since the last look."""
        held = run_directory.steps(self._directory)
        share = held[-1] / self._steps if held else 0.0
        if not any(self._looked < mark <= share for mark in MARKS):
            return
        self._looked = share
        network = hub.load_network(self._directory)
        if not self._known:
            self._known = self._compared(network)
        reached = probe(self._job, network)
        self._tell(held[-1], reached, share)

    def _compared(self, network):
        untrained = baselines.untrained_like(network)
        return {
            "untrained": probe(self._job, untrained),
            "raw pixels": right(self._job, baselines.pixels_of).mean(),
        }

    def _tell(self, step, reached, share):
        words = ", ".join(f"{n} {v:.1%}" for n, v in self._known.items())
        said = f"step {step}: the features tell {reached:.1%} right ({words})"
        values = {"features": float(reached)}
        values |= {name: float(v) for name, v in self._known.items()}
        Journal(self._job.config.model_dir).note("probe", step=step, **values)
        if share >= JUDGED and reached <= max(self._known.values()):
            _LOG.warning(
                "%s: they are no better yet than what costs nothing. Another "
                "--pretrain.color_jitter_strength, or more time, may help.",
                said,
            )
            return
        _LOG.info("%s", said)


def probe(job, network) -> float:
    """Share of the labelled images that a network's features tell right."""
    return float(
        right(job, lambda s: baselines.unit_features(network, s)).mean()
    )


def right(job, represent) -> np.ndarray:
    """Of each labelled image the share of cross-validations it is right in.

    Args:
      job: A `Job`. Of its labelled images at most `PROBED` are taken, and of
        these such as can be read.
      represent: Function from a `Source` to float (examples, features).
    """
    source = readable(job.data.train.subset(_probed(job.data)))
    features = represent(source)
    repeats = 5 if len(features) < PROBED else 1  # few labels are noisy
    folds = [
        left_out(linear_probe.classify, features, source.labels, seed)
        for seed in range(repeats)
    ]
    return np.mean(folds, axis=0)


def _probed(data):
    """Labelled images, no more of a class than its part of `PROBED`."""
    most = max(2, PROBED // data.train.num_classes)
    labels = data.train.labels[data.labelled]
    order = np.random.default_rng(0).permutation(len(labels))
    chosen = [order[labels[order] == c][:most] for c in np.unique(labels)]
    return np.sort(data.labelled[np.concatenate(chosen)])
