"""Notes about each shard, and their sums.

A note is what `recipe.write_shard` gives; a split has a list of them, None for
a shard that is not there yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

Notes = Sequence[dict | None]


def corrupt_rows(notes: Notes) -> list[tuple[str, str]]:
    """Pairs (where, reason) of the images that shards lack."""
    written = [note for note in notes if note is not None]
    return [tuple(row) for note in written for row in note["corrupt"]]


def without_corrupt(notes: Notes) -> list[dict | None]:
    """The notes, None for shards that lack images."""
    return [note if note and not note["corrupt"] else None for note in notes]


def summed(notes: Mapping[str, Sequence[dict]]) -> dict[str, dict[str, int]]:
    """Examples, bytes and shards of each split."""
    return {
        split: {
            "examples": sum(note["examples"] for note in of_split),
            "bytes": sum(note["bytes"] for note in of_split),
            "shards": len(of_split),
        }
        for split, of_split in notes.items()
    }


def listed(notes: Mapping[str, Notes]) -> list[dict[str, str]]:
    """The images that all splits lack, see `listed_rows`."""
    return listed_rows(
        (split, *row)
        for split, of_split in notes.items()
        for row in corrupt_rows(of_split)
    )


def listed_rows(rows: Iterable[tuple[str, ...]]) -> list[dict[str, str]]:
    """Rows of split, image and reason as dictionaries, sorted."""
    keys = ("split", "image", "reason")
    return [dict(zip(keys, row, strict=True)) for row in sorted(rows)]
