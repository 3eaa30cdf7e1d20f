"""Options of training: objective, optimization, augmentation."""

import dataclasses

from simclrv2_tf.config.network_options import PIXELS
from simclrv2_tf.config.option import ABOVE_ZERO
from simclrv2_tf.config.option import BELOW_ONE
from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import FIXED
from simclrv2_tf.config.option import MODEL
from simclrv2_tf.config.option import SHARE
from simclrv2_tf.config.option import UNSET_OR_BELOW_ONE
from simclrv2_tf.config.option import WHOLE_NUMBER
from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import Resumed
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import between
from simclrv2_tf.config.option import option


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """What is asked of the network."""

    temperature: float = option(
        0.1,
        "Temperature of the contrastive loss, above 0.",
        range=ABOVE_ZERO,
        resumed=CHANGES_TRAINING,
    )
    hidden_norm: bool = option(
        True,
        "Whether projections are normalised to length 1.",
        resumed=CHANGES_TRAINING,
    )
    nt_xent_tile: str = option(
        "auto",
        "Columns of the contrastive loss's logits made at a time: auto, by "
        "the size of the batch; 0, all; or 1 or more. The loss is the same.",
        range=Range(
            lambda v: v == "auto" or (v.isascii() and v.isdigit()),
            "auto, 0, or a number of columns",
        ),
        also=WHOLE_NUMBER,
    )
    memory_size: int = option(
        0,
        "Keys of earlier steps that pretraining compares with, made by a "
        "moving average of the network; paper: 65536. 0: the loss without "
        "them.",
        range=at_least(0),
        resumed=FIXED,
    )
    memory_momentum: float | None = option(
        None,
        "Share of the old value in a moving average of the weights, in "
        "[0, 1); unset: 0.999 with --memory_size, else no average. Above 0 "
        "alone: an average for --eval_ema and --export_ema, in all stages.",
        kind=float,
        range=UNSET_OR_BELOW_ONE,
        resumed=Resumed(fixed=True, changes_training=True, part=bool),
    )
    lineareval_while_pretraining: bool = option(
        True,
        "Train an online linear probe while pretraining.",
        resumed=FIXED,
    )
    fine_tune_after_block: int = option(
        -1,
        "What fine-tuning leaves frozen: -1 nothing, 0 the stem, 1 to 4 the "
        "stem and so many block groups (4: train the head alone).",
        range=between(-1, 4),
        resumed=FIXED,
    )
    frozen_batch_norm: str = option(
        "moving",
        "Normalization of what is frozen: moving takes the moving statistics, "
        "batch those of each batch, as the original release's tf2 code does.",
        ("moving", "batch"),
        resumed=CHANGES_TRAINING,
    )
    class_weights: str = option(
        "none",
        "Weight of each image in fine-tuning: none, all alike; balanced, "
        "images / (classes * images of its class), so that classes count "
        "alike.",
        ("none", "balanced"),
        resumed=CHANGES_TRAINING,
    )
    teacher: str | None = option(
        None,
        "Teacher of distillation: a run directory or a checkpoint; or any "
        "Keras classifier, as --backbone names it, with its weights. Several "
        "with commas: the mean of their softened answers.",
        kind=str,
        resumed=CHANGES_TRAINING,
    )
    teacher_pixels: str | None = option(
        None,
        "Pixels that Keras teachers take, as --backbone_pixels: one word for "
        "all, or one for each teacher, with commas.",
        kind=str,
        resumed=CHANGES_TRAINING,
    )
    student: str | None = option(
        None,
        "Network that distillation trains, as --backbone, which it stands "
        "for; the other stages of a job keep theirs.",
        kind=str,
        also=MODEL,
    )
    student_pixels: str | None = option(
        None,
        "Pixels that --student takes, as --backbone_pixels.",
        kind=str,
        range=PIXELS,
    )
    student_weights: str | None = option(
        None,
        "Weights that --student starts from, as --backbone_weights.",
        kind=str,
    )
    teacher_proj_selector: int | None = option(
        None,
        "Layer that the teacher's supervised head reads, as "
        "--ft_proj_selector; unset: what the teacher's source tells, else 0.",
        kind=int,
        resumed=CHANGES_TRAINING,
    )
    distill_temperature: float = option(
        1.0,
        "Softens teacher and student, above 0; paper: 0.1 or 1.",
        range=ABOVE_ZERO,
        resumed=CHANGES_TRAINING,
    )
    distill_alpha: float = option(
        1.0,
        "Weight of the distillation loss against the labels' loss, in [0, 1].",
        range=SHARE,
        resumed=CHANGES_TRAINING,
    )


@dataclasses.dataclass(frozen=True)
class OptimizationConfig:
    """How the network gets there."""

    optimizer: str = option(
        "lars",
        "Optimizer; momentum is Nesterov's.",
        ("lars", "momentum", "adam", "lamb"),
        resumed=FIXED,
    )
    learning_rate: float = option(
        0.3,
        "Learning rate before scaling by the batch size, 0 or more.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    learning_rate_scaling: str = option(
        "linear",
        "Scaling: linear is times batch/256, sqrt is times sqrt(batch).",
        ("linear", "sqrt"),
        resumed=CHANGES_TRAINING,
    )
    warmup_epochs: float = option(
        10.0,
        "Epochs over which the learning rate rises from 0.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    weight_decay: float = option(
        1e-4,
        "Weight decay, 0 or more.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    momentum: float = option(
        0.9,
        "Momentum of LARS and SGD, in [0, 1).",
        range=BELOW_ONE,
        resumed=CHANGES_TRAINING,
    )
    train_batch_size: int = option(
        512,
        "Images in a step, over all replicas.",
        range=at_least(1),
        resumed=CHANGES_TRAINING,
    )
    train_epochs: int = option(100, "Epochs to train for.", range=at_least(1))
    train_steps: int = option(
        0, "Steps to train for; 0: --train_epochs.", range=at_least(0)
    )


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """How views are made."""

    color_jitter_strength: float = option(
        1.0,
        "Strength of the colour distortion, 0 or more; 0.5 for CIFAR.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    color_jitter_impl: str = option(
        "simclrv2",
        "Brightness: simclrv2 multiplies, simclrv1 adds.",
        ("simclrv2", "simclrv1"),
        resumed=CHANGES_TRAINING,
    )
    grayscale_prob: float = option(
        0.2,
        "Share of pretraining's views that turn grey, in [0, 1]; none does "
        "with --color_jitter_strength=0. Smaller where colour tells the "
        "classes apart.",
        range=SHARE,
        resumed=CHANGES_TRAINING,
    )
    crop_area_min: float = option(
        0.08,
        "Area of the smallest crop, share of the image in (0, 1], in every "
        "stage. Larger for images that a small part says little of.",
        range=Range(lambda v: 0 < v <= 1, "in (0, 1]"),
        resumed=CHANGES_TRAINING,
    )
    random_flip: bool = option(
        True,
        "Whether half of the views are mirrored, in every stage. Off for "
        "images that a mirror makes others of: digits, letters, left hands.",
        resumed=CHANGES_TRAINING,
    )
    use_blur: bool = option(
        True,
        "Whether pretraining blurs every second image.",
        resumed=CHANGES_TRAINING,
    )
    per_image_blur: bool = option(
        False,
        "A blur width for each image and not for each batch.",
        resumed=CHANGES_TRAINING,
    )
