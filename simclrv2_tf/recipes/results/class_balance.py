"""Classes of unequal size: what a constant answer has, and what tells more."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.console.units import percent
from simclrv2_tf.recipes.results.final_choice import Balanced
from simclrv2_tf.recipes.results.job_report import Row
from simclrv2_tf.recipes.unequal_classes import CLEARLY
from simclrv2_tf.recipes.unequal_classes import is_unequal
from simclrv2_tf.recipes.unequal_classes import largest_share

NAME = "always the largest class"
_BALANCED = "eval/balanced_accuracy"
_OPTION = "class_weights=balanced"
_PARTS = ("distilled", "scratch")  # the small networks


def rows(job) -> list[Row]:
    """The row of a constant answer in a `Job`'s table, where it says something.

    The largest class is that of the images that accuracy is measured on, which
    makes it the best constant answer there is.
    """
    counts, measured = _counted(job)
    if not counts.sum() or not is_unequal(counts):
        return []
    images = int(counts.sum())
    return [Row(NAME, largest_share(counts), images, 0, 0.0, measured)]


def balanced(job) -> Balanced | None:
    """Balanced accuracy of a `Job`'s distilled network and of its twin.

    None where the classes that it is measured on are of like size, which
    top-1 is enough for, and where it was not measured.
    """
    counts, measured = _counted(job)
    parts = [job.record.done[part] for part in _PARTS]
    known = [part[_BALANCED] for part in parts if _BALANCED in part]
    if measured != "evaluation" or len(known) < 2 or not is_unequal(counts):
        return None
    return Balanced(known[0], known[1], largest_share(counts))


def notes(job) -> list[str]:
    """Balanced accuracy of a `Job`'s small networks in words, where of use."""
    known = balanced(job)
    if known is None:
        return []
    counts, _ = _counted(job)
    sizes = {job.record.done[part].get("parameters") for part in _PARTS}
    other = "the same" if len(sizes) == 1 else "another"
    sentence = (
        "balanced accuracy (mean over classes) of the small distilled network "
        f"is {percent(known[0])}, of {other} from scratch {percent(known[1])}: "
        f"of the {counts.sum():,} images {counts.max():,} are of the largest "
        f"class and {counts[counts > 0].min():,} of the smallest, and a "
        f"constant answer has {percent(largest_share(counts))} top-1"
    )
    return [". ".join([sentence, *_advice(job)])]


def _counted(job):
    """Images of each class that the table is measured on, and how it is.

    Without an evaluation they are the labels that are left out in turn. Jobs
    of earlier versions have not counted classes.
    """
    classes = job.record.done["distilled"].get("classes")
    if classes:
        return np.array(classes["examples"]), "evaluation"
    if job.data.evaluation is None and job.data.fewest > 1:
        return job.data.counts(), "cross-validation"
    return np.zeros(1, np.int64), ""


def _advice(job):
    """What to do, unless each class has as many labels."""
    labels = job.data.counts()
    if largest_share(labels) < CLEARLY / len(labels):
        return
    options = job.recipe.options("finetune")
    if not options.get("learning_rate"):
        yield (
            f"--finetune.{_OPTION} needs --finetune.learning_rate beside it: "
            "the teacher was a linear probe, which is not trained further"
        )
    elif options.get("class_weights") == "balanced":
        yield (
            f"Classes count alike already (--finetune.{_OPTION}): what helps "
            "are more labels of the smallest"
        )
    else:
        yield (
            f"In another job --finetune.{_OPTION} (and --scratch.{_OPTION}) "
            "has each class count alike"
        )
