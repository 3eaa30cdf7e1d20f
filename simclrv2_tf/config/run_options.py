"""Options of a run: its mode, directory, checkpoints and time limit."""

import dataclasses

from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import FIXED
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import between
from simclrv2_tf.config.option import option
from simclrv2_tf.config.required import required

TRAIN_MODES = ("pretrain", "finetune", "distill", "semi_supervised")
MODES = (
    "train",
    "eval",
    "train_then_eval",
    "export",
    "embed",
    "predict",
    "probe",
    "curate",
    "status",
    "report",
    "publish",
    "recommend",
)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What to do, and where its results go."""

    mode: str = option(
        "train",
        "What to do: train, evaluate a run, both in turn, export a model, or "
        "write embeddings or predictions of a data set, judge features by "
        "probes, say which images to label next, which are near-duplicates, "
        "outliers or doubtfully labelled (curate), print the status of the run "
        "in model_dir, write a page about it (report.html), publish its "
        "network with a model card, or recommend settings for a data set.",
        MODES,
    )
    train_mode: str = option(
        "pretrain",
        "Stage: contrastive pretraining, supervised fine-tuning or "
        "distillation; semi_supervised: all three as one job.",
        TRAIN_MODES,
        resumed=FIXED,
    )
    model_dir: str | None = option(
        None, "Directory of the run: checkpoints, results, logs.", kind=str
    )
    dataset_summary: bool = option(
        False,
        "Instead of anything else say what the data set holds: classes, "
        "sizes, formats, corrupt and repeated images; with a contact sheet.",
    )
    seed: int = option(
        0,
        "Start of everything random, 0 to 2**31 - 1.",
        range=between(0, 2**31 - 1, "from 0 to 2**31 - 1"),
        resumed=CHANGES_TRAINING,
    )
    checkpoint: str | None = option(
        None,
        "Weights to start from: a run directory or a checkpoint of any kind. "
        "Unused once model_dir holds a checkpoint.",
        kind=str,
    )
    checkpoint_ema: bool = option(
        False,
        "Load the momentum weights (ema_model/...) of --checkpoint in place "
        "of the trained ones.",
    )
    checkpoint_ignore: str | None = option(
        None,
        "Regular expression; tensors of a PyTorch file or of a TF1 checkpoint "
        "as --checkpoint that it matches from the start are passed over.",
        kind=str,
    )
    variable_schema: str = option(
        "(?!global_step)",
        "Regular expression; variables of --checkpoint whose TF1 name it does "
        "not match are left as they were initialised.",
    )
    zero_init_logits_layer: bool = option(
        False, "Start the supervised head from zero after --checkpoint."
    )
    linear_probe_init: bool = option(
        False,
        "Start fine-tuning with a supervised head that a logistic regression "
        "fits to the features of --checkpoint.",
    )
    checkpoint_epochs: int = option(
        1,
        "Epochs from one checkpoint to the next, 1 or more.",
        range=at_least(1),
    )
    checkpoint_steps: int = option(
        0,
        "Steps from one checkpoint to the next; 0: --checkpoint_epochs.",
        range=at_least(0),
    )
    keep_checkpoint_max: int = option(
        5, "Checkpoints that are kept, 1 or more.", range=at_least(1)
    )
    keep_hub_module_max: int = option(
        1, "Exported models that are kept, 1 or more.", range=at_least(1)
    )
    export_dir: str | None = option(
        None,
        "Directory of exported models; unset: model_dir/saved_model.",
        kind=str,
    )
    export_formats: str | None = option(
        None,
        "Formats to export beside SavedModel and .keras, with commas: onnx, "
        "litert, litert_int8, onnx_int8.",
        kind=str,
    )
    export_calibration_images: int = option(
        200,
        "Images of training that int8 formats are calibrated on, 1 or more.",
        range=at_least(1),
    )
    export_benchmark: bool = option(
        False,
        "Time each exported format at batch 1 and 32: a table of milliseconds "
        "and sizes, and benchmark.json beside the files.",
    )
    export_top_k: int = option(
        5,
        "Classes that an exported model's answer names, 1 or more.",
        range=at_least(1),
    )
    export_ema: bool = option(
        False,
        "Export a run's averaged weights (ema_model/...), see "
        "--memory_momentum.",
    )
    max_image_pixels: int = option(
        100_000_000,
        "Pixels of an image (height times width) that an exported model "
        "takes, 1 to 178956970; larger ones are refused undecoded.",
        range=between(
            1,
            178_956_970,
            "from 1 to 178956970, more than which no decoder takes",
        ),
    )
    max_image_bytes: int = option(
        2**27,
        "Bytes of an encoded image that an exported model takes, 1 or more.",
        range=between(1, 2**31 - 1, "from 1 to 2**31 - 1"),
    )
    train_summary_steps: int = option(
        100,
        "Steps from one line of metrics to the next; 0: each checkpoint.",
        range=at_least(0),
    )
    logger: str = option(
        "tensorboard",
        "Who gets the metrics of training, with commas: tensorboard, csv "
        "(metrics.csv), wandb, mlflow.",
    )
    verbosity: int = option(
        0,
        "What the command tells beside results, -1 to 1: warnings alone, the "
        "course of the work too, or what TensorFlow says too.",
        range=between(-1, 1),
    )
    time_limit: str | None = option(
        None,
        "Time that a queue grants, HH:MM; the run stops before it is over, "
        "with a checkpoint and --preemption_exit_code.",
        kind=str,
    )
    preemption_exit_code: int = option(
        42,
        "Exit code after SIGTERM, SIGINT or the time limit, 1 to 255; the "
        "same command then goes on.",
        range=between(1, 255),
    )
    max_bad_steps: int = option(
        10,
        "Steps in a row without finite numbers that end training, 1 or more; "
        "none of them is applied.",
        range=at_least(1),
    )
    rollback: bool = option(
        False,
        "After --max_bad_steps go back to the last checkpoint, and pass over "
        "the batches since, instead of ending.",
    )

    @property
    def directory(self) -> str:
        """`model_dir`, where there must be one; a ValueError if not."""
        return required(self.model_dir, "model_dir")
