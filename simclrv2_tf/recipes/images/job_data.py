"""The images of a job: to train on, to evaluate on, and which have labels."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data import class_match
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.holdout import FRACTION
from simclrv2_tf.data.holdout import HOLDOUT
from simclrv2_tf.data.holdout import left_over
from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.images import evaluation_split
from simclrv2_tf.recipes.images import spare_labels
from simclrv2_tf.runs import inputs

LEAST_IMAGES = 64  # four batches of 16, below which there is no contrast
EVALUATING = ("calibrate", "patience", "export_best")  # options that evaluate


@dataclasses.dataclass(frozen=True)
class JobData:
    """What a job reads.

    Attributes:
      train: `Source` of all images to train on.
      evaluation: `Source` to evaluate on, None for none.
      labelled: Numbers of the examples in `train` whose labels are used.
      options: The options that make any run read the same.
      note: How accuracy is measured, a sentence.
    """

    train: Source
    evaluation: Source | None
    labelled: np.ndarray
    options: dict
    note: str

    @property
    def fewest(self) -> int:
        """Labels of the class that has the fewest, 0 without labels."""
        return int(self.counts().min()) if self.train.num_classes else 0

    def reduced(self, side: int | None) -> JobData:
        """The same with larger images reduced, see `resize_shorter_side`.

        Args:
          side: Of the shorter side in pixels; None leaves them as they are.
        """
        if side is None:
            return self

        def reduce(source: Source) -> Source:
            return dataclasses.replace(source, resize_shorter_side=side)

        evaluation = self.evaluation and reduce(self.evaluation)
        return dataclasses.replace(
            self, train=reduce(self.train), evaluation=evaluation
        )

    def about(self) -> dict:
        """What tells these data from others."""
        evaluation = self.evaluation and self.evaluation.fingerprint()
        parts = (self.train, self.evaluation)
        return {
            "name": self.train.name,
            "examples": self.train.num_examples,
            "fingerprint": self.train.fingerprint(),
            "evaluation": evaluation,
            "images": [part and image_checksum(part) for part in parts],
        }

    def counts(self) -> np.ndarray:
        """Labels that are used of each class."""
        labels = self.train.labels[self.labelled]
        return np.bincount(labels, minlength=self.train.num_classes)


def open_data(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> JobData:
    """Opens what a job reads, and sets images aside if it has to.

    Args:
      config: The job's `Config`.
      source: A `Source` in place of the one that the config names.
      eval_source: The same to evaluate on.

    Raises:
      ValueError: If a job on these data makes no sense.
    """
    named = source is None
    plain = dataclasses.replace(config, holdout_fraction=None)
    source = source or inputs.open_source(plain)
    _check_images(source)
    if eval_source is None and named:
        split = evaluation_split.find(config, source)
        eval_source = split.source
        config = dataclasses.replace(config, eval_split=split.split)
        passed_over = evaluation_split.passed_over(config, split)
        source = dataclasses.replace(
            source, notes=(*source.notes, *passed_over)
        )
    if not _has_labels(source):
        return _without_labels(config, source, eval_source)
    _check_labels(source)
    check_no_gaps(source)
    source, eval_source, options, note = _divide(config, source, eval_source)
    check_evaluates(config, eval_source, note)
    labelled = inputs.labelled_examples(config, source)
    return JobData(source, eval_source, labelled, options, note)


def _without_labels(config, source, evaluation):
    """No image to train on has a label: there is nothing to evaluate.

    A job that has begun goes on as it began: earlier versions kept a split
    with labels.
    """
    _check_wants_no_labels(config, source)
    note = "no image has a label"
    if not _has_labels(evaluation):
        evaluation = None
    check_evaluates(config, evaluation, note)
    if evaluation is not None:
        note = (
            "no image to train on has a label, and so nothing is measured: "
            f"{evaluation.name} is not used"
        )
    if not _began(config, with_evaluation=True):
        evaluation = None
    return JobData(source, evaluation, np.zeros(0, np.int64), {}, note)


def _check_wants_no_labels(config, source):
    """Raises if labels are asked for: nobody wants embeddings in their place.

    A job that has begun goes on as it began.
    """
    usual = Config()
    wanted = [
        name
        for name in ("labels_per_class", "label_fraction")
        if getattr(config, name) != getattr(usual, name)
    ]
    if wanted and not record.read_job(config.model_dir).get("data"):
        raise ValueError(
            f"`{wanted[0]}` needs labelled images, and no image of "
            f"{source.name} has a label. Put images into a folder for each "
            "class or give a csv with labels; without "
            f"--{wanted[0]} the job pretrains and embeds. Received: "
            f"{wanted[0]}={getattr(config, wanted[0])}"
        )


def _has_labels(source):
    return source is not None and (source.labels >= 0).any()


def check_evaluates(
    config: Config, evaluation: Source | None, note: str
) -> None:
    """Raises a ValueError for options that need images to evaluate on.

    Args:
      config: A `Config`, of the job or of one of its stages.
      evaluation: `Source` to evaluate on, None for none.
      note: How accuracy is measured, for the error.
    """
    options = [name for name in EVALUATING if getattr(config, name)]
    if options and evaluation is None:
        raise ValueError(
            f"`{options[0]}` needs labelled images to evaluate on, and there "
            f"are none: {note}. Give an evaluation split, or leave it out. "
            f"Received: {options[0]}={getattr(config, options[0])}"
        )


def _divide(config, source, evaluation):
    """What to train on, what to evaluate on, its options, and a note."""
    if not _has_labels(evaluation):
        return _set_aside(config, source, evaluation)
    evaluation = class_match.renumber(
        evaluation, source.class_names, "The training split"
    )
    options = {"eval_split": config.eval_split}
    lacks = class_match.lacking_words(evaluation)
    count = int((evaluation.labels >= 0).sum())
    note = (
        f"accuracy is measured on {count:,} labelled images of "
        f"{evaluation.name}{lacks}{_too_few_words(config, count)}"
    )
    if config.holdout_fraction:
        note += "; --holdout_fraction is not used"
    return source, evaluation, options, note


def _too_few_words(config, count):
    """That so few images hardly tell networks apart, "" of enough."""
    if count >= spare_labels.LEAST_HELD_OUT:
        return ""
    return (
        f"; {count} are too few to tell networks apart: "
        "--eval_split names a larger one, and --eval_split=holdout "
        f"--holdout_fraction={FRACTION:g} sets some of the training images "
        "aside"
    )


def _set_aside(config, source, unlabelled):
    """The same where no split with labels is there to evaluate on."""
    void = _void(config, unlabelled)
    began = _began(config, with_evaluation=True)
    spared = spare_labels.spare(config, source, began)
    if _began(config, with_evaluation=False):
        spared = spare_labels.Spared(None, 0.0, "the job began without")
    if spared.numbers is None:
        note = (
            "accuracy is not measured: "
            f"{void or 'there is no evaluation split'}, and {spared.note}; "
            f"{_instead(config, source)}"
        )
        return source, None, {}, note
    note = f"accuracy is measured on {spared.note}"
    if void:
        note += f"; {void} and is not used"
    rest = left_over(source.labels, spared.share)
    options = {"holdout_fraction": spared.share, "eval_split": HOLDOUT}
    return source.subset(rest), source.subset(spared.numbers), options, note


def _instead(config, source):
    """What tells how good the features are where no image is evaluated on."""
    labels = source.labels[inputs.labelled_examples(config, source)]
    if np.bincount(labels).max() > 1:
        return (
            "the features are judged by cross-validation on the labels there "
            "are"
        )
    return (
        "nothing can be measured with one label of each class, which leaves "
        "none to ask for: label more"
    )


def _void(config, unlabelled):
    """Says of a split without labels that it is one; "" where none is there."""
    if unlabelled is None:
        return ""
    named = "eval_split" in config.given
    name = f"--eval_split={config.eval_split}" if named else unlabelled.name
    return f"{name} has no labels"


def _began(config, with_evaluation):
    """Whether the job has begun, with or without an evaluation: that stays."""
    data = record.read_job(config.model_dir).get("data")
    if data is None:
        return False
    return (data.get("evaluation") is not None) == with_evaluation


def _check_images(source):
    if source.num_examples < LEAST_IMAGES:
        raise ValueError(
            f"A job needs at least {LEAST_IMAGES} images to learn from. "
            f"Received: {source.name} with {source.num_examples}"
        )


def _check_labels(source):
    names = source.class_names
    if source.num_classes < 2:
        raise ValueError(
            "A classifier needs at least two classes. Received: "
            f"{source.name} with the class {names[0]!r} alone"
        )
    counts = np.bincount(
        source.labels[source.labels >= 0], minlength=len(names)
    )
    if (counts > 0).sum() < 2:
        raise ValueError(
            "Labels must be on at least two classes. Received: "
            f"{source.name} with labels on {names[counts.argmax()]!r} alone"
        )
    without = [n for n, c in zip(names, counts, strict=True) if not c]
    if without:
        raise ValueError(
            "Each class must have a labelled image to train on. Received: "
            f"{source.name} with none of {listed([*map(repr, without)])}; "
            "label one of each, or leave the class out"
        )
