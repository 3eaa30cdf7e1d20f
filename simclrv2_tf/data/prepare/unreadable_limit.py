"""How many images preparing may leave out, counted as training counts them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined import Joined
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import Storage
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.files.paths import is_remote

FRACTION = 0.01  # as training has it
_BACKSLASHES = (
    " Its path has backslashes, which part folders on Windows alone: write "
    "'/' for them."
)


class TooManyUnreadableError(ValueError):
    """More images cannot be read than may be left out."""


class UnreadableLimit:
    """What may be left out of each split; one image may always be, never all.

    Args:
      sources: Dictionary from splits to `Source`s.
      max_fraction: Share of a split's images that may be unreadable, in
        [0, 1]; 0 allows none.

    Raises:
      ValueError: If the share is outside its range.
    """

    def __init__(
        self, sources: dict[str, Source], max_fraction: float = FRACTION
    ) -> None:
        check_fraction(max_fraction)
        self._sources = sources
        self._fraction = max_fraction

    def check_files(self) -> None:
        """Looks whether the files of this machine are there.

        Raises:
          TooManyUnreadableError: If too many are not.
        """
        for split, source in self._sources.items():
            missing = _missing(source.storage)
            if len(missing) > self._allowed(split):
                slashes = "\\" in missing[0] and os.sep == "/"
                raise TooManyUnreadableError(
                    f"The file {missing[0]!r} is not there, though the data "
                    "set names it: bring it, or take it off the list."
                    f"{_BACKSLASHES if slashes else ''} Missing: "
                    f"{len(missing)} {self._words(split)}"
                )

    def exceeds(self, split: str, rows: Sequence[Sequence[str]]) -> bool:
        """Whether a split has so many unreadable images that it is too many."""
        return len(rows) > self._allowed(split)

    def check(self, split: str, rows: Sequence[Sequence[str]]) -> None:
        """Checks how many images of a split cannot be read.

        Args:
          split: Its name.
          rows: Pairs (where, reason), one for each.

        Raises:
          TooManyUnreadableError: If they are too many.
        """
        if not self.exceeds(split, rows):
            return
        where, reason = rows[0]
        raise TooManyUnreadableError(
            f"{where} cannot be read: {reason.rstrip('.')}. Unreadable so "
            f"far: {len(rows)} {self._words(split)}"
        )

    def _allowed(self, split):
        source = self._sources[split]
        allowed = UnreadableImages(source, self._fraction).allowed
        return min(allowed, source.num_examples - 1)

    def _words(self, split):
        return (
            f"of {self._sources[split].num_examples} images of the split "
            f"{split!r}, where --max_corrupt_fraction={self._fraction:g} "
            f"allows {self._allowed(split)}: mend them or take them out, or "
            "allow more."
        )


def check_fraction(fraction: float) -> None:
    """Raises a ValueError for a share outside of [0, 1]."""
    if not 0 <= fraction <= 1:
        raise ValueError(
            "`max_corrupt_fraction` must be in [0, 1]. Received: "
            f"max_corrupt_fraction={fraction}"
        )


def _missing(storage: Storage) -> list[str]:
    """The files that are missing; remote ones count as there."""
    if isinstance(storage, Joined):
        return [
            path for part in storage.sources for path in _missing(part.storage)
        ]
    if not isinstance(storage, Files):
        return []
    paths = map(storage.path, range(len(storage)))
    return [path for path in paths if not (is_remote(path) or _is_there(path))]


def _is_there(path):
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # another reason is said where it is read
        return True
    return True
