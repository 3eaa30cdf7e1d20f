"""A label that an option names, and that no image of a split has."""

from __future__ import annotations

from typing import NamedTuple

from simclrv2_tf.data.label_names import warn_of_unlabelled


class NoLabelError(ValueError):
    """A data set lacks the label that an option names."""


class MissingLabel(NamedTuple):
    """What says that a split lacks the label that an option names.

    Images to train on must have it, or the name is wrong. Those of another
    split, or of a part of `concat:`, may well be unlabelled.

    Attributes:
      message: Of the error.
      holder: What holds labels: a column or feature, by its name.
      lacking: How many lack it, of how many.
      first: The first of them, a file or record.
    """

    message: str
    holder: str
    lacking: str
    first: str

    def check(self, optional: bool) -> None:
        """Warns where the label may be missing.

        Raises:
          NoLabelError: Where it may not.
        """
        if not optional:
            raise NoLabelError(self.message)
        warn_of_unlabelled(self.holder, self.lacking, self.first)
