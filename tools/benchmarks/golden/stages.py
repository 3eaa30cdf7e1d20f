"""Weights, optimizer, statistics and metrics after a few steps of each stage.

Weights are read from the checkpoint that the run leaves.
"""

from typing import Any

from tools.benchmarks.golden import digest

NETWORK: dict[str, Any] = {"resnet_depth": 18, "width_multiplier": 0.25}
DIGITS: dict[str, Any] = {
    **NETWORK,
    "image_size": 16,
    "use_blur": False,
    "train_batch_size": 64,
    "train_steps": 30,
    "checkpoint_steps": 30,
    "train_summary_steps": 10,
    "warmup_epochs": 0.5,
    "labels_per_class": 40,
    "mode": "train_then_eval",
    "eval_split": "test",
    "seed": 0,
}
PRETRAIN: dict[str, Any] = {
    "temperature": 0.2,
    "learning_rate": 1.0,
    "knn_k": 10,
}
FINETUNE: dict[str, Any] = {
    "optimizer": "momentum",
    "learning_rate": 0.05,
    "ft_proj_selector": 1,
}
DISTILL: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 0.001,
    "distill_alpha": 0.5,
}


def measure(folder, data):
    """Digests of each run; `folder` is where they live."""
    measured = {}
    for name, stage in (
        ("digits pretrain", pretrain_digits),
        ("digits finetune", finetune_digits),
        ("digits distill", distill_digits),
        ("cifar10 pretrain", pretrain_cifar10),
        ("photos pretrain, 224 px", pretrain_photos),
    ):
        print("stages:", name, flush=True)
        model_dir = folder / name.split(",")[0].replace(" ", "_")
        metrics = stage(model_dir, data)
        measured[name] = {**state(model_dir), "metrics": exact(metrics)}
    return measured


def pretrain_digits(model_dir, data):
    import simclrv2_tf

    return simclrv2_tf.pretrain("digits", model_dir, **DIGITS, **PRETRAIN)


def finetune_digits(model_dir, data):
    import simclrv2_tf

    before = model_dir.with_name("digits_pretrain")
    options = {**DIGITS, **FINETUNE, "checkpoint": str(before)}
    return simclrv2_tf.finetune("digits", model_dir, **options)


def distill_digits(model_dir, data):
    import simclrv2_tf

    teacher = model_dir.with_name("digits_finetune")
    options = {**DIGITS, **DISTILL}
    return simclrv2_tf.distill("digits", model_dir, teacher, **options)


def pretrain_cifar10(model_dir, data):
    import simclrv2_tf

    return simclrv2_tf.pretrain(
        "cifar10",
        model_dir,
        data_dir=str(data / "tfds"),
        resnet_depth=18,
        image_size=32,
        train_batch_size=64,
        train_steps=3,
        train_summary_steps=1,
        warmup_epochs=0,
        color_jitter_strength=0.5,
    )


def pretrain_photos(model_dir, data):
    import simclrv2_tf

    return simclrv2_tf.pretrain(
        f"folder:{data / 'photos'}",
        model_dir,
        **NETWORK,
        image_size=224,
        train_batch_size=8,
        train_steps=2,
        train_summary_steps=1,
        warmup_epochs=0,
    )


def state(model_dir):
    """Digests of the arrays of the newest checkpoint, by what they are."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(model_dir))
    names = sorted(reader.get_variable_to_shape_map())
    arrays = {name: reader.get_tensor(name) for name in names}
    weights = {n: a for n, a in arrays.items() if n.startswith("variables/")}
    slots = {n: a for n, a in arrays.items() if n.startswith("optimizer/")}
    moving = {n: a for n, a in weights.items() if "moving_" in n}
    return {
        "arrays": [len(weights), len(slots), len(moving)],
        "weights": digest.of_arrays(weights),
        "optimizer": digest.of_arrays(slots),
        "statistics": digest.of_arrays(moving),
    }


def exact(metrics):
    """Metrics with every bit; without the path of what was exported."""
    return {
        name: value.hex() if isinstance(value, float) else repr(value)
        for name, value in sorted(metrics.items())
        if name != "export"
    }
