"""What a plan says of the images, before it says what is done with them."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.orientation_count import orientation_note
from simclrv2_tf.recipes.images.job_data import JobData

_FEW = 10  # classes that are all named
_LONGEST = 30  # letters of a class name


def notes(data: JobData) -> list[str]:
    """How many images and labels of which classes, and what the source says.

    Args:
      data: A `JobData`.
    """
    every = dict.fromkeys((*data.train.notes, orientation_note(data.train)))
    own = [f"data: {note}" for note in every if note]
    return [_outline(data), data.note, *own]


def _outline(data):
    images = f"{data.train.num_examples:,} images to train on"
    if not len(data.labelled):
        return images
    names = [_short(name) for name in data.train.class_names or ()]
    return (
        f"{images}; {len(names):,} classes ({_few(names)}); labels to learn "
        f"from: {_labels(data.counts(), names)}"
    )


def _few(names):
    """All names, or the first and the last of many."""
    shown = names if len(names) <= _FEW else [*names[:3], "...", names[-1]]
    return ", ".join(shown)


def _labels(counts, names):
    """How many labels a class has, from the fewest to the most."""
    fewest, most = int(counts.min()), int(counts.max())
    if fewest == most:
        return f"{fewest:,} of each"
    low, high = names[int(np.argmin(counts))], names[int(np.argmax(counts))]
    return f"{fewest:,} ({low}) to {most:,} ({high}) of each"


def _short(name):
    """A name in a list, in quotes where it has a comma itself."""
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 3]}..."
    return repr(name) if "," in name else name
