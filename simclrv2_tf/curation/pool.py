"""The images that are looked at: all splits, their labels and their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.curation.opened_splits import open_splits
from simclrv2_tf.curation.own_files import own_files
from simclrv2_tf.data import holdout
from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.data.label_checks import check_named
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import concat
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import VALIDATION
from simclrv2_tf.data.splits import parse_split
from simclrv2_tf.runs import inputs


@dataclasses.dataclass(frozen=True)
class Pool:
    """Images of one or several splits, one after another.

    Attributes:
      source: `Source` of all of them, with the labels that may be used.
      splits: str (images,), the split of each.
      train: Name of the split whose images may be labelled.
      files: Of each its file, or its number in the split that it was taken
        from, as `exclude_images` finds it.
      own_files: Of each the file that it is, "" for none, see `own_files`;
        of joined data sets, whose images have numbers in `files`, too.
    """

    source: Source
    splits: np.ndarray
    train: str
    files: np.ndarray
    own_files: np.ndarray

    @property
    def are_files(self) -> np.ndarray:
        """Whether each image is a file of its own, bool (images,)."""
        return self.own_files != ""

    @property
    def trains(self) -> np.ndarray:
        """Which images are of the training split, bool (images,)."""
        return self.splits == self.train

    def subset(self, numbers: np.ndarray) -> Pool:
        """These images alone."""
        return dataclasses.replace(
            self,
            source=self.source.subset(numbers),
            splits=self.splits[numbers],
            files=self.files[numbers],
            own_files=self.own_files[numbers],
        )


def open_pool(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> Pool:
    """Opens the training split, and all others to be compared with it.

    Args:
      config: A `Config`; with `split` that split alone is opened.
      source: A `Source` in place of the config's training split.
      eval_source: A `Source` that is compared beside them.

    Raises:
      ValueError: If there are fewer than two images, or labels whose classes
        have no names.
    """
    if source is None:
        parts = _with_given(open_splits(config), eval_source)
    else:
        parts = _with_given({TRAIN[0]: source}, eval_source)
    for part in parts.values():
        check_named(part.class_names, part.labels, part.name)
    train = next(iter(parts))
    parts[train] = _with_allowed_labels(config, parts[train])
    joined = _joined(list(parts.values()))
    count = joined.num_examples
    check_several(count, f"{count} in {joined.name}")
    sizes = [part.num_examples for part in parts.values()]
    return Pool(
        joined,
        np.repeat(list(parts), sizes),
        train,
        np.array([n for p in parts.values() for n in whole_names(p)], object),
        np.concatenate([own_files(part) for part in parts.values()]),
    )


def check_several(count: int, received: str) -> None:
    """Raises a ValueError for fewer images than two.

    Args:
      count: Of the images.
      received: What they are, in words.
    """
    if count < 2:
        raise ValueError(
            "Curation compares images with each other and needs two or more. "
            f"Received: {received}"
        )


def _with_given(parts, eval_source):
    """The parts, and a `Source` to evaluate on as a split of its own.

    Of two data sets of one name, such as two `tf.data.Dataset`s, images that
    are no files would have one name too.
    """
    if eval_source is None:
        return parts
    free = next(name for name in VALIDATION if name not in parts)
    if eval_source.name in {part.name for part in parts.values()}:
        name = f"{eval_source.name} ({free})"
        eval_source = dataclasses.replace(eval_source, name=name)
    return {**parts, free: eval_source}


def _with_allowed_labels(config, source):
    if not (source.labels >= 0).any():
        return source
    return source.with_labels(inputs.labelled_examples(config, source))


def _joined(parts):
    if len(parts) == 1:
        return parts[0]
    classes = [name for part in parts for name in part.class_names or ()]
    names = tuple(dict.fromkeys(classes)) or None
    name = " and ".join(part.name for part in parts)
    return concat.join(name, parts, names)


def splits_in_table(splits: Iterable[str], train: str) -> dict[str, str]:
    """What a table calls splits, so that they are found again.

    A slice has no name there: that of training is "train", of another the
    split that it is of. What was taken from training is "validation", which a
    new job is evaluated on; of several the first, and the others "val" and
    the like.

    Args:
      splits: Names of splits; that of evaluation before others.
      train: That of training.
    """
    called: dict[str, str] = {}
    for split in dict.fromkeys(splits):
        name = _plain_name(split, train)
        free = (n for n in (name, *VALIDATION) if n not in called.values())
        called[split] = next(free, split)
    return called


def _plain_name(split, train):
    if split == train:
        return TRAIN[0]
    name = parse_split(split)[0]
    of_training = (parse_split(train)[0], *TRAIN, holdout.HOLDOUT)
    return VALIDATION[0] if name in of_training else name
