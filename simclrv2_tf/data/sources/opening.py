"""Opens a split of files as a `Source`, for all kinds of data sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simclrv2_tf.data.class_gaps import gap_notes
from simclrv2_tf.data.classes import number_classes
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut
from simclrv2_tf.data.storage import Storage

# Which folders are classes: those at the top, or all that hold images.
TOP, LEAF = "top", "leaf"


@dataclasses.dataclass(frozen=True)
class SourceOptions:
    """Options of a data set, beside its name and split.

    Attributes:
      data_dir: Directory of TFDS data.
      download: Whether TFDS may download and prepare what is missing.
      image_feature: Name of the feature, column, array or file ending that
        holds the images; None to go by usual names.
      label_feature: The same of the labels.
      label_map: File that says which class each label stands for, or None.
      folder_classes: "top" or "leaf": the folders that are classes.
      apply_orientation: Whether images are turned as their EXIF tags say.
      resize_shorter_side: Pixels that the shorter side of larger images is
        reduced to; None for none.
      joined: The data sets that `concat:` joins with this one, itself too.
      label_optional: Whether images to train on may lack the label that
        `label_feature` names, as those of a part of `concat:` do.
    """

    data_dir: str | None = None
    download: bool = False
    image_feature: str | None = None
    label_feature: str | None = None
    label_map: str | None = None
    folder_classes: str = TOP
    apply_orientation: bool = False
    resize_shorter_side: int | None = None
    joined: tuple[str, ...] = ()
    label_optional: bool = False

    def __post_init__(self):
        if self.folder_classes not in (TOP, LEAF):
            raise ValueError(
                f"`folder_classes` must be {TOP!r} or {LEAF!r}. Received: "
                f"folder_classes={self.folder_classes!r}"
            )


class Kind(NamedTuple):
    """How data sets of a kind are opened.

    Attributes:
      open: Function (where, split, `SourceOptions`) to a `Source`.
      splits: Function (where, `SourceOptions`) to the names of all splits.
    """

    open: Callable[[str, str, SourceOptions], Source]
    splits: Callable[[str, SourceOptions], Sequence[str]]


class SplitContent(NamedTuple):
    """One split as files hold it.

    Attributes:
      storage: A `Storage` of its images.
      labels: Names of its images' classes, as `label_names` gives them.
      notes: Sentences about what was passed over, see `Source.notes`.
      missing_label: `MissingLabel` where an option names a label that is not
        there, else None.
    """

    storage: Storage
    labels: Sequence[str]
    notes: tuple[str, ...] = ()
    missing_label: MissingLabel | None = None


# Splits, and what reads each.
Readers = Mapping[str, Callable[[], SplitContent]]

# What to do about a label that the training split has no image of.
_REMEDY = (
    "; give the split {0!r} images of each class, or --label_map a line for "
    "each; where no other split is needed, --split={0} leaves them out"
)


def failing(error: ValueError) -> Callable[[], SplitContent]:
    """A reader that raises: a split that nobody opens may be faulty."""

    def read():
        raise error

    return read


def kind_of(
    kind: str, find: Callable[[str, str | None, SourceOptions], Readers]
) -> Kind:
    """The `Kind` of data sets that find their splits by a look at files.

    Args:
      kind: Its name.
      find: Function (where, split, `SourceOptions`) to a dictionary from
        splits to functions that give a `SplitContent`. The split is the
        one asked for, None to list all.
    """

    def open_one(where, split, options):
        readers = find(where, split, options)
        return open_split(f"{kind}:{where}", split, readers, options)

    def splits(where, options):
        return tuple(find(where, None, options))

    return Kind(open_one, splits)


def open_split(
    name: str, split: str, readers: Readers, options: SourceOptions
) -> Source:
    """Opens one split; classes are numbered as in the training split.

    Args:
      name: Of the data set, for messages.
      split: Name of the split, perhaps with a slice.
      readers: Dictionary from splits to functions that give a `SplitContent`.
      options: `SourceOptions`.

    Returns:
      A `Source`.

    Raises:
      NoLabelError: If images to train on lack the label that `options` name,
        and must not.
      ValueError: If there is no such split or example, or if labels and
        classes do not go together.
    """
    chosen, bounds = choose_split(tuple(readers), split, name)
    train = next((known for known in TRAIN if known in readers), chosen)
    mapped, optional = options.label_map is not None, options.label_optional
    classes = None
    if train != chosen:
        content = _labelled(readers[train], optional)
        classes = _source(name, content, None, mapped).class_names
        del content  # its images
    content = _labelled(readers[chosen], optional or train != chosen)
    remedy = _REMEDY.format(train)
    source = _source(f"{name} ({split})", content, classes, mapped, remedy)
    everything = np.arange(source.num_examples)
    return source.part(cut(everything, bounds, shuffle=True))


def _labelled(read, optional):
    """The `SplitContent`, its label checked."""
    content = read()
    if content.missing_label is not None:
        content.missing_label.check(optional)
    return content


def _source(name, content, classes, mapped, remedy=""):
    count = len(content.labels)
    if not count:
        raise ValueError(f"The data set {name!r} holds no image.")
    unlabelled = np.full(count, UNLABELLED, np.int32)
    source = Source(name, unlabelled, content.storage, notes=content.notes)
    labels, names = number_classes(
        content.labels, classes, name, source.where, mapped, remedy
    )
    gaps = () if mapped else gap_notes(names)
    return dataclasses.replace(
        source, labels=labels, class_names=names, notes=(*source.notes, *gaps)
    )
