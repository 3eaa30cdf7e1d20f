"""The images that are chosen to be labelled: a numbered sheet, and copies."""

from __future__ import annotations

import os

from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.data.prepare.contact_sheet import to_rgb
from simclrv2_tf.data.prepare.contact_sheet import write_sheet
from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.inference.inspection import ImagesInTurn

NAME = "next_labels"
COLUMNS = 10


def write(directory: str, found: Findings) -> dict[int, str]:
    """Writes the contact sheet, and images that are no files of their own.

    Images are read one after the other, those that are copied once more.

    Args:
      directory: Of the files.
      found: `Findings`; where nothing is chosen nothing is written.

    Returns:
      {number of an image: its path, relative to `directory`} of the copies.
    """
    if not found.chosen:
        return {}
    numbers = [one.number for one in found.chosen]
    images = ImagesInTurn(found.pool.source.reader(), numbers)
    sheet = os.path.join(directory, f"{NAME}.png")
    captions = [str(rank) for rank in range(1, len(numbers) + 1)]
    with atomic.beside(sheet) as path:
        write_sheet(path, images, COLUMNS, captions)
    return {
        number: _copy(directory, rank, images[rank - 1])
        for rank, number in enumerate(numbers, 1)
        if not found.pool.are_files[number]
    }


def _copy(directory, rank, image):
    """Writes an image as a file; its path from the directory."""
    from PIL import Image

    name = os.path.join(NAME, f"{rank:04d}.png")
    path = os.path.join(directory, name)
    with file_errors(path, "written"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with atomic.beside(path) as staged:
            Image.fromarray(to_rgb(image)).save(staged, "PNG")
    return name
