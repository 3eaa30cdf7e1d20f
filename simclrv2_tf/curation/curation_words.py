"""What a curation found, in sentences for a person to read."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from simclrv2_tf.curation import curation_tables
from simclrv2_tf.curation.excluded_before import COPIES


def too_few(next_labels: dict) -> str:
    """Why fewer are to be labelled than asked for, "" if none are lacking.

    Args:
      next_labels: What `curation.json` says of them.
    """
    chosen, budget = next_labels["chosen"], next_labels["budget"]
    if chosen >= budget:
        return ""
    return (
        f"{chosen:,} of {budget:,} asked for: the others are near-duplicates "
        "of images that are labelled, chosen or in another split"
    )


def _to_label_next(next_labels):
    why, chosen = too_few(next_labels), next_labels["chosen"]
    if why and not chosen:
        yield (
            f"to label next: {why}; no next_labels.csv is written, and an "
            "earlier one stays"
        )
    elif chosen:
        number = why or _counted(chosen, "image")
        yield f"to label next: {number}; next_labels.csv and next_labels.png"


def _near_duplicates(copies, directory):
    table = shlex.quote(os.path.join(directory, f"{COPIES}.csv"))
    images = _counted(copies["images"], "image")
    groups = _counted(copies["groups"], "group")
    before = copies["before"]
    earlier = f", {before} of them by earlier rounds" if before else ""
    return (
        f"near-duplicates: {images} in {groups} above "
        f"{copies['threshold']:.3f}, {copies['across_splits']} of them across "
        f"splits; --exclude_images={table} leaves "
        f"{copies['to_leave_out'] + before} out{earlier}"
    )


def _counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def lines(result: dict, directory: str) -> Iterator[str]:
    """The findings for a person to read."""
    copies, doubts = result[COPIES], result["doubtful_labels"]
    yield from _to_label_next(result["next_labels"])
    yield _near_duplicates(copies, directory)
    if doubts:
        yield (
            f"doubtful labels: of {doubts['judged']} another class is "
            f"likelier for {doubts['another_class_likelier']}; about "
            f"{doubts['estimated_share_of_wrong_labels']:.1%} may be wrong"
        )
    else:
        yield (
            "doubtful labels: none looked for, as that takes two labels of "
            "each of two classes"
        )
    path = os.path.join(directory, curation_tables.NAME)
    yield f"wrote {path}.json, .html and the tables"
