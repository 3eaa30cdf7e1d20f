"""From the splits that files hold to one `Source`: what openers share."""

import collections
import dataclasses

import numpy as np

from simclrv2_tf.data.classes import number_classes
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import cut

# One split as files hold it: `fields` are those of `Source` that say where
# its images are, `values` are its labels as `number_classes` takes them.
Part = collections.namedtuple("Part", "fields values")


@dataclasses.dataclass(frozen=True)
class Options:
    """What a source may be told beside its name.

    Attributes:
      data_dir: Directory of TFDS data.
      download: Whether TFDS may download and prepare what is missing.
      image_feature: Name of the feature, column, array or file ending that
        holds the images; None to go by usual names.
      label_feature: The same of the labels.
      label_map: File that says which class each label stands for, or None.
    """

    data_dir: str | None = None
    download: bool = False
    image_feature: str | None = None
    label_feature: str | None = None
    label_map: str | None = None


def open_part(name, split, parts, options):
    """Opens one split; classes are numbered as in the training split.

    Args:
      name: Of the data set, for messages.
      split: Name of the split, perhaps with a slice.
      parts: Dictionary from splits to functions that give a `Part`.
      options: `Options`.

    Returns:
      A `Source`.

    Raises:
      ValueError: If there is no such split or example, or if labels and
        classes do not go together.
    """
    chosen, bounds = choose_split(tuple(parts), split, name)
    train = next((known for known in TRAIN if known in parts), chosen)
    gaps = options.label_map is not None
    classes = None
    if train != chosen:
        classes = _source(name, parts[train](), None, gaps).class_names
    source = _source(f"{name} ({split})", parts[chosen](), classes, gaps)
    everything = np.arange(source.num_examples)
    return source.subset(cut(everything, bounds, shuffle=True))


def _source(name, part, classes, gaps):
    values = np.asarray(part.values)
    if not len(values):
        raise ValueError(f"The data set {name!r} holds no image.")
    unlabelled = np.full(len(values), UNLABELLED, np.int32)
    source = Source(name=name, labels=unlabelled, **part.fields)
    labels, names = number_classes(values, classes, name, source.place, gaps)
    return dataclasses.replace(source, labels=labels, class_names=names)
