"""The stages as Python functions: the same as the command, without flags."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

import keras

from simclrv2_tf.inference import embedding_files
from simclrv2_tf.python_calls import Data
from simclrv2_tf.python_calls import Path
from simclrv2_tf.python_calls import call

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from simclrv2_tf.config.keywords import Options

Teachers: TypeAlias = "Path | keras.Model | Sequence[Path | keras.Model]"


def pretrain(
    dataset: Data,
    model_dir: Path,
    eval_dataset: Data | None = None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Pretrains a network without labels.

    Args:
      dataset: Name of a data set ("digits", "folder:PATH", a TFDS name), or a
        `tf.data.Dataset` of images or (image, label), images of one size,
        uint8 or float in [0, 1], the same in the same order at each pass:
        training shuffles by itself.
      model_dir: Directory of the run. A run found there goes on.
      eval_dataset: A data set to evaluate on with `mode="train_then_eval"`,
        `patience` or `export_best`. Else the evaluation split of a named data
        set is taken, or what `holdout_fraction` sets aside. Of one by name it
        is the split `eval_split`, or the only one there is.
      callbacks: Keras callbacks, which act after our metrics and health line
        and before the checkpoint of a step. `fit` has one epoch, from where
        the run is (`model.optimizer.iterations`); `model.stop_training` ends
        it with a checkpoint.
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
    return call(
        "pretrain", dataset, model_dir, options, eval_dataset, callbacks
    )


def finetune(
    dataset: Data,
    model_dir: Path,
    eval_dataset: Data | None = None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Trains a classifier on the labels; see `pretrain` for the arguments.

    Give `checkpoint` to start from a pretrained network.
    """
    return call(
        "finetune", dataset, model_dir, options, eval_dataset, callbacks
    )


