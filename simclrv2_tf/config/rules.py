"""Checks that options do not contradict each other."""

import re
from typing import Any

from simclrv2_tf.config.average_rules import check_average
from simclrv2_tf.config.average_rules import check_memory
from simclrv2_tf.config.average_rules import of_pretraining
from simclrv2_tf.config.average_rules import pretrains_alone
from simclrv2_tf.config.average_rules import where
from simclrv2_tf.config.evaluation_rules import check_best
from simclrv2_tf.config.evaluation_rules import check_calibrate
from simclrv2_tf.config.evaluation_rules import check_class_weights
from simclrv2_tf.config.evaluation_rules import check_eval_name
from simclrv2_tf.config.evaluation_rules import check_folds
from simclrv2_tf.config.field_values import check_choices
from simclrv2_tf.config.field_values import check_ranges
from simclrv2_tf.config.field_values import check_stages
from simclrv2_tf.config.hardware_options import STRATEGIES
from simclrv2_tf.config.logger_names import check_loggers
from simclrv2_tf.config.probe_values import check_probes
from simclrv2_tf.config.publishing_options import check_publishing
from simclrv2_tf.config.recipe_options import is_for_a_job

_FINETUNE = "train_mode='finetune'"


def time_limit_seconds(config: Any) -> int:
    """The time limit in seconds, 0 for none."""
    return _seconds(config.time_limit)


def time_budget_seconds(config: Any) -> int:
    """The time budget in seconds, 0 for none."""
    return _seconds(config.time_budget)


def _seconds(text):
    if text is None:
        return 0
    hours, minutes = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes)


def _check_times(config):
    for name in ("time_limit", "time_budget"):
        text = getattr(config, name)
        if text is None:
            continue
        fits = re.fullmatch(r"[0-9]{1,4}:[0-5][0-9]", text)
        if not fits or not _seconds(text):
            raise ValueError(
                f"`{name}` must be hours and minutes, HH:MM, and not 00:00. "
                f"Received: {name}={text!r}"
            )


def _check_labels(config):
    if config.label_fraction < 1 and config.labels_per_class:
        raise ValueError(
            "Give `label_fraction` or `labels_per_class`, not both. Received: "
            f"label_fraction={config.label_fraction}, "
            f"labels_per_class={config.labels_per_class}"
        )


def _check_freezing(config):
    block, job = config.fine_tune_after_block, is_for_a_job(config)
    stages = {"pretrain": "pretraining", "distill": "distillation"}
    stage = stages.get(config.train_mode)
    if block > -1 and (stage or job):
        option = f"finetune.fine_tune_after_block={block}"
        raise ValueError(
            "`fine_tune_after_block` freezes blocks in fine-tuning and has no "
            f"meaning in {'all stages of a job' if job else stage}: leave it "
            f"at -1 or give {option if job else _FINETUNE}. Received: "
            f"fine_tune_after_block={block}"
        )
    if config.frozen_batch_norm == "batch" and config.fine_tune_after_block < 0:
        raise ValueError(
            "`frozen_batch_norm` is for what `fine_tune_after_block` freezes: "
            "give that, or leave frozen_batch_norm='moving'. Received: "
            "frozen_batch_norm='batch', fine_tune_after_block=-1"
        )


def _check_probe(config):
    if not config.linear_probe_init:
        return
    job = is_for_a_job(config)
    if job or config.train_mode != "finetune" or not config.checkpoint:
        alone = f"{_FINETUNE} and checkpoint"
        raise ValueError(
            "`linear_probe_init` starts fine-tuning from the features of a "
            "checkpoint: give "
            f"{'finetune.linear_probe_init=True' if job else alone}. "
            f"Received: train_mode={config.train_mode!r}, "
            f"checkpoint={config.checkpoint!r}"
        )
    if config.zero_init_logits_layer:
        raise ValueError(
            "Give `zero_init_logits_layer` or `linear_probe_init`, not both. "
            "Received: zero_init_logits_layer=True, linear_probe_init=True"
        )


def _check_gradient_cache(config):
    if config.gradient_cache_microbatch and not pretrains_alone(config):
        raise ValueError(
            "`gradient_cache_microbatch` is for the contrastive loss and has "
            f"no meaning {where(config)}: leave it at "
            f"0{of_pretraining(config, 'gradient_cache_microbatch')}. "
            "Received: gradient_cache_microbatch="
            f"{config.gradient_cache_microbatch}"
        )


def _check_pairs(config):
    pretrains = config.train_mode == "pretrain" and "train" in config.mode
    if pretrains and config.train_batch_size < 2:
        raise ValueError(
            "`train_batch_size` must be at least 2 in pretraining: the other "
            "images of a batch are an image's negatives. "
            f"Received: train_batch_size={config.train_batch_size}"
        )


def _check_ignore(config):
    try:
        re.compile(config.checkpoint_ignore or "")
    except re.error as error:
        raise ValueError(
            f"`checkpoint_ignore` must be a regular expression ({error}), "
            "such as 'projector'. Received: "
            f"checkpoint_ignore={config.checkpoint_ignore!r}"
        ) from None


def _check_schema(config):
    schema = config.variable_schema
    if schema == "?!global_step":  # TF1's default, which is no valid pattern
        return
    try:
        re.compile(schema)
    except re.error as error:
        raise ValueError(
            f"`variable_schema` must be a regular expression ({error}), such "
            f"as '(?!global_step|head)'. Received: variable_schema={schema!r}"
        ) from None


def _check_devices(config):
    fitting = {True: ("auto", "tpu"), False: STRATEGIES[:-1], None: STRATEGIES}
    if config.strategy not in fitting[config.use_tpu]:
        raise ValueError(
            "`use_tpu` and `strategy` contradict each other: leave one of "
            f"them out. Received: use_tpu={config.use_tpu}, "
            f"strategy={config.strategy!r}"
        )


def _check_selector(config):
    if config.checkpoint and "num_proj_layers" not in config.given:
        return  # its head has as many layers as it has
    layers = {"none": 0, "linear": 1}.get(
        config.proj_head_mode, config.num_proj_layers
    )
    if not -layers - 1 <= config.ft_proj_selector <= layers:
        raise ValueError(
            f"`ft_proj_selector` must be from {-layers - 1} to {layers} for a "
            f"projection head of {layers} layers. "
            f"Received: ft_proj_selector={config.ft_proj_selector}"
        )


def _check_backbone(config):
    if config.backbone and config.remat:
        raise ValueError(
            "`remat` keeps less of the ResNets' block groups, which a Keras "
            "backbone has not: leave it out, or take another --backbone. "
            f"Received: remat=True, backbone={config.backbone[:60]!r}"
        )
    if config.backbone and not config.global_bn:
        raise ValueError(
            "A Keras backbone takes the moments of its normalization over all "
            "replicas: leave global_bn=True. Received: global_bn=False"
        )


def _check_teacher(config):
    distils = config.train_mode == "distill" and "train" in config.mode
    if distils and not config.teacher:
        raise ValueError(
            "Distillation needs a teacher: give `teacher` a run directory or "
            "a checkpoint. Received: teacher=None"
        )


RULES = (
    check_choices,
    check_ranges,
    _check_times,
    check_stages,
    _check_labels,
    _check_freezing,
    _check_probe,
    check_class_weights,
    _check_gradient_cache,
    check_memory,
    check_average,
    _check_pairs,
    check_eval_name,
    check_calibrate,
    check_best,
    check_folds,
    _check_ignore,
    _check_schema,
    _check_devices,
    _check_selector,
    _check_backbone,
    _check_teacher,
    check_probes,
    check_publishing,
    check_loggers,
)
