"""Looking at data before training on it: a summary, a picture of views."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.prepare import summary
from simclrv2_tf.data.prepare.contact_sheet import write_sheet
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.unreadable import UNREADABLE
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.runs.inputs import crops_of
from simclrv2_tf.runs.inputs import make_augmentation
from simclrv2_tf.runs.inputs import open_source

SHEET = "dataset_summary.png"
SHOWN = 48  # images on the contact sheet
COLUMNS = 8
ADVICE = (
    "what suits these images: simclrv2 --train_mode=semi_supervised "
    "--mode=recommend --dataset={} --model_dir=RUN"
)
MOST_TRIED = 8  # images looked at for each one shown, where many are corrupt

_LOG = logging.getLogger("simclrv2_tf")


def summarize(config: Config) -> dict:
    """Prints what the data set of a config holds; writes a contact sheet.

    The sheet goes to `model_dir`, or to the current directory without one. It
    is left out, with a warning, where it would become one of the images.

    Args:
      config: A `Config`.

    Returns:
      Dictionary of `summary.summarize`, and the sheet's path as "sheet" if
      one was written.
    """
    splits: dict[str, tuple[Source, list[summary.Look]]] = {}
    options = {
        config.eval_split: "eval_split",
        config.train_split: "train_split",
    }
    for split in dict.fromkeys((config.train_split, config.eval_split)):
        source = _opened(config, split, options[split], needed=not splits)
        if source is not None:
            splits[split] = source, summary.examine(source)
    totals = summary.summarize(splits)
    print(f"data set {config.dataset}")
    print("\n".join(summary.lines(totals)))
    source, looks = next(iter(splits.values()))
    good = [i for i, look in enumerate(looks) if look.error is None]
    if good and _lies_outside(config):
        totals["sheet"] = _sheet_of(config, source, good)
        print(f"contact sheet: {totals['sheet']}", flush=True)
    print(ADVICE.format(config.dataset), flush=True)
    return totals


def _opened(config, split, option, needed):
    try:
        return open_source(config, split, option)
    except NoSplitError as error:
        if needed:
            raise
        _LOG.info("%s", error)
        return None


def _lies_outside(config):
    """Whether the sheet's directory is not among the images."""
    directory = config.model_dir or os.curdir
    images = surrounding_folder(config.dataset, directory)
    if images:
        _LOG.warning(
            "no contact sheet is written: in %r it would be taken for one of "
            "the images of %r; give --model_dir, a directory outside of them",
            directory,
            images,
        )
    return not images


def _sheet_of(config, source, good):
    """Writes the contact sheet of images spread over the classes."""
    order = np.argsort(source.labels[good], kind="stable")
    few = min(SHOWN, len(good))
    picked = np.array(good)[order][
        np.linspace(0, len(good) - 1, few, dtype=int)
    ]
    read = source.reader()
    shown = [n for n in picked if _read_or_name(read, source, n) is not None]
    captions = source.class_names and [source.class_of(n) for n in shown]
    directory = config.model_dir or os.curdir
    path = os.path.join(directory, SHEET)
    images = ImagesInTurn(read, shown)
    with file_errors(path, "written"):
        tf.io.gfile.makedirs(directory)
        write_sheet(path, images, COLUMNS, captions)
    return path


class ImagesInTurn:
    """A list of images that are read when they are asked for, and not kept.

    A photograph of 12 megapixels takes 144 MB. Each image is float32 (height,
    width, channels) in [0, 1].

    Args:
      read: What `Source.reader` gives.
      numbers: Places of examples.
    """

    def __init__(self, read: Callable, numbers: Sequence[int]):
        self._read = read
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> np.ndarray:
        number = tf.constant(self._numbers[place], tf.int64)
        return self._read(number)[0].numpy()


def preview(config: Config, path: str, images: int = 6, views: int = 6) -> None:
    """Writes a picture: each row an image, then views of it as trained on.

    Args:
      config: A `Config`; its stage, image size and augmentation are used.
      path: Of the PNG.
      images: Rows.
      views: Views of each image.

    Raises:
      ValueError: If there are no images.
    """
    rows = rows_of_views(config, open_source(config), images, views)
    with file_errors(path, "written"):
        write_sheet(path, sum(rows, []), views + 1)


def rows_of_views(
    config: Config, source: Source, images: int, views: int
) -> list[list[np.ndarray]]:
    """Some images, each with views of it as they are trained on; see `preview`.

    Returns:
      A list for each image: itself and its views, float (height, width,
      channels) in [0, 1].
    """
    source = source.with_channels(config.channels)
    picked = _readable(source, images, config.seed)
    batch = _views(config, source, picked, views)
    read = source.reader()
    return [
        [read(index)[0].numpy(), *batch[row * views : (row + 1) * views]]
        for row, index in enumerate(picked)
    ]


def _readable(source, wanted, seed):
    """Numbers of some images that can be read, chosen by the seed."""
    order = np.random.Generator(np.random.PCG64(seed))
    read, picked = source.reader(), []
    for index in order.permutation(source.num_examples)[: MOST_TRIED * wanted]:
        if _read_or_name(read, source, index) is not None:
            picked.append(int(index))
        if len(picked) == wanted:
            break
    if not picked:
        raise ValueError(f"No image of {source.name} can be read.")
    return picked


def _read_or_name(read, source, index):
    """One example; None if it cannot be read, which the log says in a line."""
    try:
        return read(index)
    except UNREADABLE as error:
        reason = first_line(error)
        _LOG.warning("%s cannot be read: %s", source.where(index), reason)
        return None


def _views(config, source, picked, views):
    """Views of the images in turn, (images * views, size, size, channels)."""
    chosen = source.subset(np.repeat(picked, views))
    places = np.arange(chosen.num_examples, dtype=np.int32)
    numbered = dataclasses.replace(chosen, labels=places, class_names=None)
    dataset = pipeline.train_dataset(
        numbered,
        len(places),
        config.image_size,
        config.seed,
        views=1,
        crops=crops_of(config),
    )
    batch, numbers = next(iter(dataset))
    augment = make_augmentation(config)
    if augment is not None:
        batch = augment(batch, [config.seed, 0])
    return batch.numpy()[np.argsort(numbers)]