def distill(
    dataset: Data,
    model_dir: Path,
    teacher: Teachers,
    eval_dataset: Data | None = None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Teaches a network what `teacher` says; see `pretrain`.

    `teacher` is a run directory or a checkpoint, or any Keras classifier: a
    `keras.Model`, or one as `--teacher` names it. Of several, a list, the
    mean of their softened answers is taught.
    """
    taught: dict[str, Any] = {**options, "teacher": teacher}
    return call("distill", dataset, model_dir, taught, eval_dataset, callbacks)


def evaluate(
    dataset: Data | None,
    model_dir: Path,
    train_dataset: Data | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Evaluates a run's newest checkpoint on the evaluation split.

    Args:
      dataset: See `pretrain`; a `tf.data.Dataset` is evaluated on as it is.
        None for the data set that the run was trained on.
      model_dir: Directory of the run.
      train_dataset: A data set of the known neighbours, for `knn_k`, where
        `dataset` is a `tf.data.Dataset`; one by name has `train_split`, and
        takes none.
      **options: Fields of `Config`.

    Returns:
      Dictionary of metrics, also written to `result.json`: numbers, whose
      names begin with "eval/", and lists under "classes" and "calibration".
    """
    options = {**options, "mode": "eval"}
    if dataset is None or isinstance(dataset, (str, os.PathLike)):
        _check_unnamed(dataset, train_dataset)
        return call(None, dataset, model_dir, options)
    if options.get("knn_k") and train_dataset is None:
        raise ValueError(
            "`train_dataset` must be given where `dataset` has no name, for "
            f"nearest neighbours. Received: knn_k={options['knn_k']}"
        )
    return call(None, train_dataset, model_dir, options, dataset)


def _check_unnamed(dataset, train_dataset):
    """Raises a ValueError for neighbours beside images that have a name."""
    if train_dataset is not None:
        shown = dataset if dataset is None else os.fspath(dataset)
        raise ValueError(
            "`train_dataset` is for a `dataset` that has no name; the known "
            "neighbours of one by name are its train_split: give that, or "
            "`dataset` as a tf.data.Dataset too. Received: "
            f"dataset={shown!r}, train_dataset={train_dataset!r:.60}"
        )


def export_model(model_dir: Path, **options: Unpack[Options]) -> str:
    """Exports a run's newest checkpoint; returns the path."""
    options = {**options, "mode": "export"}
    return call(None, None, model_dir, options)["export"]


def publish(
    model_dir: Path | None, target: Path, **options: Unpack[Options]
) -> str:
    """Writes a trained network and its model card, for others to load.

    Args:
      model_dir: Directory of a job (its best network), of a run (its newest
        checkpoint), of an export, or of what was published to a directory
        before, which is sent on as it is. None with `checkpoint`.
      target: A directory that is new or empty, "hf://USER/NAME" or
        "kaggle://OWNER/MODEL/FRAMEWORK/VARIATION".
      **options: Fields of `Config`, such as `license`, `intended_use`.

    Returns:
      The directory or the address, which `load_network` and
      `load_classifier` take.

    Raises:
      ValueError: If there is no network, the target is taken, the hub's
        package is missing, or the hub refuses.

    Example:
      >>> publish("runs/mine", "published", license="cc-by-4.0")
    """
    named: dict[str, Any] = {**options, "target": target, "mode": "publish"}
    return call(None, None, model_dir, named).get("published", "")


def embed(
    dataset: Data | None,
    model_dir: Path | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Embeds a data set with a run's newest weights, or `checkpoint`'s.

    Args:
      dataset: See `pretrain`; images need no labels. All splits of a named
        data set are taken, unless `split` says which. None for the data set
        that the run was trained on.
      model_dir: Directory of the run. Without one give `checkpoint`, and
        `embed_output`.
      **options: Fields of `Config`, such as `embed_endpoint`.

    Returns:
      Dictionary of `embeddings` float32 (examples, features); `labels` int32
      (examples,), -1 for unlabelled; `files`, names (examples,);
      `class_names` (classes,); and `path`, where it is written. What does not
      fit the memory is written by `simclrv2 --mode=embed`.

    Example:
      >>> embed("folder:photos", "runs/pretrained")["embeddings"].shape
    """
    path = _apply("embed", dataset, model_dir, options)["embeddings"]
    return {**embedding_files.read_embeddings(path), "path": path}


def predict(
    dataset: Data | None,
    model_dir: Path | None = None,
    **options: Unpack[Options],
) -> str:
    """Writes the best classes of each image; see `embed` for the arguments.

    Returns:
      Path of the CSV file, with a row for each image: its file, the name of
      its label, and the best classes and their probabilities.
    """
    return _apply("predict", dataset, model_dir, options)["predictions"]


def report(
    model_dir: Path, dataset: Data | None = None, **options: Unpack[Options]
) -> str:
    """Writes one page about a job or a run, and its pictures.

    Args:
      model_dir: Directory of the job or of the run.
      dataset: See `pretrain`; None for the data set that it was trained on.
      **options: Fields of `Config`.

    Returns:
      Path of `report.html`; the pictures are PNG files in `report/` beside it.
    """
    options = {**options, "mode": "report"}
    return call(None, dataset, model_dir, options)["report"]


def probe(
    dataset: Data | None,
    model_dir: Path | None = None,
    eval_dataset: Data | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Judges features by cheap classifiers, on few labels and on many.

    Args:
      dataset: See `pretrain`; the images whose labels are learnt from. None
        for the data set that the run was trained on.
      model_dir: Directory of the run. Without one give `checkpoint`, and
        `probe_output`.
      eval_dataset: A data set to judge on, see `pretrain`. Else the evaluation
        split of a named data set is taken, or some labelled images are set
        aside.
      **options: Fields of `Config`, such as `label_counts`, `label_draws`,
        `probe_endpoint`, `compare`.

    Returns:
      Dictionary of `probe.json`: "protocol", "curve" and "draws"; see
      `simclrv2_tf.inference.probes.probe_results`.

    Example:
      >>> probe("folder:photos", "runs/pretrained", label_counts=[1, 5],
      ...       compare="pixels")["curve"]
    """
    options = {**options, "mode": "probe"}
    return call(None, dataset, model_dir, options, eval_dataset)


def curate(
    dataset: Data | None,
    model_dir: Path | None = None,
    eval_dataset: Data | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Says what to label next, and what is wrong with a data set.

    Args:
      dataset: See `pretrain`; labelled, in part or not at all. None for the
        data set that the run was trained on.
      model_dir: Directory of the run. Without one give `checkpoint`, and
        `curate_output`.
      eval_dataset: A data set that shares no image with it, see `pretrain`;
        the other splits of a data set by name are compared too.
      **options: Fields of `Config`, such as `label_budget`.

    Returns:
      Dictionary of `curation.json`, see
      `simclrv2_tf.curation.curation_tables`.

    Raises:
      ValueError: If there is no trained network, no image to label, or fewer
        than two images.

    Example:
      >>> curate("folder:photos", "runs/pretrained", label_budget=20)["tables"]
    """
    options = {**options, "mode": "curate"}
    return call(None, dataset, model_dir, options, eval_dataset)


def semi_supervised(
    dataset: Data,
    model_dir: Path,
    eval_dataset: Data | None = None,
    *,
    pretrain: Options | None = None,
    finetune: Options | None = None,
    distill: Options | None = None,
    scratch: Options | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Pretrains, fine-tunes and distils as one job, by a recipe of its own.

    Args:
      dataset: See `pretrain`; as many labels as there are.
      model_dir: Directory of the job. A job found there goes on.
      eval_dataset: A data set to evaluate on, see `pretrain`. Else the
        evaluation split is taken, or some labelled images are set aside.
      pretrain: Options of that stage, which win over the recipe.
      finetune: The same.
      distill: The same.
      scratch: The same, of the small network trained on the labels alone.
      callbacks: Keras callbacks that take part in each of these stages, see
        `pretrain`; pilot runs have none. One that ends a stage ends the
        call: "rows" are [] then, and the same call goes on.
      **options: Fields of `Config`, for all stages; such as
        `labels_per_class`, `time_budget`.

    Returns:
      Dictionary of `report.json`: "rows", the table; "export", the path of
      the exported model; "notes".

    Example:
      >>> semi_supervised("folder:photos", "runs/mine", labels_per_class=5)
      >>> load_classifier("runs/mine").predict("cat.jpg")
    """
    stages = {"pretrain": pretrain, "finetune": finetune}
    stages |= {"distill": distill, "scratch": scratch}
    return _job(dataset, model_dir, options, eval_dataset, stages, callbacks)


def recommend(
    dataset: Data,
    model_dir: Path | None = None,
    eval_dataset: Data | None = None,
    *,
    pretrain: Options | None = None,
    finetune: Options | None = None,
    distill: Options | None = None,
    scratch: Options | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Says what `semi_supervised` would do with a data set, and why.

    Args:
      dataset: See `semi_supervised`.
      model_dir: Where flagfiles go, below `recipe/`, with which the stages can
        be run by hand. With None no flagfiles are written, as a line says.
      eval_dataset: See `semi_supervised`.
      pretrain: Options of that stage, see `semi_supervised`.
      finetune: The same.
      distill: The same.
      scratch: The same.
      **options: Fields of `Config`, such as `time_budget`.

    Returns:
      Dictionary of "options" {stage: {option: value}}, "seconds", "notes" and
      "flagfiles", the paths that were written.
    """
    options = {**options, "mode": "recommend"}
    stages = {"pretrain": pretrain, "finetune": finetune}
    stages |= {"distill": distill, "scratch": scratch}
    return _job(dataset, model_dir, options, eval_dataset, stages)


def _job(dataset, model_dir, options, eval_dataset, stages, callbacks=()):
    given = {stage: dict(own) for stage, own in stages.items() if own}
    if given:
        options = {**options, "stage_options": given}
    return call(
        "semi_supervised", dataset, model_dir, options, eval_dataset, callbacks
    )


def _apply(mode, dataset, model_dir, options):
    return call(None, dataset, model_dir, {**options, "mode": mode})
