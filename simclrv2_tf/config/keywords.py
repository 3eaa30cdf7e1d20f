"""The options of `Config` as keywords, for editors and mypy.

Made from the options by `python tools/write_keywords.py`; a test keeps it so.
"""

import os
from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict


class Options(TypedDict, total=False):
    """Fields of `Config`; each says what it takes."""

    mode: Literal[
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
    ]
    """What to do: train, evaluate a run, both in turn, export a model, or
    write embeddings or predictions of a data set, judge features by
    probes, say which images to label next, which are near-duplicates,
    outliers or doubtfully labelled (curate), print the status of the run
    in model_dir, write a page about it (report.html), publish its
    network with a model card, or recommend settings for a data set."""

    train_mode: Literal["pretrain", "finetune", "distill", "semi_supervised"]
    """Stage: contrastive pretraining, supervised fine-tuning or
    distillation; semi_supervised: all three as one job."""

    dataset_summary: bool
    """Instead of anything else say what the data set holds: classes, sizes,
    formats, corrupt and repeated images; with a contact sheet."""

    seed: int
    """Start of everything random, 0 to 2**31 - 1."""

    checkpoint: str | os.PathLike[str] | None
    """Weights to start from: a run directory or a checkpoint of any kind.
    Unused once model_dir holds a checkpoint."""

    checkpoint_ema: bool
    """Load the momentum weights (ema_model/...) of --checkpoint in place of
    the trained ones."""

    checkpoint_ignore: str | os.PathLike[str] | None
    """Regular expression; tensors of a PyTorch file or of a TF1 checkpoint
    as --checkpoint that it matches from the start are passed over."""

    variable_schema: str | os.PathLike[str]
    """Regular expression; variables of --checkpoint whose TF1 name it does
    not match are left as they were initialised."""

    zero_init_logits_layer: bool
    """Start the supervised head from zero after --checkpoint."""

    linear_probe_init: bool
    """Start fine-tuning with a supervised head that a logistic regression
    fits to the features of --checkpoint."""

    checkpoint_epochs: int
    """Epochs from one checkpoint to the next, 1 or more."""

    checkpoint_steps: int
    """Steps from one checkpoint to the next; 0: --checkpoint_epochs."""

    keep_checkpoint_max: int
    """Checkpoints that are kept, 1 or more."""

    keep_hub_module_max: int
    """Exported models that are kept, 1 or more."""

    export_dir: str | os.PathLike[str] | None
    """Directory of exported models; unset: model_dir/saved_model."""

    export_formats: str | os.PathLike[str] | None
    """Formats to export beside SavedModel and .keras, with commas: onnx,
    litert, litert_int8, onnx_int8."""

    export_calibration_images: int
    """Images of training that int8 formats are calibrated on, 1 or more."""

    export_benchmark: bool
    """Time each exported format at batch 1 and 32: a table of milliseconds
    and sizes, and benchmark.json beside the files."""

    export_top_k: int
    """Classes that an exported model's answer names, 1 or more."""

    export_ema: bool
    """Export a run's averaged weights (ema_model/...), see
    --memory_momentum."""

    max_image_pixels: int
    """Pixels of an image (height times width) that an exported model takes,
    1 to 178956970; larger ones are refused undecoded."""

    max_image_bytes: int
    """Bytes of an encoded image that an exported model takes, 1 or more."""

    train_summary_steps: int
    """Steps from one line of metrics to the next; 0: each checkpoint."""

    logger: str | os.PathLike[str]
    """Who gets the metrics of training, with commas: tensorboard, csv
    (metrics.csv), wandb, mlflow."""

    verbosity: int
    """What the command tells beside results, -1 to 1: warnings alone, the
    course of the work too, or what TensorFlow says too."""

    time_limit: str | os.PathLike[str] | None
    """Time that a queue grants, HH:MM; the run stops before it is over,
    with a checkpoint and --preemption_exit_code."""

    preemption_exit_code: int
    """Exit code after SIGTERM, SIGINT or the time limit, 1 to 255; the same
    command then goes on."""

    max_bad_steps: int
    """Steps in a row without finite numbers that end training, 1 or more;
    none of them is applied."""

    rollback: bool
    """After --max_bad_steps go back to the last checkpoint, and pass over
    the batches since, instead of ending."""

    image_feature: str | os.PathLike[str] | None
    """Feature, column, array or file ending that holds the images, if it
    has no usual name."""

    label_feature: str | os.PathLike[str] | None
    """Feature, column, array or file ending that holds the labels, if it
    has no usual name."""

    label_map: str | os.PathLike[str] | None
    """File that says which class each label stands for: lines label,class
    or JSON {label: class}, a class being a name or a number; an empty
    class leaves unlabelled."""

    folder_classes: Literal["top", "leaf"]
    """Which folders of folder:PATH are classes: those at the top, or (leaf)
    all that hold images, named by their paths."""

    apply_orientation: bool
    """Turn images as their EXIF tags say; a run and its exports keep to it.
    Off: the tag is left alone, as in the original release."""

    resize_shorter_side: int | None
    """Pixels that the shorter side of larger images is reduced to as they
    are decoded, bicubic with antialiasing; a run and its exports keep to
    it. Unset: views and evaluation resize without antialiasing, as in
    the original release."""

    exclude_images: str | os.PathLike[str] | None
    """Table of images that are left out of all splits, such as
    --mode=curate writes: CSV with a column file, or one name per line."""

    data_dir: str | os.PathLike[str] | None
    """Directory that holds TFDS data."""

    download: bool
    """Whether TFDS may download and prepare a missing data set."""

    train_split: str | os.PathLike[str]
    """Split to train on; TFDS slices such as train[:10%] work."""

    eval_split: str | os.PathLike[str]
    """Split to evaluate on; CIFAR-10 and digits have test."""

    holdout_fraction: float | None
    """Share of each class's labelled images that training leaves out, in
    [0, 1); --eval_split=holdout is that share. Unset: none; the job of
    three stages takes 0.2 if there is no evaluation split."""

    cache_dataset: bool
    """Decode the training images once and hold them in memory, if they fit
    in a quarter of what is free."""

    shuffle_buffer: int
    """Neighbouring examples that are shuffled among themselves, as one
    window; windows come in random order, so that files are read piece by
    piece. 0: all examples. It takes no memory, as numbers are shuffled
    and not images."""

    max_corrupt_fraction: float
    """Share of a data set's images that may be unreadable, in [0, 1); those
    are named and left out, and more stop the run. One image may always
    be unreadable, unless this is 0."""

    label_fraction: float
    """Share of each class whose labels are used, in (0, 1]."""

    labels_per_class: int
    """Examples of each class whose labels are used; 0: all."""

    label_seed: int
    """Seed of the choice of labels, the same in every stage."""

    backbone: str | os.PathLike[str] | object | None
    """Any Keras network in place of the ResNet: keras:NAME or
    keras:NAME(argument=value, ...) of keras.applications,
    keras_hub:PRESET, or FILE.keras; see docs/keras_networks.md."""

    backbone_pixels: str | os.PathLike[str] | None
    """Pixels that --backbone takes: 0..1, 0..255, -1..1, or imagenet, less
    ImageNet's mean and over its deviation; unset: known, as it is of
    keras.applications."""

    backbone_weights: str | os.PathLike[str] | None
    """Weights that --backbone starts from: random, imagenet (Keras fetches
    them), or a file, .keras, .weights.h5 or .h5; unset: those of
    FILE.keras or of the preset, else random."""

    resnet_depth: Literal[18, 34, 50, 101, 152, 200]
    """Depth of the ResNet."""

    width_multiplier: float
    """Times the channels of every layer, a multiple of 1/32."""

    sk_ratio: float
    """Selective kernels if above 0; 0.0625 in the published networks."""

    se_ratio: float
    """Squeeze-and-excite if above 0."""

    image_size: int
    """Side of the images in pixels; up to 32 takes the small stem."""

    channels: int
    """Channels of the images: 3 for RGB, 1 for grey, or as many as the
    arrays have. Saturation, hue and grey are changed with 3 alone."""

    input_mean: str | os.PathLike[str] | Sequence[float] | None
    """What the network takes from each channel of images in [0, 1] first:
    numbers with commas; unset: as the weights of --checkpoint expect,
    else nothing."""

    input_std: str | os.PathLike[str] | Sequence[float] | None
    """What the network then divides each channel by; see --input_mean."""

    proj_head_mode: Literal["none", "linear", "nonlinear"]
    """Projection head."""

    proj_out_dim: int
    """Features of the projection."""

    num_proj_layers: int
    """Layers of the nonlinear projection head, 1 or more."""

    ft_proj_selector: int
    """Layer that the supervised head reads: 0 the backbone's features, 1
    the first projection layer, ..., -1 the projection."""

    global_bn: bool
    """Whether batch normalization spans all replicas."""

    batch_norm_decay: float
    """Momentum of batch normalization's statistics, in [0, 1)."""

    temperature: float
    """Temperature of the contrastive loss, above 0."""

    hidden_norm: bool
    """Whether projections are normalised to length 1."""

    nt_xent_tile: str | os.PathLike[str] | int
    """Columns of the contrastive loss's logits made at a time: auto, by the
    size of the batch; 0, all; or 1 or more. The loss is the same."""

    memory_size: int
    """Keys of earlier steps that pretraining compares with, made by a
    moving average of the network; paper: 65536. 0: the loss without
    them."""

    memory_momentum: float | None
    """Share of the old value in a moving average of the weights, in [0, 1);
    unset: 0.999 with --memory_size, else no average. Above 0 alone: an
    average for --eval_ema and --export_ema, in all stages."""

    lineareval_while_pretraining: bool
    """Train an online linear probe while pretraining."""

    fine_tune_after_block: int
    """What fine-tuning leaves frozen: -1 nothing, 0 the stem, 1 to 4 the
    stem and so many block groups (4: train the head alone)."""

    frozen_batch_norm: Literal["moving", "batch"]
    """Normalization of what is frozen: moving takes the moving statistics,
    batch those of each batch, as the original release's tf2 code does."""

    class_weights: Literal["none", "balanced"]
    """Weight of each image in fine-tuning: none, all alike; balanced,
    images / (classes * images of its class), so that classes count
    alike."""

    teacher_pixels: str | os.PathLike[str] | None
    """Pixels that Keras teachers take, as --backbone_pixels: one word for
    all, or one for each teacher, with commas."""

    student: str | os.PathLike[str] | object | None
    """Network that distillation trains, as --backbone, which it stands for;
    the other stages of a job keep theirs."""

    student_pixels: str | os.PathLike[str] | None
    """Pixels that --student takes, as --backbone_pixels."""

    student_weights: str | os.PathLike[str] | None
    """Weights that --student starts from, as --backbone_weights."""

    teacher_proj_selector: int | None
    """Layer that the teacher's supervised head reads, as
    --ft_proj_selector; unset: what the teacher's source tells, else 0."""

    distill_temperature: float
    """Softens teacher and student, above 0; paper: 0.1 or 1."""

    distill_alpha: float
    """Weight of the distillation loss against the labels' loss, in [0, 1]."""

    optimizer: Literal["lars", "momentum", "adam", "lamb"]
    """Optimizer; momentum is Nesterov's."""

    learning_rate: float
    """Learning rate before scaling by the batch size, 0 or more."""

    learning_rate_scaling: Literal["linear", "sqrt"]
    """Scaling: linear is times batch/256, sqrt is times sqrt(batch)."""

    warmup_epochs: float
    """Epochs over which the learning rate rises from 0."""

    weight_decay: float
    """Weight decay, 0 or more."""

    momentum: float
    """Momentum of LARS and SGD, in [0, 1)."""

    train_batch_size: int
    """Images in a step, over all replicas."""

    train_epochs: int
    """Epochs to train for."""

    train_steps: int
    """Steps to train for; 0: --train_epochs."""

    color_jitter_strength: float
    """Strength of the colour distortion, 0 or more; 0.5 for CIFAR."""

    color_jitter_impl: Literal["simclrv2", "simclrv1"]
    """Brightness: simclrv2 multiplies, simclrv1 adds."""

    grayscale_prob: float
    """Share of pretraining's views that turn grey, in [0, 1]; none does
    with --color_jitter_strength=0. Smaller where colour tells the
    classes apart."""

    crop_area_min: float
    """Area of the smallest crop, share of the image in (0, 1], in every
    stage. Larger for images that a small part says little of."""

    random_flip: bool
    """Whether half of the views are mirrored, in every stage. Off for
    images that a mirror makes others of: digits, letters, left hands."""

    use_blur: bool
    """Whether pretraining blurs every second image."""

    per_image_blur: bool
    """A blur width for each image and not for each batch."""

    eval_batch_size: int
    """Images in a step of evaluation."""

    eval_steps: int
    """Steps of evaluation, spread evenly over the examples; 0: all."""

    eval_name: str | os.PathLike[str] | None
    """Suffix of the result files and of the event directory."""

    eval_timeout: float
    """With --mode=eval: seconds to wait for the next checkpoint of a run
    that is still training, until that of its last step; 0 evaluates the
    newest and stops."""

    export_best: str | os.PathLike[str] | None
    """Metric by which fine-tuning and distillation evaluate each
    checkpoint; the best one is kept and exported beside the last:
    label_top_1_accuracy, label_top_5_accuracy, balanced_accuracy,
    expected_calibration_error."""

    patience: int
    """Checkpoints in a row whose evaluation, by --export_best's metric or
    else top-1 accuracy, is no better that end fine-tuning and
    distillation; 0: none."""

    best_folds: int
    """Compare the checkpoints of fine-tuning, for --export_best and
    --patience, by cross-validation: by so many runs of their own that
    leave a part of the labels out. 0: by the evaluation split."""

    calibrate: bool
    """With --mode=eval or train_then_eval: fit a temperature to half of the
    evaluation split's labels and judge it on the others; the run's
    exports and predictions then have their probabilities at it."""

    eval_ema: bool
    """Evaluate, embed and predict with a run's averaged weights
    (ema_model/...), see --memory_momentum."""

    knn_k: int
    """Neighbours that vote in the nearest-neighbour evaluation, among the
    training images whose labels are used; 0: no such evaluation."""

    knn_temperature: float
    """Temperature of the neighbours' votes, above 0."""

    probe_endpoint: str | os.PathLike[str] | Sequence[str]
    """Endpoints that are probed, with commas: the features, or proj_sel,
    proj_layer_1 and so on, proj_head_output, logits_sup."""

    label_counts: str | os.PathLike[str] | Sequence[float | str] | None
    """Labels that probes learn from, with commas: labels a class (1,2,5),
    shares of each class (0.01) and full; unset: full, all that may be
    used."""

    label_draws: int
    """Draws of each count of labels, from --label_seed on, 1 or more."""

    compare: str | os.PathLike[str] | Sequence[str] | None
    """What is probed beside, with commas: runs, exports, checkpoints,
    published names; pixels: the images themselves."""

    probe_k: str | os.PathLike[str] | Sequence[float] | None
    """Neighbours that vote, with commas; unset: 1,10,20,200, as many as
    there are labels."""

    probe_temperatures: str | os.PathLike[str] | Sequence[float]
    """Temperatures of the neighbours' votes, with commas."""

    probe_output: str | os.PathLike[str] | None
    """Directory of this machine for features, tables and figures of probes;
    unset: model_dir."""

    label_budget: int
    """Images of the training split that are chosen to be labelled next, by
    --mode=curate; 0: none."""

    duplicate_similarity: float | None
    """Similarity of two images' details, a correlation in (0, 1], from
    which they are near-duplicates; unset: found from the data."""

    curate_output: str | os.PathLike[str] | None
    """Directory of this machine for tables, page and features of
    --mode=curate; unset: model_dir/curation."""

    split: str | os.PathLike[str] | None
    """Split that --mode=embed, --mode=predict and --mode=curate go through;
    unset: all splits, one after another. --mode=eval has --eval_split."""

    embed_endpoint: str | os.PathLike[str]
    """Endpoint that --mode=embed writes: the features, or proj_sel,
    proj_head_output, logits_sup, block_group1 to block_group4."""

    embed_output: str | os.PathLike[str] | None
    """File.npz, or directory of TFRecord shards; unset:
    model_dir/embeddings-STEP. The same command goes on where it was
    stopped."""

    embed_format: Literal["npz", "tfrecord"]
    """Form of embeddings."""

    embed_shard_size: int
    """Images in a shard, which is redone if stopped, 1 or more."""

    predict_output: str | os.PathLike[str] | None
    """CSV file of predictions; unset: model_dir/predictions-STEP.csv."""

    predict_top_k: int
    """Classes that are named for each image, 1 or more."""

    license: str | os.PathLike[str] | None
    """Licence of the published weights, such as apache-2.0 or cc-by-4.0;
    unset: the model card says that it is not stated."""

    intended_use: str | os.PathLike[str] | None
    """What the published network is for, a sentence of the model card."""

    private: bool
    """Whether a repository that is made on hf:// is private."""

    strategy: Literal["auto", "one_device", "mirrored", "multi_worker", "tpu"]
    """Devices: auto looks for a TPU, several GPUs or TF_CONFIG."""

    use_tpu: bool | None
    """Whether to use a TPU; unset: look for one."""

    tpu_name: str | os.PathLike[str] | None
    """Name or address of the TPU."""

    tpu_zone: str | os.PathLike[str] | None
    """Zone of the TPU."""

    gcp_project: str | os.PathLike[str] | None
    """Project of the TPU."""

    master: str | os.PathLike[str] | None
    """Address of the TPU, for the same use as --tpu_name."""

    deterministic: bool | None
    """Whether every repetition gives the same bits; unset: on the CPU,
    which costs nothing there. GPUs are slower for it."""

    mixed_precision: Literal["float32", "bfloat16", "float16"]
    """Arithmetic of the layers; losses and statistics stay float32."""

    remat: bool
    """Keep only the outputs of block groups for the backward pass and make
    the rest again: less memory, about a third more time."""

    check_memory: bool
    """Stop before a job that is expected to take more than nine tenths of
    the free memory, and say what would help."""

    profile_steps: str | os.PathLike[str] | Sequence[int] | None
    """First and last step, with a comma, of which training writes a
    TensorBoard profile; the ten operations that take longest are
    printed."""

    gradient_cache_microbatch: int
    """Pretraining embeds so many images of a device's share at a time,
    which must divide it, and still gets the gradient of the whole batch;
    batch normalization takes its moments from each such part. 0: all at
    once."""

    time_budget: str | os.PathLike[str] | None
    """Time for the whole job, HH:MM, which its recipe is fitted to; unset:
    what the rules think the data deserve."""

    memory_budget: float
    """Memory for the job in GB, TensorFlow and images included, which its
    recipe is fitted to; 0: what is free."""

    stage_options: str | os.PathLike[str] | None
    """Options of single stages (pretrain, finetune, distill, scratch),
    which win over the recipe: each can be given as a flag of its own,
    --pretrain.learning_rate=0.5."""
