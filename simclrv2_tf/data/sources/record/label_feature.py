"""The feature that holds records' labels, and the records that lack it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.data.label_names import warn_of_unlabelled
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.missing_label import MissingLabel


class LabelFeature:
    """The feature that holds the labels, and which records lack it.

    Without a name it is the first of the usual ones that a record has.
    """

    def __init__(self, name: str | None, usual: Sequence[str]):
        self.name = name
        self._usual = usual
        self._count = self._lacking = 0
        self._first: tuple[str, list[str]] = ("", [])

    def of(self, features: Mapping[str, Any], where: str) -> Any:
        """The feature in a record, None if it lacks it."""
        name = self.name = self.name or first_known(self._usual, features)
        self._count += 1
        if name and name in features:
            return features[name]
        if not self._lacking:
            self._first = where, list(features)
        self._lacking += 1
        return None

    def missing_label(self, image: str) -> MissingLabel | None:
        """A `MissingLabel` if all records lack it; warns if some do."""
        if not self.name or not self._lacking:
            return None
        where, features = self._first
        lacking = (
            f"the feature {self.name!r}",
            f"{self._lacking:,} of {self._count:,} records",
            f"the {where}",
        )
        if self._lacking == self._count:
            error = missing(where, image, self.name, features)
            return MissingLabel(str(error), *lacking)
        warn_of_unlabelled(*lacking)
        return None


def missing(
    where: str, image: str, label: str | None, features: Iterable[str]
) -> ValueError:
    """The error of a record without its image, or without its label.

    Args:
      where: The record, in words.
      image: Name of the feature that holds the image.
      label: That of the label, None for none.
      features: Names of those that the record has.
    """
    wanted = " and ".join(repr(name) for name in (image, label) if name)
    missing = image if image not in features else label
    return ValueError(
        f"The {where} must have the features {wanted}; "
        f"{missing!r} is missing among {', '.join(features)}"
    )
