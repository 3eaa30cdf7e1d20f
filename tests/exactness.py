"""Three steps of a stage under the strategy in scope, and what came of them.

Everything is made as the command makes it: network, optimizer, input and
augmentation. What comes back does not say on how many replicas it was found,
and shall not depend on that.
"""

import itertools
import pathlib
import threading

import keras
import keras_networks
import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.inference.evaluation import evaluation_report
from simclrv2_tf.inference.evaluation import metrics
from simclrv2_tf.models.features import features_of
from simclrv2_tf.runs import build
from simclrv2_tf.runs.plan import make_plan

GLOBAL_BATCH = 24  # 1, 2, 3 and 4 divide it
EXAMPLES = 50  # the last batch of an epoch, or of evaluation, is no whole one
STEPS = 3
COMMON = {
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 16,
    "temperature": 0.5,
    "train_batch_size": GLOBAL_BATCH,
    "train_steps": 10,
    "warmup_epochs": 0,
    "dataset": "digits",
}
STAGES = {
    "pretrain": {"train_mode": "pretrain"},
    "pretrain_alone": {
        "train_mode": "pretrain",
        "lineareval_while_pretraining": False,
    },
    "finetune": {"train_mode": "finetune", "ft_proj_selector": 1},
    "finetune_balanced": {
        "train_mode": "finetune",
        "class_weights": "balanced",
    },
    "distill": {
        "train_mode": "distill",
        "teacher": "given",
        "distill_alpha": 0.5,
    },
}
# Dropout draws for a replica's rows, so that these networks have none. The one
# written by hand is added in `config_of`: it cannot be described before
# TensorFlow has its devices.
WITH_KERAS = {
    "pretrain_by_hand": {"train_mode": "pretrain"},
    "finetune_by_hand": {"train_mode": "finetune"},
    "finetune_mobilenet": {
        "train_mode": "finetune",
        "backbone": keras_networks.NARROW,
        "image_size": 32,
    },
}
# On two replicas alone: one that shall be the same on any number of them, and
# two whose stochastic depth draws for each replica's rows.
HUB = {"finetune_of_hub": {"train_mode": "finetune"}}
DRAWING = {
    "pretrain_efficientnet": {
        "train_mode": "pretrain",
        "backbone": "keras:EfficientNetV2B0",
        "image_size": 32,
    },
    "finetune_convnext": {
        "train_mode": "finetune",
        "backbone": "keras:ConvNeXtTiny",
        "image_size": 32,
    },
}
# The third step has keys of the second, and writes over those of the first.
WITH_MEMORY = {
    "pretrain_memory": {
        "train_mode": "pretrain",
        "memory_size": 100,
        "memory_momentum": 0.5,
    },
}
WITH_MEMORY["pretrain_memory_tiled"] = {
    **WITH_MEMORY["pretrain_memory"],
    "nt_xent_tile": "7",
}
# Kinds of what a stage holds beside its weights.
HELD = {"ema_model": "averages", "memory": "memory", "memory_written": "count"}
RATES = {"lars": 0.3, "adam": 0.01}  # before scaling
CASES = [f"{s}/{o}" for s, o in itertools.product(STAGES, RATES)]
MEMORY = ["pretrain_memory/lars", "pretrain_memory_tiled/lars/float64"]
KERAS = [f"{stage}/lars" for stage in WITH_KERAS]
CASES += ["pretrain/lars/float64", "finetune/adam/float64", *MEMORY, *KERAS]
EVALUATION = "evaluation"
# A shift in front of normalization has no gradient: what is there is rounding,
# some 1e-8 of the whole in float32, and relative to itself anything.
SMALL = 1e-4
CHEAPEST = "pretrain_by_hand/lars"  # of those that train


def run(case):
    """What a case came to, {name: array}; or of evaluation."""
    keras.utils.set_random_seed(0)
    return run_evaluation() if case == EVALUATION else run_stage(case)


def config_of(case):
    stage_name, optimizer = case.split("/")[:2]
    every = {**STAGES, **WITH_MEMORY, **WITH_KERAS, **HUB, **DRAWING}
    stage = every[stage_name]
    if stage_name in HUB:
        stage = {**stage, **keras_networks.of_hub()}
    if stage_name.endswith("by_hand"):
        stage = {**stage, **keras_networks.by_hand(rate=0.0, side=8)}
    return Config(
        **{**COMMON, **stage},
        optimizer=optimizer,
        learning_rate=RATES[optimizer],
    )


def make_stage(config, source):
    network = build.fresh_network(config, source.num_classes)
    teacher = None
    if config.teacher:
        teacher = build.fresh_network(config, source.num_classes)
    stage = build.make_stage(config, network, teacher, source.labels)
    plan = make_plan(config, EXAMPLES, distribution.num_replicas())
    stage.compile(optimizer=build.make_optimizer(config, plan, network))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def run_stage(case):
    """Three steps; a case that ends so has its layers in float64."""
    config = config_of(case)
    source = open_source(config)
    if case.endswith("float64"):
        keras.config.set_dtype_policy("float64")
    stage = make_stage(config, source)
    keras.config.set_dtype_policy("float32")
    found = {}
    for step, outputs in enumerate(
        take_steps(stage, open_input(config, source))
    ):
        logs, gradients = outputs
        for name, value in logs.items():
            found[f"metrics/{step}/{name}"] = value
        for number, gradient in enumerate(gradients):
            found[f"gradients/{step}/{number}"] = gradient
    for name, variable in stage.named_variables().items():
        kind = HELD.get(name.split("/")[0], "weights")
        found[f"{kind}/{name}"] = the_same_of_all(variable.value)
    return found


