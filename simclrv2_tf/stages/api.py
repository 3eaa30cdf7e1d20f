"""The stages as Python functions: the same as the command, without flags."""

import os

import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.stages import session


def pretrain(dataset, model_dir, **options):
    """Pretrains a network without labels.

    Args:
      dataset: Name of a data set ("digits", "folder:PATH", a TFDS name), or a
        `tf.data.Dataset` of images or (image, label), images of one size,
        uint8 or float in [0, 1].
      model_dir: Directory of the run. A run found there goes on.
      **options: Fields of `Config`.

    Returns:
      Dictionary of the last metrics, and the exported model's path as
      "export"; `load_network(model_dir)` gives the network.

    Raises:
      ValueError: If data and options do not go together.

    Example:
      >>> pretrain("digits", "runs/digits", resnet_depth=18, image_size=16,
      ...          train_batch_size=256, train_epochs=20)
    """
    return _run("pretrain", dataset, model_dir, options)


def finetune(dataset, model_dir, **options):
    """Trains a classifier on the labels; see `pretrain` for the arguments.

    Give `checkpoint` to start from a pretrained network.
    """
    return _run("finetune", dataset, model_dir, options)


def distill(dataset, model_dir, teacher, **options):
    """Teaches a network what `teacher` says; see `pretrain`.

    `teacher` is a run directory or a checkpoint.
    """
    options = {**options, "teacher": os.fspath(teacher)}
    return _run("distill", dataset, model_dir, options)


def evaluate(dataset, model_dir, **options):
    """Evaluates a run's newest checkpoint on the evaluation split.

    A `tf.data.Dataset` is evaluated on as it is.

    Returns:
      Dictionary of metrics, also written to `result.json`.
    """
    return _run(None, dataset, model_dir, {**options, "mode": "eval"})


def export_model(model_dir, **options):
    """Exports a run's newest checkpoint; returns the path."""
    options = {**options, "mode": "export"}
    return _run(None, None, model_dir, options)["export"]


def _run(train_mode, dataset, model_dir, options):
    options = {**options, "model_dir": os.fspath(model_dir)}
    if train_mode:
        options["train_mode"] = train_mode
    source = None
    if isinstance(dataset, Source):
        source = dataset
    elif isinstance(dataset, tf.data.Dataset):
        source = sources.from_dataset(dataset)
    elif dataset is not None:
        options["dataset"] = dataset
    config = Config(**options)
    if config.mode == "eval" and source is not None:
        return session.run(config, eval_source=source)
    return session.run(config, source)
