"""The fields, grouped by idea: one field, one flag, one help line."""

import dataclasses

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
    input_mean: str = option(
        None,
        "What the network takes from each channel of images in [0, 1] first: "
        "numbers with commas; unset: as the weights of --checkpoint expect, "
        "else nothing.",
        kind=str,
    )
    input_std: str = option(
        None,
        "What the network then divides each channel by; see --input_mean.",
        kind=str,
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
    check_memory: bool = option(
        True,
        "Stop before a job that is expected to take more than nine tenths of "
        "the free memory, and say what would help.",
    )
    gradient_cache_microbatch: int = option(
        0,
        "Pretraining embeds so many images of a device's share at a time, "
        "which must divide it, and still gets the gradient of the whole "
        "batch; batch normalization takes its moments from each such part. "
        "0: all at once.",
    )