def open_source(config):
    """Images, of which only a few have labels where labels may lack."""
    source = sources.from_dataset(
        tf.data.Dataset.from_tensor_slices(colour_fields())
    )
    if config.class_weights == "balanced":  # some classes have few images
        uneven = np.flatnonzero((source.labels < 2) | (source.labels == 4))
        uneven = np.append(uneven, [2, 3, 7])
        return source.with_labels(uneven)
    if config.train_mode == "finetune":
        return source
    return source.with_labels(np.arange(0, EXAMPLES, 3))


def colour_fields():
    """Images of four fields of random colours, and classes.

    They are unlike each other, unlike digits on black ground: where all
    embeddings point the same way, normalization makes much of rounding.
    """
    rng = np.random.default_rng(3)
    fields = rng.integers(0, 256, (EXAMPLES, 2, 2, 3), np.uint8)
    images = fields.repeat(4, axis=1).repeat(4, axis=2)
    return images, np.arange(EXAMPLES, dtype=np.int32) % 5


def open_input(config, source):
    def share(workers, worker):
        return pipeline.train_dataset(
            source,
            config.train_batch_size,
            config.image_size,
            config.seed,
            views=2 if config.train_mode == "pretrain" else 1,
            workers=workers,
            worker=worker,
        )

    return distribution.share_input(share, config.train_batch_size)


def take_steps(stage, dataset):
    """Yields metrics and gradients, summed over replicas, of each step."""
    apply, seen = stage.nonfinite.apply, threading.local()

    def note_and_apply(optimizer, gradients, *rest):
        seen.gradients = gradients  # of this replica, which is a thread
        return apply(optimizer, gradients, *rest)

    stage.nonfinite.apply = note_and_apply

    def step(data):
        logs = stage.train_step(data)
        return logs, [distribution.sum_over_replicas(g) for g in seen.gradients]

    strategy = tf.distribute.get_strategy()
    compiled = tf.function(
        lambda data: strategy.run(step, args=(data,)), autograph=False
    )
    for data, _ in zip(dataset, range(STEPS)):  # noqa: B905
        yield tf.nest.map_structure(the_same_of_all, compiled(data))


def the_same_of_all(value):
    """The value of the first local replica, which all others have too."""
    strategy = tf.distribute.get_strategy()
    parts = [v.numpy() for v in strategy.experimental_local_results(value)]
    for part in parts[1:]:
        np.testing.assert_array_equal(part, parts[0])
    return parts[0]


def run_evaluation():
    """Counts over a last batch that nothing divides, and embeddings."""
    config = Config(**COMMON)
    source = open_source(config)
    network = build.fresh_network(config, source.num_classes)
    workers, worker = distribution.worker_share()
    batches = pipeline.eval_dataset(source, 14, 8, workers, worker)
    answers = metrics.answers_of(network, batches, source.labels)
    result, _ = evaluation_report.evaluation_report(answers, source.class_names)
    counts = {k: v for k, v in result.items() if k.startswith("eval/")}
    counts["confusion"] = result["classes"]["confusion"]
    features, numbers = features_of(network, batches)
    labels = source.labels[numbers]
    return {**counts, "features": features, "labels": labels}


def write(folder, case, name, arrays):
    path = pathlib.Path(folder, case, f"{name}.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


def differences(ours, theirs):
    """How far answers are apart, relative, by kind.

    Returns:
        {kind: (of all arrays as one vector, of the worst single array)}, norm
        of the difference over norm; for metrics both are of the worst one. An
        array of less than `SMALL` of the whole counts as if it were as large.
    """
    kinds = {}
    for name in ours.keys() | theirs.keys():
        pair = np.float64(ours[name]), np.float64(theirs[name])
        kinds.setdefault(kind_of(name), []).append(pair)
    return {kind: apart(kind, pairs) for kind, pairs in sorted(kinds.items())}


def kind_of(name):
    if "moving_" in name:
        return "statistics"
    kind, *rest = name.split("/")
    return f"{kind} {int(rest[0]) + 1}" if kind == "gradients" else kind


def apart(kind, pairs):
    gaps = np.array([np.linalg.norm(a - b) for a, b in pairs])
    sizes = np.array([np.linalg.norm(b) for _, b in pairs])
    tiny = np.finfo("f").tiny
    if kind == "metrics":
        worst = np.max(gaps / np.maximum(sizes, tiny))
        return worst, worst
    whole = max(np.linalg.norm(sizes), tiny)
    worst = np.max(gaps / np.maximum(sizes, SMALL * whole))
    return np.linalg.norm(gaps) / whole, worst
