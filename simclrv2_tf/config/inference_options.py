"""Options of evaluation, and of embeddings and predictions."""

import dataclasses

from simclrv2_tf.config.option import ABOVE_ZERO
from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option

# What checkpoints of a classifier are compared by.
METRICS = (
    "label_top_1_accuracy",
    "label_top_5_accuracy",
    "balanced_accuracy",
    "expected_calibration_error",
)


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """How a network is judged."""

    eval_batch_size: int = option(
        256, "Images in a step of evaluation.", range=at_least(1)
    )
    eval_steps: int = option(
        0,
        "Steps of evaluation, spread evenly over the examples; 0: all.",
        range=at_least(0),
    )
    eval_name: str | None = option(
        None,
        "Suffix of the result files and of the event directory.",
        kind=str,
    )
    eval_timeout: float = option(
        0.0,
        "With --mode=eval: seconds to wait for the next checkpoint of a run "
        "that is still training, until that of its last step; 0 evaluates "
        "the newest and stops.",
        range=at_least(0, "seconds"),
    )
    export_best: str | None = option(
        None,
        "Metric by which fine-tuning and distillation evaluate each "
        "checkpoint; the best one is kept and exported beside the last: "
        f"{', '.join(METRICS)}.",
        kind=str,
        range=Range(
            lambda v: v is None or v in METRICS, f"one of {list(METRICS)}"
        ),
    )
    patience: int = option(
        0,
        "Checkpoints in a row whose evaluation, by --export_best's metric or "
        "else top-1 accuracy, is no better that end fine-tuning and "
        "distillation; 0: none.",
        range=at_least(0),
    )
    best_folds: int = option(
        0,
        "Compare the checkpoints of fine-tuning, for --export_best and "
        "--patience, by cross-validation: by so many runs of their own that "
        "leave a part of the labels out. 0: by the evaluation split.",
        range=Range(lambda v: v == 0 or v >= 2, "0, or 2 or more"),
    )
    calibrate: bool = option(
        False,
        "With --mode=eval or train_then_eval: fit a temperature to half of "
        "the evaluation split's labels and judge it on the others; the "
        "run's exports and predictions then have their probabilities at it.",
    )
    eval_ema: bool = option(
        False,
        "Evaluate, embed and predict with a run's averaged weights "
        "(ema_model/...), see --memory_momentum.",
    )
    knn_k: int = option(
        0,
        "Neighbours that vote in the nearest-neighbour evaluation, among the "
        "training images whose labels are used; 0: no such evaluation.",
        range=at_least(0),
    )
    knn_temperature: float = option(
        0.1, "Temperature of the neighbours' votes, above 0.", range=ABOVE_ZERO
    )


@dataclasses.dataclass(frozen=True)
class ApplicationConfig:
    """What a network makes of a data set: embeddings, predictions."""

    split: str | None = option(
        None,
        "Split that --mode=embed, --mode=predict and --mode=curate go through; "
        "unset: all splits, one after another. --mode=eval has --eval_split.",
        kind=str,
    )
    embed_endpoint: str = option(
        "final_avg_pool",
        "Endpoint that --mode=embed writes: the features, or proj_sel, "
        "proj_head_output, logits_sup, block_group1 to block_group4.",
    )
    embed_output: str | None = option(
        None,
        "File.npz, or directory of TFRecord shards; unset: "
        "model_dir/embeddings-STEP. The same command goes on where it was "
        "stopped.",
        kind=str,
    )
    embed_format: str = option(
        "npz", "Form of embeddings.", ("npz", "tfrecord")
    )
    embed_shard_size: int = option(
        4096,
        "Images in a shard, which is redone if stopped, 1 or more.",
        range=at_least(1),
    )
    predict_output: str | None = option(
        None,
        "CSV file of predictions; unset: model_dir/predictions-STEP.csv.",
        kind=str,
    )
    predict_top_k: int = option(
        5,
        "Classes that are named for each image, 1 or more.",
        range=at_least(1),
    )
