"""Runs a session with the arguments of a Python function."""

from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias
from typing import cast

import keras
import tensorflow as tf

from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.files import keras_files
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.run_files import ENVIRONMENT

# How a data set is opened that has a name.
_OF_NAMES = (
    "data_dir",
    "download",
    "exclude_images",
    "folder_classes",
    "image_feature",
    "label_feature",
    "label_map",
    "split",
    "train_split",
)
Data: TypeAlias = "str | os.PathLike[str] | tf.data.Dataset | Source"
Path: TypeAlias = str | os.PathLike[str]


def call(
    train_mode: str | None,
    dataset: Data | None,
    model_dir: Path | None,
    options: Mapping[str, Any],
    eval_dataset: Data | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, Any]:
    """Runs what the arguments of a function of `api` ask for.

    Args:
      train_mode: As the option; None where nothing is trained.
      dataset: A name, a `tf.data.Dataset` or a `Source`; None for the run's
        own data.
      model_dir: Directory of the run; None for none.
      options: Fields of `Config`; of a network also a `keras.Model`.
      eval_dataset: See `pretrain`.
      callbacks: See there.

    Raises:
      ValueError: If they do not go together.
    """
    directory = None if model_dir is None else os.fspath(model_dir)
    options = session.as_begun(options, directory)
    options = dict(keras_files.in_files(options, directory))
    if directory is not None:
        options["model_dir"] = directory
    if train_mode:
        options["train_mode"] = train_mode
    job = options.get("train_mode") == "semi_supervised"
    source = _as_source(dataset, job or _draws(options))
    eval_source = _as_source(eval_dataset, job)
    if source is None and dataset is not None:
        options["dataset"] = dataset
    if eval_source is None and eval_dataset is not None:
        eval_source = os.fspath(cast(Path, eval_dataset))  # opened by its name
    config = Config(**options)
    if source is not None:
        _check_of_names(options)
        source, eval_source = _divided(config, source, eval_source)
        _check_evaluation(config, eval_source)
    return session.run(config, source, eval_source, callbacks=callbacks)


def _divided(config, source, eval_source):
    """What a run trains on, and evaluates on; a job divides by itself."""
    share = config.holdout_fraction
    if not share or not _is_single_run(config):
        return source, eval_source
    rest, aside = holdout.divide(source, share)
    if not aside.num_examples or _began_whole(config, source):
        return source, eval_source  # nothing has a label, or goes on as it was
    if eval_source is None and _evaluating(config):
        eval_source = aside
    return rest, eval_source


def _began_whole(config, source):
    """Whether a run goes on that an earlier version set nothing aside for."""
    if not config.model_dir:
        return False
    path = os.path.join(config.model_dir, ENVIRONMENT)
    data = read_dictionary(path).get("data", {})
    return data.get("examples") == source.num_examples


def _is_single_run(config):
    trains = config.mode in session.TRAINING
    return trains and config.train_mode != "semi_supervised"


def _check_evaluation(config, eval_source):
    """Raises a ValueError where training has nothing to evaluate on."""
    evaluating = _evaluating(config)
    if evaluating and eval_source is None:
        raise ValueError(
            "`eval_dataset` must be given where `dataset` has no name, or "
            f"`holdout_fraction`. Received: {evaluating}, eval_dataset=None"
        )


def _check_of_names(options):
    """Raises a ValueError for what is done when a named data set is opened."""
    named = [name for name in _OF_NAMES if options.get(name)]
    if named:
        raise ValueError(
            f"`{named[0]}` is for a data set that is given by its name, and "
            "`dataset` has none: do that to the images before they are given. "
            f"Received: {named[0]}={options[named[0]]!r}"
        )


def _evaluating(config):
    """The option that has training evaluate, None if there is none."""
    if config.mode == "train_then_eval":
        return "mode='train_then_eval'"
    compares = _is_single_run(config) and not config.best_folds
    options = [n for n in ("patience", "export_best") if getattr(config, n)]
    if compares and options:
        return f"{options[0]}={getattr(config, options[0])!r}"
    return None


def _draws(options):
    """Whether images are set aside, or labels chosen, by their places."""
    share = options.get("label_fraction", 1.0)
    drawing = ("holdout_fraction", "labels_per_class")
    return share != 1.0 or any(options.get(name) for name in drawing)


def _as_source(dataset, drawn):
    """A `Source` of a data set, None for a name, which `Config` takes."""
    if isinstance(dataset, tf.data.Dataset):
        return sources.from_dataset(dataset, drawn=drawn)
    if dataset is None or isinstance(dataset, (str, os.PathLike)):
        return None
    if not isinstance(dataset, Source):
        raise ValueError(
            "A data set must be a name such as 'folder:PATH', or a "
            "`tf.data.Dataset`: for arrays give tf.data.Dataset."
            "from_tensor_slices((images, labels)). Received: "
            f"{type(dataset).__name__}"
        )
    return dataset
