"""How long a job takes for logistic regressions on features and on pixels.

Beside each of them there is the pass over the images that it learns from,
which are decoded for it whether or not a stage keeps them in memory.

The search for one looks at its loss again and again, each time at four
operations for a label, a class and a feature. Measured on a core of an AMD
EPYC that had other work, in seconds of the processor: scikit-learn took 0.46 s
for the 24 looks at 2,000 labels of 100 classes by 512 features, 21e9 operations
a second. Block by block one look at 8,192 labels of 1,000 classes by 2,048
features took 1.6 s, 43e9 operations a second, and the search 0.3 s beside for
these two million weights.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from simclrv2_tf import scaling
from simclrv2_tf.models.features import PIXELS
from simclrv2_tf.models.resnet import ResNet
from simclrv2_tf.probing.cross_validation import FOLDS
from simclrv2_tf.probing.feature_rows import FEW
from simclrv2_tf.probing.linear_probe import ITERATIONS
from simclrv2_tf.recipes.budget.image_pass import NO_TIME
from simclrv2_tf.recipes.budget.image_pass import ImagePass
from simclrv2_tf.recipes.checked_images import MOST_KNOWN
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import probe_effort
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.machine import Machine
from simclrv2_tf.runs.start import teacher

# Operations a second of a core: of scikit-learn's float64 on one of them, and
# of float32 on all where features are looked at block by block.
CORE, CORE_IN_BLOCKS = 20e9, 40e9
# Seconds of the host for each look at blocks: for a number of the features,
# and for a weight that is searched for.
NUMBER, WEIGHT = 3e-9, 1.5e-7
# Times the square root of the labels that there are looks, as more labels hold
# the weights back less. With 62 classes of 16 labels on raw pixels five folds
# are 8 s then, and took 15 s on two busy cores (see `feature_probe`).
LOOKS = 2.0


@dataclasses.dataclass(frozen=True)
class RegressionTime:
    """Seconds of a job's logistic regressions, with the images they read.

    Attributes:
      probe: On the features of a run of pretraining, or of a pilot run,
        cross-validated.
      compared: On what these are compared with, an untrained network's
        features and raw pixels.
      start: Of that which a run of fine-tuning starts from.
      table: Of the row of frozen features, whose images are those of an
        evaluation (see `evaluation_time`).
      teacher: Of the labelled images that a teacher is tried on.
    """

    probe: float = 0.0
    compared: float = 0.0
    start: float = 0.0
    table: float = 0.0
    teacher: float = 0.0

    def of_stages(self, runs: Mapping[str, int]) -> dict[str, float]:
        """{stage: seconds} beside its steps.

        Args:
          runs: {stage: its runs}, for each stage of the job.
        """
        marks = len(probe_effort.MARKS)
        seconds = {
            "pretrain": marks * self.probe + self.compared,
            "finetune": runs.get("finetune", 0) * self.start,
            "distill": self.table + self.teacher,
        }
        return {stage: s for stage, s in seconds.items() if stage in runs}

    def of_pilots(self, runs: int) -> float:
        """Seconds of so many pilot runs beside their steps."""
        return runs * self.probe + self.compared


def reckon(
    recipe: Recipe, facts: Facts, images: ImagePass = NO_TIME
) -> RegressionTime:
    """The time of a job's regressions on paper, none without labels.

    A Keras network counts as the residual network in its place.

    Args:
      recipe: A `Recipe`.
      facts: `Facts`.
      images: The `ImagePass` of the job.
    """
    if not facts.labelled:
        return RegressionTime()
    width = _width(recipe.options("pretrain"))
    starts = recipe.options("finetune").get("linear_probe_init", False)
    probe = _probe(facts, width) + _probed(facts) * images.of("pretrain")
    pixels = _probe(facts, PIXELS**2 * facts.channels)
    tuned = images.of("finetune")
    begin = _fit(facts.labelled, facts, width) + facts.labelled * tuned
    return RegressionTime(
        probe=probe,
        compared=probe + pixels + _probed(facts) * images.image,
        start=starts * begin,
        table=_table(facts, width),
        teacher=min(facts.labelled, teacher.MOST) * tuned,
    )


def of_fit(
    labels: float, classes: int, features: int, machine: Machine
) -> float:
    """Seconds of one logistic regression.

    Args:
      labels: That it learns from.
      classes: Of these; two have one row of weights.
      features: Of each.
      machine: A `Machine`; few numbers take one core of it.
    """
    rows = classes if classes > 2 else 1
    looks = min(ITERATIONS, LOOKS * math.sqrt(labels))
    operations = 4.0 * labels * rows * features
    slowness = 1.0 if machine.accelerators else machine.slowness
    if labels * features <= FEW:
        return looks * operations / CORE * slowness
    host = (NUMBER * labels + WEIGHT * rows) * features * slowness
    return looks * (operations / _speed_in_blocks(machine) + host)


def _speed_in_blocks(machine):
    """Operations a second of all that there is."""
    if machine.accelerators:
        return machine.device.speed * scaling.EFFICIENCY
    return CORE_IN_BLOCKS * machine.cores / machine.slowness


def _width(options):
    """Features of the network of a stage."""
    network = ResNet(
        depth=options["resnet_depth"],
        width_multiplier=options["width_multiplier"],
    )
    return network.feature_dim


def _fit(labels, facts, features):
    return of_fit(labels, facts.classes, features, facts.machine)


def _folds(labels, facts, features, of_class=FOLDS):
    """Seconds of a cross-validation, each fold of which is left out once."""
    folds = min(FOLDS, max(2, facts.fewest), of_class)
    return folds * _fit(labels * (1 - 1 / folds), facts, features)


def _probe(facts, features):
    """Seconds of what `feature_probe.right` repeats; of no lone labels."""
    labels = _probed(facts)
    if not labels:
        return 0.0
    repeats = probe_effort.repeats((labels, features), facts.classes)
    most = probe_effort.of_class(facts.classes)
    return repeats * _folds(labels, facts, features, most)


def _probed(facts):
    """Labelled images that `feature_probe.right` takes, 0 of lone labels."""
    if facts.fewest < 2:
        return 0
    most = probe_effort.of_class(facts.classes)
    return min(facts.labelled, most * facts.classes)


def _table(facts, features):
    """Seconds of a row that is judged by an evaluation, or by the labels."""
    labels = min(facts.labelled, MOST_KNOWN)
    judge = _fit if facts.evaluated else _folds
    return judge(labels, facts, features)
