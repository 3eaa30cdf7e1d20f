"""How a network is judged, and what it makes of a data set."""

import dataclasses

from simclrv2_tf.config.option import ABOVE_ZERO
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """How a network is judged."""

    eval_batch_size: int = option(
        256, "Images in a step of evaluation.", range=at_least(1)
    )
    eval_steps: int = option(
        0, "Steps of evaluation; 0: all examples.", range=at_least(0)
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
        "Split that --mode=embed and --mode=predict go through; unset: all "
        "splits, one after another.",
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
