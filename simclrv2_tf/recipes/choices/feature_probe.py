"""Do the features beat raw pixels and the untrained network? While it runs."""

from __future__ import annotations

import logging

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.console.units import percent
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.cross_validation import left_out
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.choices.label_parts import readable
from simclrv2_tf.recipes.choices.label_weights import weighted_accuracy
from simclrv2_tf.recipes.choices.label_weights import weights
from simclrv2_tf.recipes.rules import probe_effort
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.journal import Journal

# In the job's record; of other versions it may be of classes by their size.
COMPARED = "features, each class alike, are compared with"
JUDGED = 0.5  # from where features no better than pixels are worth a warning
_LOG = logging.getLogger("simclrv2_tf")


class FeatureProbe:
    """Probes the newest checkpoint of a run, cross-validated on the labels.

    A run that goes on is probed from where the job's journal says that it was
    probed last.

    Args:
      job: A `Job` with two labels or more of each class.
      directory: Of the run.
      steps: That it trains for.
    """

    def __init__(self, job, directory: str, steps: int):
        self._job = job
        self._directory = directory
        self._steps = steps
        self._looked = self._before()

    def look(self) -> None:
        """Probes if a mark was passed since the last look."""
        saved = run_directory.steps(self._directory)
        share = saved[-1] / self._steps if saved else 0.0
        if not any(self._looked < mark <= share for mark in probe_effort.MARKS):
            return
        self._looked = share
        network = hub.load_network(self._directory)
        known = self._compared(network)
        reached = probe(self._job, network)
        self._tell(saved[-1], reached, known, share)

    def _before(self):
        """Share of the steps of the last probe, 0 in a start that has none."""
        for event in reversed(journal.read(self._job.config.model_dir)):
            if event["event"] == "halved":
                break
            if event["event"] == "probe":
                return event.get("step", 0) / self._steps
        return 0.0

    def _compared(self, network):
        """What costs nothing tells right: looked at once in a job."""
        record = self._job.record
        if COMPARED not in record.done:
            known = self._cheap(network)
            check_owner(self._job.lock)
            record.finish(COMPARED, known)
        return record.done[COMPARED]

    def _cheap(self, network):
        untrained = baselines.untrained_like(network)
        return {
            "untrained": probe(self._job, untrained),
            "raw pixels": weighted_accuracy(
                right(self._job, baselines.pixels_of)
            ),
        }

    def _tell(self, step, reached, known, share):
        words = ", ".join(f"{n} {percent(v)}" for n, v in known.items())
        sentence = (
            f"step {step}: the features tell {percent(reached)} right ({words})"
        )
        values = {"features": float(reached), **known}
        Journal(self._job.config.model_dir).note("probe", step=step, **values)
        if share >= JUDGED and reached <= max(known.values()):
            _LOG.warning(
                "%s: they are no better yet than what costs nothing. Another "
                "--pretrain.color_jitter_strength, --norandom_flip, another "
                "--crop_area_min or more time may help.",
                sentence,
            )
            return
        _LOG.info("%s", sentence)


def probe(job, network) -> float:
    """Share of the labelled images that a network's features tell right."""
    return weighted_accuracy(
        right(job, lambda s: baselines.unit_features(network, s))
    )


def right(job, represent) -> np.ndarray:
    """Of each labelled image the share of cross-validations it is right in.

    In classes of unequal size each class counts alike in the mean.

    Args:
      job: A `Job`. Of its labelled images at most `probe_effort.PROBED` are
        taken, and of these such as can be read.
      represent: Function from a `Source` to float (examples, features), zeros
        for an image that cannot be read.
    """
    source = job.data.train.subset(_probed(job.data))
    features = represent(source)
    if not features.any(axis=1).all():  # large images take long to read
        source = readable(source)
        features = represent(source)
    classes = job.data.train.num_classes
    folds = [
        left_out(linear_probe.classify, features, source.labels, seed)
        for seed in range(probe_effort.repeats(features.shape, classes))
    ]
    shares = np.mean(folds, axis=0)
    return shares * weights(source.labels, job.data.counts())


def _probed(data):
    """Labelled images, no more of a class than a probe takes."""
    most = probe_effort.of_class(data.train.num_classes)
    labels = data.train.labels[data.labelled]
    order = np.random.default_rng(0).permutation(len(labels))
    chosen = [order[labels[order] == c][:most] for c in np.unique(labels)]
    return np.sort(data.labelled[np.concatenate(chosen)])
