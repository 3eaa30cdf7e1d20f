"""Everything that can be chosen: one field, one flag, one help line.

The names, types and meanings of the original release's flags are kept (both
of its programs, TF1 and tf2); the fields are grouped by idea and `Config` is
all of them. This module needs neither absl nor TensorFlow.
"""

import dataclasses
import math
import numbers
import os
import re

DEPTHS = (18, 34, 50, 101, 152, 200)
TRAIN_MODES = ("pretrain", "finetune", "distill")
MODES = (
    "train",
    "eval",
    "train_then_eval",
    "export",
    "embed",
    "predict",
    "status",
)
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")


def option(default, help, choices=None, kind=None):
    """A config field.

    Args:
      default: Its value unless given; None for "not given".
      help: One line with unit and range.
      choices: The values allowed, None for any.
      kind: Its type where the default does not tell: bool, int, float or str.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "kind": kind or type(default),
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What to do, and where its results go."""

    mode: str = option(
        "train",
        "What to do: train, evaluate a run, both in turn, export a model, or "
        "write embeddings or predictions of a data set, or print the status "
        "of the run in model_dir.",
        MODES,
    )
    train_mode: str = option(
        "pretrain",
        "Stage: contrastive pretraining, supervised fine-tuning or "
        "distillation.",
        TRAIN_MODES,
    )
    model_dir: str = option(
        None, "Directory of the run: checkpoints, results, logs.", kind=str
    )
    dataset_summary: bool = option(
        False,
        "Instead of anything else say what the data set holds: classes, "
        "sizes, formats, corrupt and repeated images; with a contact sheet.",
    )
    seed: int = option(0, "Start of everything random, 0 to 2**31 - 1.")
    checkpoint: str = option(
        None,
        "Weights to start from: a run directory or a checkpoint of any kind. "
        "Unused once model_dir holds a checkpoint.",
        kind=str,
    )
    checkpoint_ema: bool = option(
        False, "Load the momentum weights (ema_model/...) of --checkpoint."
    )
    checkpoint_ignore: str = option(
        None,
        "Regular expression; tensors of a PyTorch file as --checkpoint that "
        "it matches from the start are passed over.",
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
    checkpoint_epochs: int = option(
        1, "Epochs from one checkpoint to the next, 1 or more."
    )
    checkpoint_steps: int = option(
        0, "Steps from one checkpoint to the next; 0: --checkpoint_epochs."
    )
    keep_checkpoint_max: int = option(
        5, "Checkpoints that are kept, 1 or more."
    )
    keep_hub_module_max: int = option(
        1, "Exported models that are kept, 1 or more."
    )
    export_dir: str = option(
        None,
        "Directory of exported models; unset: model_dir/saved_model.",
        kind=str,
    )
    export_formats: str = option(
        None,
        "Formats to export beside SavedModel and .keras, with commas: onnx, "
        "litert.",
        kind=str,
    )
    export_top_k: int = option(
        5, "Classes that an exported model's answer names, 1 or more."
    )
    max_image_pixels: int = option(
        100_000_000,
        "Pixels of an image (height times width) that an exported model "
        "takes, 1 to 178956970; larger ones are refused undecoded.",
    )
    max_image_bytes: int = option(
        2**27,
        "Bytes of an encoded image that an exported model takes, 1 or more.",
    )
    train_summary_steps: int = option(
        100, "Steps from one line of metrics to the next; 0: each checkpoint."
    )
    time_limit: str = option(
        None,
        "Time that a queue grants, HH:MM; the run stops before it is over, "
        "with a checkpoint and --preemption_exit_code.",
        kind=str,
    )
    preemption_exit_code: int = option(
        42,
        "Exit code after SIGTERM, SIGINT or the time limit, 1 to 255; the "
        "same command then goes on.",
    )
    max_bad_steps: int = option(
        10,
        "Steps in a row without finite numbers that end training, 1 or more; "
        "none of them is applied.",
    )
    rollback: bool = option(
        False,
        "After --max_bad_steps go back to the last checkpoint, and pass over "
        "the batches since, instead of ending.",
    )


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where images and labels come from."""

    dataset: str = option(
        "imagenet2012",
        "Data set: folder:PATH, csv:FILE, tfrecord:GLOB, npz:FILE, tar:GLOB "
        "(WebDataset's), parquet:GLOB (Hugging Face's), concat:A,B of any, "
        "digits, a TFDS name, or the directory of a TFDS data set; gs:// "
        "paths too.",
    )
    image_feature: str = option(
        None,
        "What holds the images, where it has no usual name: the feature, "
        "column, array, or ending of members of a tar file.",
        kind=str,
    )
    label_feature: str = option(
        None, "The same of the labels; see --image_feature.", kind=str
    )
    label_map: str = option(
        None,
        "File that says which class each label stands for: lines label,class "
        "or JSON {label: class}, a class being a name or a number; an empty "
        "class leaves unlabelled.",
        kind=str,
    )
    data_dir: str = option(None, "Directory that holds TFDS data.", kind=str)
    download: bool = option(
        False, "Whether TFDS may download and prepare a missing data set."
    )
    train_split: str = option(
        "train", "Split to train on; TFDS slices such as train[:10%] work."
    )
    eval_split: str = option(
        "validation", "Split to evaluate on; CIFAR-10 and digits have test."
    )
    cache_dataset: bool = option(
        False,
        "Decode the training images once and hold them in memory, if they fit "
        "in a third of what is free.",
    )
    shuffle_buffer: int = option(
        0,
        "Examples next to each other that are shuffled among themselves, in "
        "windows of random order, so that files are read piece by piece; 0: "
        "all. Numbers are shuffled, not images: it takes no memory.",
    )
    max_corrupt_fraction: float = option(
        0.01,
        "Share of the images that may be unreadable, in [0, 1); those are "
        "named and left out, and more stop the run. 0: the first stops it.",
    )
    label_fraction: float = option(
        1.0, "Share of each class whose labels are used, in (0, 1]."
    )
    labels_per_class: int = option(
        0, "Examples of each class whose labels are used; 0: all."
    )
    label_seed: int = option(
        0, "Seed of the choice of labels, the same in every stage."
    )


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """The network."""

    resnet_depth: int = option(50, "Depth of the ResNet.", DEPTHS)
    width_multiplier: float = option(
        1, "Times the channels of every layer, a multiple of 1/32.", kind=float
    )
    sk_ratio: float = option(
        0.0, "Selective kernels if above 0; 0.0625 in the published networks."
    )
    se_ratio: float = option(0.0, "Squeeze-and-excite if above 0.")
    image_size: int = option(
        224, "Side of the images in pixels; up to 32 takes the small stem."
    )
    channels: int = option(
        3,
        "Channels of the images: 3 for RGB, 1 for grey, or as many as the "
        "arrays have. Saturation, hue and grey are changed with 3 alone.",
    )
    proj_head_mode: str = option(
        "nonlinear", "Projection head.", ("none", "linear", "nonlinear")
    )
    proj_out_dim: int = option(128, "Features of the projection.")
    num_proj_layers: int = option(
        3, "Layers of the nonlinear projection head, 1 or more."
    )
    ft_proj_selector: int = option(
        0,
        "Layer that the supervised head reads: 0 the backbone's features, 1 "
        "the first projection layer, ..., -1 the projection.",
    )
    global_bn: bool = option(
        True, "Whether batch normalization spans all replicas."
    )
    batch_norm_decay: float = option(
        0.9, "Momentum of batch normalization's statistics, in [0, 1)."
    )


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """What is asked of the network."""

    temperature: float = option(
        0.1, "Temperature of the contrastive loss, above 0."
    )
    hidden_norm: bool = option(
        True, "Whether projections are normalised to length 1."
    )
    nt_xent_tile: str = option(
        "auto",
        "Columns of the contrastive loss's logits made at a time: auto, by "
        "the size of the batch; 0, all; or 1 or more. The loss is the same.",
    )
    lineareval_while_pretraining: bool = option(
        True, "Train a linear classifier on the side while pretraining."
    )
    fine_tune_after_block: int = option(
        -1,
        "What fine-tuning leaves frozen: -1 nothing, 0 the stem, 1 to 4 the "
        "stem and so many block groups (4: train the head alone).",
    )
    teacher: str = option(
        None,
        "Teacher of distillation: a run directory or a checkpoint.",
        kind=str,
    )
    teacher_proj_selector: int = option(
        None,
        "Layer that the teacher's supervised head reads, as "
        "--ft_proj_selector; unset: what the teacher's source tells, else 0.",
        kind=int,
    )
    distill_temperature: float = option(
        1.0, "Softens teacher and student, above 0; paper: 0.1 or 1."
    )
    distill_alpha: float = option(
        1.0,
        "Weight of the distillation loss against the labels' loss, in [0, 1].",
    )


@dataclasses.dataclass(frozen=True)
class OptimizationConfig:
    """How the network gets there."""

    optimizer: str = option(
        "lars",
        "Optimizer; momentum is Nesterov's.",
        ("lars", "momentum", "adam", "lamb"),
    )
    learning_rate: float = option(
        0.3, "Learning rate before scaling by the batch size, 0 or more."
    )
    learning_rate_scaling: str = option(
        "linear",
        "Scaling: linear is times batch/256, sqrt is times sqrt(batch).",
        ("linear", "sqrt"),
    )
    warmup_epochs: float = option(
        10.0, "Epochs over which the learning rate rises from 0."
    )
    weight_decay: float = option(1e-4, "Weight decay, 0 or more.")
    momentum: float = option(0.9, "Momentum of LARS and SGD, in [0, 1).")
    train_batch_size: int = option(512, "Images in a step, over all replicas.")
    train_epochs: int = option(100, "Epochs to train for.")
    train_steps: int = option(0, "Steps to train for; 0: --train_epochs.")


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """How views are made."""

    color_jitter_strength: float = option(
        1.0, "Strength of the colour distortion, 0 or more; 0.5 for CIFAR."
    )
    color_jitter_impl: str = option(
        "simclrv2",
        "Brightness: simclrv2 multiplies, simclrv1 adds.",
        ("simclrv2", "simclrv1"),
    )
    use_blur: bool = option(
        True, "Whether pretraining blurs every second image."
    )
    per_image_blur: bool = option(
        False, "A blur width for each image and not for each batch."
    )


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """How a network is judged."""

    eval_batch_size: int = option(256, "Images in a step of evaluation.")
    eval_steps: int = option(0, "Steps of evaluation; 0: all examples.")
    eval_name: str = option(
        None,
        "Suffix of the result files and of the event directory.",
        kind=str,
    )
    eval_timeout: float = option(
        0.0,
        "With --mode=eval: seconds to wait for the next checkpoint of a run "
        "that is still training, until that of its last step; 0 evaluates "
        "the newest and stops.",
    )
    knn_k: int = option(
        0,
        "Neighbours that vote in the nearest-neighbour evaluation, among the "
        "training images whose labels are used; 0: no such evaluation.",
    )
    knn_temperature: float = option(
        0.1, "Temperature of the neighbours' votes, above 0."
    )


@dataclasses.dataclass(frozen=True)
class ApplicationConfig:
    """What a network makes of a data set: embeddings, predictions."""

    split: str = option(
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
    embed_output: str = option(
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
        4096, "Images in a shard, which is redone if stopped, 1 or more."
    )
    predict_output: str = option(
        None,
        "CSV file of predictions; unset: model_dir/predictions-STEP.csv.",
        kind=str,
    )
    predict_top_k: int = option(
        5, "Classes that are named for each image, 1 or more."
    )


@dataclasses.dataclass(frozen=True)
class HardwareConfig:
    """What it runs on."""

    strategy: str = option(
        "auto",
        "Devices: auto looks for a TPU, several GPUs or TF_CONFIG.",
        STRATEGIES,
    )
    use_tpu: bool = option(
        None, "Whether to use a TPU; unset: look for one.", kind=bool
    )
    tpu_name: str = option(None, "Name or address of the TPU.", kind=str)
    tpu_zone: str = option(None, "Zone of the TPU.", kind=str)
    gcp_project: str = option(None, "Project of the TPU.", kind=str)
    master: str = option(
        None, "Address of the TPU, for the same use as --tpu_name.", kind=str
    )
    deterministic: bool = option(
        None,
        "Whether every repetition gives the same bits; unset: on the CPU, "
        "which costs nothing there. GPUs are slower for it.",
        kind=bool,
    )
    mixed_precision: str = option(
        "float32",
        "Arithmetic of the layers; losses and statistics stay float32.",
        ("float32", "bfloat16", "float16"),
    )
    remat: bool = option(
        False,
        "Keep only the outputs of block groups for the backward pass and make "
        "the rest again: less memory, about a third more time.",
    )
    gradient_cache_microbatch: int = option(
        0,
        "Pretraining embeds so many images of a device's share at a time, "
        "which must divide it, and still gets the gradient of the whole "
        "batch; batch normalization takes its moments from each such part. "
        "0: all at once.",
    )


@dataclasses.dataclass(frozen=True)
class Config(
    HardwareConfig,
    ApplicationConfig,
    EvaluationConfig,
    AugmentationConfig,
    OptimizationConfig,
    ObjectiveConfig,
    NetworkConfig,
    DataConfig,
    RunConfig,
):
    """All choices of a run.

    Attributes:
      given: Names of the fields that the caller gave. The others have their
        defaults, in place of which a checkpoint may say what it is.

    Raises:
      ValueError: If a value is outside its range, or two do not go together.

    Example:
      >>> Config(train_mode="finetune", resnet_depth=18).resnet_depth
      18
    """

    def __new__(cls, **fields):
        self = super().__new__(cls)
        object.__setattr__(self, "given", frozenset(fields))
        return self

    def __post_init__(self):
        _settle_types(self)
        for rule in _RULES:
            rule(self)


def groups():
    """The config classes in the order of `--help`, with their titles."""
    return list(reversed(Config.__bases__))


# The type of a field: what is taken for it, and its words.
_TYPES = {
    bool: (bool, "True or False"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a finite number"),
    str: ((str, os.PathLike), "text"),
}


def _settle_types(config):
    """Gives every field its type: flags have theirs, Python callers may not."""
    tile = config.nt_xent_tile
    if isinstance(tile, numbers.Integral) and not isinstance(tile, bool):
        object.__setattr__(config, "nt_xent_tile", str(tile))
    for field in dataclasses.fields(config):
        value = _settled(field, getattr(config, field.name))
        object.__setattr__(config, field.name, value)
    width = config.width_multiplier
    if width.is_integer():  # users write 2, and 2 is in the names of networks
        object.__setattr__(config, "width_multiplier", int(width))


def _settled(field, value):
    if value is None and field.default is None:
        return None
    kind = field.metadata["kind"]
    taken, words = _TYPES[kind]
    fits = isinstance(value, taken) and isinstance(value, bool) == (
        kind is bool
    )
    if not fits or (kind is float and not math.isfinite(value)):
        raise ValueError(
            f"`{field.name}` must be {words}. Received: {field.name}={value!r}"
        )
    return os.fspath(value) if kind is str else kind(value)


def _check_choices(config):
    for field in dataclasses.fields(config):
        choices = field.metadata["choices"]
        value = getattr(config, field.name)
        if choices and value not in choices:
            raise ValueError(
                f"`{field.name}` must be one of {list(choices)}. "
                f"Received: {field.name}={value!r}"
            )


# field: (holds, words of what is expected)
_RANGES = {
    "seed": (lambda v: 0 <= v < 2**31, "from 0 to 2**31 - 1"),
    "label_seed": (lambda v: 0 <= v < 2**31, "from 0 to 2**31 - 1"),
    "checkpoint_epochs": (lambda v: v >= 1, "at least 1"),
    "checkpoint_steps": (lambda v: v >= 0, "0 or more"),
    "keep_checkpoint_max": (lambda v: v >= 1, "at least 1"),
    "keep_hub_module_max": (lambda v: v >= 1, "at least 1"),
    "preemption_exit_code": (lambda v: 1 <= v <= 255, "from 1 to 255"),
    "max_bad_steps": (lambda v: v >= 1, "at least 1"),
    "export_top_k": (lambda v: v >= 1, "at least 1"),
    "max_image_pixels": (
        lambda v: 1 <= v <= 178_956_970,
        "from 1 to 178956970, more than which no decoder takes",
    ),
    "max_image_bytes": (lambda v: 1 <= v < 2**31, "from 1 to 2**31 - 1"),
    "train_summary_steps": (lambda v: v >= 0, "0 or more"),
    "shuffle_buffer": (lambda v: v >= 0, "0 or more"),
    "max_corrupt_fraction": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "label_fraction": (lambda v: 0 < v <= 1, "in (0, 1]"),
    "labels_per_class": (lambda v: v >= 0, "0 or more"),
    "width_multiplier": (
        lambda v: v > 0 and 32 * v == int(32 * v),
        "a positive multiple of 1/32, such as 0.25, 1 or 2",
    ),
    "sk_ratio": (lambda v: 0 <= v <= 1, "in [0, 1]"),
    "se_ratio": (lambda v: 0 <= v <= 1, "in [0, 1]"),
    "image_size": (lambda v: v >= 8, "at least 8 pixels"),
    "channels": (lambda v: v >= 1, "at least 1"),
    "proj_out_dim": (lambda v: v >= 1, "at least 1"),
    "num_proj_layers": (lambda v: v >= 1, "at least 1"),
    "batch_norm_decay": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "temperature": (lambda v: v > 0, "above 0"),
    "nt_xent_tile": (
        lambda v: v == "auto" or (v.isascii() and v.isdigit()),
        "auto, 0, or a number of columns",
    ),
    "fine_tune_after_block": (lambda v: -1 <= v <= 4, "from -1 to 4"),
    "distill_temperature": (lambda v: v > 0, "above 0"),
    "distill_alpha": (lambda v: 0 <= v <= 1, "in [0, 1]"),
    "learning_rate": (lambda v: v >= 0, "0 or more"),
    "warmup_epochs": (lambda v: v >= 0, "0 or more"),
    "weight_decay": (lambda v: v >= 0, "0 or more"),
    "momentum": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "train_batch_size": (lambda v: v >= 1, "at least 1"),
    "train_epochs": (lambda v: v >= 1, "at least 1"),
    "train_steps": (lambda v: v >= 0, "0 or more"),
    "color_jitter_strength": (lambda v: v >= 0, "0 or more"),
    "eval_batch_size": (lambda v: v >= 1, "at least 1"),
    "eval_steps": (lambda v: v >= 0, "0 or more"),
    "eval_timeout": (lambda v: v >= 0, "0 or more seconds"),
    "knn_k": (lambda v: v >= 0, "0 or more"),
    "knn_temperature": (lambda v: v > 0, "above 0"),
    "gradient_cache_microbatch": (lambda v: v >= 0, "0 or more images"),
    "embed_shard_size": (lambda v: v >= 1, "at least 1"),
    "predict_top_k": (lambda v: v >= 1, "at least 1"),
}


def _check_ranges(config):
    for name, (holds, words) in _RANGES.items():
        value = getattr(config, name)
        if not holds(value):
            raise ValueError(
                f"`{name}` must be {words}. Received: {name}={value}"
            )


def time_limit_seconds(config):
    """The time limit in seconds, 0 for none."""
    if config.time_limit is None:
        return 0
    hours, minutes = config.time_limit.split(":")
    return 3600 * int(hours) + 60 * int(minutes)


def _check_time_limit(config):
    limit = config.time_limit
    if limit is None:
        return
    fits = re.fullmatch(r"[0-9]{1,4}:[0-5][0-9]", limit)
    if not fits or not time_limit_seconds(config):
        raise ValueError(
            "`time_limit` must be hours and minutes, HH:MM, and not 00:00. "
            f"Received: time_limit={limit!r}"
        )


def _check_labels(config):
    if config.label_fraction < 1 and config.labels_per_class:
        raise ValueError(
            "Give `label_fraction` or `labels_per_class`, not both. Received: "
            f"label_fraction={config.label_fraction}, "
            f"labels_per_class={config.labels_per_class}"
        )


def _check_freezing(config):
    stages = {"pretrain": "pretraining", "distill": "distillation"}
    stage = stages.get(config.train_mode)
    if config.fine_tune_after_block > -1 and stage:
        raise ValueError(
            "`fine_tune_after_block` freezes blocks in fine-tuning and has no "
            f"meaning in {stage}: leave it at -1 or give "
            "train_mode='finetune'. Received: fine_tune_after_block="
            f"{config.fine_tune_after_block}"
        )


def _check_gradient_cache(config):
    if config.gradient_cache_microbatch and config.train_mode != "pretrain":
        raise ValueError(
            "`gradient_cache_microbatch` is for the contrastive loss and has "
            f"no meaning with train_mode={config.train_mode!r}: leave it at "
            "0. Received: gradient_cache_microbatch="
            f"{config.gradient_cache_microbatch}"
        )


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


def _check_teacher(config):
    distils = config.train_mode == "distill" and "train" in config.mode
    if distils and not config.teacher:
        raise ValueError(
            "Distillation needs a teacher: give `teacher` a run directory or "
            "a checkpoint. Received: teacher=None"
        )


_RULES = (
    _check_choices,
    _check_ranges,
    _check_time_limit,
    _check_labels,
    _check_freezing,
    _check_gradient_cache,
    _check_schema,
    _check_devices,
    _check_selector,
    _check_teacher,
)
