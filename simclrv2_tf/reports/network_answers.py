"""The images as a run's network sees them: features and answers, one pass."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.data import class_match
from simclrv2_tf.data.classes import names_or_numbers
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.inference.outputs import outputs_of
from simclrv2_tf.reports import classifier_figures
from simclrv2_tf.reports import report_images
from simclrv2_tf.reports.classifier_figures import Judged
from simclrv2_tf.reports.classifier_figures import leads_of
from simclrv2_tf.reports.report_images import Images
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order
from simclrv2_tf.runs import weights_temperature

MOST_JUDGED = 20_000  # images that the network is asked about
_FEATURES, _LOGITS = "final_avg_pool", "logits_sup"


@dataclasses.dataclass(frozen=True)
class Seen:
    """Images as a network saw them.

    Attributes:
      source: `Source` of these images alone.
      features: float32 (examples, features).
      judged: `Judged`, None where there is no trained classifier.
      evaluation: Whether they are those of evaluation.
      total: Images that there were to choose from.
      names: Of the classes that the network answers with.
      note: Why there is no result, "" if there is one.
      temperature: What logits are divided by to be probabilities.
      fitted: What that was fitted to, "to ..."; "" where no file says it.
    """

    source: Source
    features: np.ndarray
    judged: Judged | None
    evaluation: bool
    total: int
    names: list[str]
    note: str
    temperature: float
    fitted: str


def look(images: Images) -> Seen:
    """Goes through the evaluation images once, or else those of training.

    The network is the averaged one where that is what the run exports or
    evaluates, unless `eval_ema` is given.
    """
    config = images.config
    prefix = weights.newest(config)
    averaged = _is_averaged(config, prefix)
    network = weights.load(config, prefix, averaged)
    evaluation = images.evaluation is not None
    source = images.train if images.evaluation is None else images.evaluation
    source = weights_order.in_order_of(prefix, source)
    head, temperature = network.supervised_head, 1.0
    classifies = head and weights_classes.has_classifier(prefix)
    if classifies:
        temperature = weights_temperature.temperature(prefix, averaged)
    endpoints = (_FEATURES, _LOGITS) if classifies else (_FEATURES,)
    read, outputs = _outputs(config, network, source, endpoints, temperature)
    judged, note = None, "The network has no trained classifier."
    if classifies:
        classes = network.get_config()["num_classes"]
        judged, note = _judged(
            prefix, source.subset(read), outputs[_LOGITS], classes
        )
    if not evaluation:
        note = "There are no labelled images to evaluate on."
    count = judged.classes if judged else 0
    known = weights_classes.class_names(prefix)
    names = names_or_numbers(count, known, source.class_names)
    return Seen(
        source.subset(read),
        outputs[_FEATURES],
        judged,
        evaluation,
        source.num_examples,
        names,
        note,
        temperature,
        _fitted(prefix, source.name) if temperature != 1 else "",
    )


def _outputs(config, network, source, endpoints, temperature):
    """Which images are seen, and their features and `leads_of` answers."""
    return outputs_of(
        network,
        source,
        endpoints,
        report_images.spread(source.num_examples, MOST_JUDGED),
        config.eval_batch_size,
        made_of={_LOGITS: lambda logits: leads_of(logits / temperature)},
    )


def _fitted(prefix, name):
    """What a temperature was fitted to, in words, as its file has it."""
    calibration = read_dictionary(weights_temperature.calibration_file(prefix))
    if not {"data", "fitted_on"} <= calibration.keys():  # of an earlier version
        return ""
    these = calibration["data"] == name
    images = "of these images" if these else f"images of {calibration['data']}"
    return f"to {calibration['fitted_on']:,} {images}"


def _is_averaged(config, prefix):
    if "eval_ema" in config.given:
        return config.eval_ema
    flags = weights.flags_of(prefix)
    return any(flags.get(name) for name in ("export_ema", "eval_ema"))


def _judged(prefix, source, leads, classes):
    """Answers beside labels as the network numbers classes, and a note."""
    try:
        known = weights_order.renumbered(prefix, source, "The network's run")
    except class_match.OtherClassesError as error:
        unknown = np.full(len(leads), -1)
        answers = classifier_figures.judged(leads, unknown, classes)
        return answers, first_line(error)
    fits = known.labels.max(initial=-1) < classes
    labels = known.labels if fits else np.full(len(leads), -1)
    return classifier_figures.judged(leads, labels, classes), ""
