"""The images of a report: which they are, and how they look when small."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.data.example_names import are_files
from simclrv2_tf.data.prepare.contact_sheet import to_rgb
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs.own_data import with_own_data
from simclrv2_tf.runs.start.decoding_choice import agree
from simclrv2_tf.runs.start.decoding_choice import resolve_decoding

SIDE = 96  # pixels of a thumbnail's longer side
SMALL = 48  # up to here pixels are shown as they are
_SPLITS = ("train_split", "eval_split", "holdout_fraction")
_QUALITY = 82  # of JPEG


@dataclasses.dataclass(frozen=True)
class Images:
    """The data of a run.

    Attributes:
      config: The `Config` that opens them.
      train: `Source` that was trained on.
      evaluation: `Source` with labels to evaluate on; None for none.
    """

    config: Config
    train: Source
    evaluation: Source | None


def open_images(
    config: Config,
    flags: dict,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> Images:
    """Opens what a run was trained and evaluated on.

    Args:
      config: A `Config` whose `model_dir` is the run's.
      flags: The run's `flags.json`.
      source: A `Source` to train on, in place of the run's own.
      eval_source: The same to evaluate on.

    Raises:
      ValueError: If they cannot be opened.
    """
    config = dataclasses.replace(config, mode="eval")  # its rules for holdouts
    if source is None:
        config = _with_own_splits(with_own_data(config), flags)
        recorded_data.warn_if_changed(config)
    config = resolve_decoding(config)
    config, (source, eval_source) = agree(config, source, eval_source)
    if source is None:
        source = inputs.open_source(config)
        eval_source = eval_source or _evaluation(config)
    elif eval_source is None and flags.get("holdout_fraction"):
        share = flags["holdout_fraction"]
        source, eval_source = holdout.divide(source, share)
    labelled = eval_source is not None and (eval_source.labels >= 0).any()
    return Images(config, source, eval_source if labelled else None)


def _with_own_splits(config, flags):
    """The splits of the run, also where its data set is named once more."""
    if flags.get("dataset") != config.dataset:
        return config
    names = [n for n in _SPLITS if n in flags and n not in config.given]
    return dataclasses.replace(config, **{n: flags[n] for n in names})


def _evaluation(config):
    try:
        return inputs.open_evaluation(config)
    except NoSplitError:
        return None


def spread(count: int, most: int) -> np.ndarray:
    """At most so many numbers below `count`, at equal distances."""
    if count <= most:
        return np.arange(count)
    return np.arange(most) * count // most


def over_classes(labels: np.ndarray, most: int) -> np.ndarray:
    """Places of examples, spread over the classes and over each of them."""
    order = np.argsort(labels, kind="stable")
    return order[spread(len(order), most)]


class Thumbnails:
    """Small pictures of a source's images, each read once.

    Args:
      source: A `Source`.
      names: What its examples are called; None for their folders and files,
        or their numbers in the data set.
    """

    def __init__(self, source: Source, names: Sequence[str] | None = None):
        self.source = source
        self._names = names
        self._read = source.reader()
        self.pixels = functools.lru_cache(None)(self._pixels)

    def _pixels(self, number: int) -> np.ndarray | None:
        """uint8 (height, width, 3); None if the image cannot be read."""
        try:
            image = self._read(tf.constant(number, tf.int64))[0].numpy()
        except (tf.errors.OpError, OSError, ValueError):
            return None
        return np.asarray(_fitted(to_rgb(image)))

    def tile(self, number: int, caption: str = "", odd: bool = False) -> dict:
        """An image for the page, {} if it cannot be read.

        Args:
          number: Of the example.
          caption: What stands below it.
          odd: Whether that is to stand out.
        """
        pixels = self.pixels(int(number))
        if pixels is None:
            return {}
        name = self.name(number)
        return {**tile(pixels), "name": name, "caption": caption, "odd": odd}

    def name(self, place: int) -> str:
        """What the image is called, see above."""
        if self._names is not None:
            return self._names[place]
        if are_files(self.source):
            return folder_and_file(self.source.where(place))
        numbers = self.source.numbers
        return f"#{place if numbers is None else numbers[place]}"


def folder_and_file(path: str) -> str:
    """The end of a path, by which a person knows the image."""
    return "/".join(path.split(os.sep)[-2:])


def tile(pixels: np.ndarray) -> dict:
    """Pixels, uint8 or float in [0, 1], as a picture that a page holds."""
    from PIL import Image

    if pixels.dtype != np.uint8:
        pixels = np.asarray(_fitted(to_rgb(pixels)))
    image, file = Image.fromarray(pixels), io.BytesIO()
    few = max(image.size) <= SMALL
    kind = "PNG" if few else "JPEG"
    image.save(file, kind, **({} if few else {"quality": _QUALITY}))
    source = data_uri(file.getvalue(), kind.lower())
    return {"src": source, "few": few, "name": "", "caption": "", "odd": False}


def _fitted(pixels):
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def data_uri(data: bytes, kind: str = "png") -> str:
    """A picture as text that stands in a page."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
