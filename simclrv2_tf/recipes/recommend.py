"""The table of rules: which option, what value, why, and who says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from simclrv2_tf.optimizers import LINEAR_BASE
from simclrv2_tf.recipes import rule_values
from simclrv2_tf.recipes import rule_words
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rate_scale import rate_scale

PAPER = "SimCLRv2, Chen et al. 2020"
SIMCLR = "SimCLR, Chen et al. 2020, appendix B.9 on CIFAR-10"
DIGITS = "benchmarks/digits.json"
CIFAR = "benchmarks/cifar10.json"
STEP = "benchmarks/step.json"
HANDS = "photographs of hands, benchmarks/recipes.md"
CROPS = "digits and hands, benchmarks/recipes.md"
MIRROR = "benchmarks/recipes.md; Lin et al. 2020"
PROBE = "digits, benchmarks/recipes.md; Kumar et al. 2022"
ALL = ("pretrain", "finetune", "distill", "scratch")
TEACHER = ("pretrain", "finetune")
STUDENT = ("distill", "scratch")
LABELS = ("finetune", "scratch")


class Rule(NamedTuple):
    """One line of the table.

    Attributes:
      stages: The stages that it is for.
      option: The option that it chooses.
      value: Function of the `Facts` to the value, or the value.
      why: In words, with the facts' names in braces, or a function of the
        `Facts` to them.
      source: Paper, published recipe or measurement.
    """

    stages: tuple[str, ...]
    option: str
    value: Callable[[Facts], Any] | Any
    why: str | Callable[[Facts], str]
    source: str


RULES = (
    Rule(
        TEACHER,
        "resnet_depth",
        rule_values.of_teacher("resnet_depth"),
        rule_words.teacher_size,
        f"{PAPER}: bigger gains more from few labels",
    ),
    Rule(
        TEACHER,
        "width_multiplier",
        rule_values.of_teacher("width_multiplier"),
        rule_words.teacher_size,
        f"{PAPER}: bigger gains more from few labels",
    ),
    Rule(
        STUDENT,
        "resnet_depth",
        rule_values.of_student("resnet_depth"),
        "as the teacher, or what the time allows",
        DIGITS,
    ),
    Rule(
        STUDENT,
        "width_multiplier",
        rule_values.of_student("width_multiplier"),
        rule_words.student_width,
        f"{PAPER}, figure 5; {DIGITS}",
    ),
    Rule(
        ALL,
        "image_size",
        rule_values.of_teacher("image_size"),
        rule_words.image_size,
        SIMCLR,
    ),
    Rule(ALL, "channels", rule_values.channels, "as the images have", "data"),
    Rule(
        ALL,
        "mixed_precision",
        rule_values.precision,
        "{machine}",
        f"{STEP}: 1.6 times as fast where it is native",
    ),
    Rule(
        ALL,
        "cache_dataset",
        True,
        "images are decoded once, if they fit the memory",
        "benchmarks/input.json",
    ),
    Rule(
        TEACHER,
        "num_proj_layers",
        3,
        "a deeper head whose first layer is kept",
        f"{PAPER}: up to 14 % more with 1 % of the labels",
    ),
    Rule(
        ("finetune",),
        "linear_probe_init",
        True,
        "a classifier that fits the features leaves them as they are",
        PROBE,
    ),
    Rule(
        ("finetune",),
        "ft_proj_selector",
        0,
        "the features themselves; their probe is better than that of the "
        "head's first layer",
        PROBE,
    ),
    Rule(
        ("finetune",),
        "fine_tune_after_block",
        rule_values.trained_after,
        "below 10 labels a class the features stay; there are "
        "{per_class:.0f} on average",
        PROBE,
    ),
    Rule(STUDENT, "proj_head_mode", "none", "a student has no head", PAPER),
    Rule(
        ("pretrain",),
        "train_batch_size",
        rule_values.batch,
        "negatives enough, and four batches an epoch of {examples:,} images; "
        "at most 256 on a processor, 1,024 on accelerators",
        f"{SIMCLR}: small batches lose little; {CIFAR}",
    ),
    Rule(("pretrain",), "optimizer", "lars", "as in the paper", PAPER),
    Rule(
        ("pretrain",),
        "learning_rate",
        rule_values.pretraining_rate,
        "times batch / 256: 2.0 at 256 images, in proportion to fewer and to "
        "the square root of more (4.0 at 1,024)",
        f"{CIFAR} and {DIGITS} (1.5 to 2 at 128 and 256); {SIMCLR}: about 4.0 "
        "at 1,024",
    ),
    Rule(
        ("pretrain",),
        "weight_decay",
        1e-4,
        "as in the paper",
        PAPER,
    ),
    Rule(
        ("pretrain",),
        "temperature",
        0.2,
        "0.1 is for batches of thousands",
        f"{DIGITS}, {CIFAR}; lightly's and solo-learn's 0.5 and 0.2",
    ),
    Rule(
        ("pretrain",),
        "memory_size",
        0,
        "a memory costs more than it brings in short runs",
        "benchmarks/momentum.json: 1 to 4 points less in 600 or 1,200 steps",
    ),
    Rule(
        ("pretrain",),
        "color_jitter_strength",
        rule_values.strength,
        "before any pilot run has been judged",
        f"{SIMCLR}: 0.5 up to 32 pixels, 1.0 for photographs",
    ),
    Rule(
        ("pretrain",),
        "use_blur",
        rule_values.blurs,
        "small images have no detail to lose",
        SIMCLR,
    ),
    Rule(
        ALL,
        "crop_area_min",
        rule_values.smallest_crop,
        rule_words.smallest_crop,
        CROPS,
    ),
    Rule(
        ALL,
        "random_flip",
        rule_values.flips,
        rule_words.random_flip,
        MIRROR,
    ),
    Rule(
        ("pretrain",),
        "lineareval_while_pretraining",
        False,
        "features are probed when they are done",
        "costs time and changes nothing",
    ),
    Rule(
        LABELS,
        "optimizer",
        "momentum",
        "LARS is for large batches",
        DIGITS,
    ),
    Rule(
        LABELS,
        "train_batch_size",
        rule_values.label_batch,
        "of {labelled:,} labelled images",
        DIGITS,
    ),
    Rule(
        ("finetune",),
        "weight_decay",
        0.0,
        "as in the paper's fine-tuning",
        PAPER,
    ),
    Rule(
        ("finetune",),
        "warmup_epochs",
        0.0,
        "as in the paper's fine-tuning",
        PAPER,
    ),
    Rule(
        ("scratch",),
        "weight_decay",
        0.0,
        "as fine-tuning has; the paper has no such network",
        DIGITS,
    ),
    Rule(
        ("scratch",),
        "warmup_epochs",
        0.0,
        "as fine-tuning has; the paper has no such network",
        DIGITS,
    ),
    Rule(
        ("finetune",),
        "learning_rate",
        rule_values.label_rate,
        "times batch / 256: few labels must change the features little, and "
        "below 10 a class nothing but the linear probe",
        f"{PROBE}; {HANDS}",
    ),
    Rule(
        ("scratch",),
        "learning_rate",
        0.5,
        "times batch / 256: what serves it best",
        DIGITS,
    ),
    Rule(
        ("distill",),
        "optimizer",
        "momentum",
        "LARS is for large batches",
        DIGITS,
    ),
    Rule(
        ("distill",),
        "train_batch_size",
        rule_values.distill_batch,
        "128, or fewer where there are few images: more steps in the same time",
        DIGITS,
    ),
    Rule(("distill",), "learning_rate", 0.2, "times batch / 256", DIGITS),
    Rule(
        ("distill",),
        "distill_temperature",
        1.0,
        "from a big network to a small one",
        f"{PAPER}, appendix C",
    ),
    Rule(("distill",), "weight_decay", 1e-4, "as in the paper", PAPER),
)


def recommend(facts: Facts) -> Recipe:
    """Everything but how long to train, which takes a measurement."""
    recipe = Recipe()
    for rule in RULES:
        for stage in rule.stages:
            if facts.labelled or stage == "pretrain":
                _choose(recipe, rule, stage, facts)
    return recipe


def choose_rates(recipe: Recipe, facts: Facts) -> None:
    """Chooses learning rates anew for the batches that the stages have.

    The rules' rates are for the batches of the rules and for scaling by
    batch / 256. Batches may be given, or smaller to fit the memory, and so may
    be another scaling: after it a rate is the same.

    Args:
      recipe: A `Recipe` of the rules, with what the user gave.
      facts: `Facts`.
    """
    for rule in RULES:
        if rule.option == "learning_rate":
            for stage in rule.stages:
                if any(r.option == rule.option for r in recipe.of(stage)):
                    _choose_rate(recipe, rule, stage, facts)


def _choose_rate(recipe, rule, stage, facts):
    options = recipe.options(stage)
    images, linear = options["train_batch_size"], rule.value
    if callable(linear):
        linear = linear(facts, images)
    scale = rate_scale(options)
    rate = float(f"{linear * images / LINEAR_BASE / scale:.5g}")
    if math.isclose(rate, options["learning_rate"], rel_tol=0.01):
        return
    why = _why(rule, facts)
    if scale != images / LINEAR_BASE:
        scaling = options["learning_rate_scaling"]
        why = (
            f"{rate * scale:.4g} at {images:,} images after {scaling} scaling, "
            f"which is given: as much as {linear:g} {why}"
        )
    recipe.choose(stage, rule.option, rate, why, rule.source)


def _choose(recipe, rule, stage, facts):
    value = rule.value(facts) if callable(rule.value) else rule.value
    recipe.choose(stage, rule.option, value, _why(rule, facts), rule.source)


def _why(rule, facts):
    if callable(rule.why):
        return rule.why(facts)
    return rule.why.format(**vars(facts), per_class=facts.per_class)
