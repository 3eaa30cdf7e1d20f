"""The table of rules: which option, what value, why, and who says so."""

from __future__ import annotations

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import rule_values
from simclrv2_tf.recipes.rules import rule_words
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.rule import Rule

PAPER = "SimCLRv2, Chen et al. 2020"
SIMCLR = "SimCLR, Chen et al. 2020, appendix B.9 on CIFAR-10"
DIGITS = "benchmarks/digits.json"
CIFAR = "benchmarks/cifar10.json"
STEP = "benchmarks/step.json"
HANDS = "photographs of hands, benchmarks/recipes.md"
CROPS = "digits and hands, benchmarks/recipes.md"
MIRROR = "benchmarks/recipes.md; Lin et al. 2020"
PROBE = "digits, benchmarks/recipes.md; Kumar et al. 2022"
PRETRAIN, FINETUNE = ("pretrain",), ("finetune",)
DISTILL, SCRATCH = ("distill",), ("scratch",)
ALL = ("pretrain", "finetune", "distill", "scratch")
TEACHER = ("pretrain", "finetune")
STUDENT = ("distill", "scratch")
LABELS = ("finetune", "scratch")

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
    Rule(
        ALL,
        "resize_shorter_side",
        rule_values.shorter_side,
        "images have {side} pixels on their shorter side, and a view would see "
        "single pixels of them: three times its own, with antialiasing, which "
        "take less memory too",
        "benchmarks/recipes.md, far larger images",
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
        FINETUNE,
        "linear_probe_init",
        True,
        "a classifier that fits the features leaves them as they are",
        PROBE,
    ),
    Rule(
        FINETUNE,
        "ft_proj_selector",
        0,
        "the features themselves; their probe is better than that of the "
        "head's first layer",
        PROBE,
    ),
    Rule(
        FINETUNE,
        "fine_tune_after_block",
        rule_values.trained_after,
        "below 10 labels a class the features stay; there are "
        "{per_class:.0f} on average",
        PROBE,
    ),
    Rule(STUDENT, "proj_head_mode", "none", "a student has no head", PAPER),
    Rule(
        PRETRAIN,
        "train_batch_size",
        rule_values.batch,
        "negatives enough, and four batches an epoch of {examples:,} images; "
        "at most 256 on a processor, 1,024 on accelerators",
        f"{SIMCLR}: small batches lose little; {CIFAR}",
    ),
    Rule(PRETRAIN, "optimizer", "lars", "as in the paper", PAPER),
    Rule(
        PRETRAIN,
        "learning_rate",
        rule_values.pretraining_rate,
        "times batch / 256: 2.0 at 256 images, in proportion to fewer and to "
        "the square root of more (4.0 at 1,024)",
        f"{CIFAR} and {DIGITS} (1.5 to 2 at 128 and 256); {SIMCLR}: about 4.0 "
        "at 1,024",
    ),
    Rule(PRETRAIN, "weight_decay", 1e-4, "as in the paper", PAPER),
    Rule(
        PRETRAIN,
        "temperature",
        0.2,
        "0.1 is for batches of thousands",
        f"{DIGITS}, {CIFAR}; lightly's and solo-learn's 0.5 and 0.2",
    ),
    Rule(
        PRETRAIN,
        "memory_size",
        0,
        "a memory costs more than it brings in short runs",
        "benchmarks/momentum.json: 1 to 4 points less in 600 or 1,200 steps",
    ),
    Rule(
        PRETRAIN,
        "color_jitter_strength",
        rule_values.strength,
        "before any pilot run has been judged",
        f"{SIMCLR}: 0.5 up to 32 pixels, 1.0 for photographs",
    ),
    Rule(
        PRETRAIN,
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
    Rule(ALL, "random_flip", rule_values.flips, rule_words.random_flip, MIRROR),
    Rule(
        PRETRAIN,
        "lineareval_while_pretraining",
        False,
        "features are probed when they are done",
        "costs time and changes nothing",
    ),
    Rule(LABELS, "optimizer", "momentum", "LARS is for large batches", DIGITS),
    Rule(
        LABELS,
        "train_batch_size",
        rule_values.label_batch,
        "of {labelled:,} labelled images",
        DIGITS,
    ),
    Rule(FINETUNE, "weight_decay", 0.0, "as in the paper's fine-tuning", PAPER),
    Rule(
        FINETUNE, "warmup_epochs", 0.0, "as in the paper's fine-tuning", PAPER
    ),
    Rule(
        SCRATCH,
        "weight_decay",
        0.0,
        "as fine-tuning has; the paper has no such network",
        DIGITS,
    ),
    Rule(
        SCRATCH,
        "warmup_epochs",
        0.0,
        "as fine-tuning has; the paper has no such network",
        DIGITS,
    ),
    Rule(
        FINETUNE,
        "learning_rate",
        rule_values.label_rate,
        "times batch / 256: few labels must change the features little, and "
        "below 10 a class nothing but the linear probe",
        f"{PROBE}; {HANDS}",
    ),
    Rule(
        SCRATCH,
        "learning_rate",
        0.5,
        "times batch / 256: what serves it best",
        DIGITS,
    ),
    Rule(DISTILL, "optimizer", "momentum", "LARS is for large batches", DIGITS),
    Rule(
        DISTILL,
        "train_batch_size",
        rule_values.distill_batch,
        "128, or fewer where there are few images: more steps in the same time",
        DIGITS,
    ),
    Rule(DISTILL, "learning_rate", 0.2, "times batch / 256", DIGITS),
    Rule(
        DISTILL,
        "distill_temperature",
        1.0,
        "from a big network to a small one",
        f"{PAPER}, appendix C",
    ),
    Rule(DISTILL, "weight_decay", 1e-4, "as in the paper", PAPER),
)


def recommend(facts: Facts) -> Recipe:
    """Everything but how long to train, which takes a measurement."""
    recipe = Recipe()
    for rule in RULES:
        for stage in rule.stages:
            if facts.labelled or stage == "pretrain":
                _choose(recipe, stage, rule, facts)
    return recipe


def _choose(recipe, stage, rule, facts):
    value = rule.chosen(facts)
    if value is not None:
        recipe.choose(
            stage, rule.option, value, rule.reason(facts), rule.source
        )
