"""The images that are chosen to be labelled: a numbered sheet, and copies."""

from __future__ import annotations

import hashlib
import logging
import os

import numpy as np

from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.data.prepare.contact_sheet import to_rgb
from simclrv2_tf.data.prepare.contact_sheet import write_sheet
from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.inference.inspection import ImagesInTurn

NAME = "next_labels"
COLUMNS = 10
_DIGITS = 12  # of a checksum, in a copy's name
_LOG = logging.getLogger("simclrv2_tf")


def write(directory: str, findings: Findings) -> dict[int, str]:
    """Writes the contact sheet, and images that are no files of their own.

    Images are read one after the other, those that are copied once more. No
    copy is written where a PNG would lose what an array holds.

    Args:
      directory: Of the files.
      findings: `Findings`; where nothing is chosen nothing is written.

    Returns:
      {number of an image: its path, relative to `directory`} of the copies.
    """
    if not findings.chosen:
        return {}
    numbers = [one.number for one in findings.chosen]
    images = ImagesInTurn(findings.pool.source.reader(), numbers)
    sheet = os.path.join(directory, f"{NAME}.png")
    captions = [str(rank) for rank in range(1, len(numbers) + 1)]
    with atomic.beside(sheet) as path:
        write_sheet(path, images, COLUMNS, captions)
    if not _fits_png(findings.pool.source):
        return {}
    return {
        number: _copy(directory, rank, images[rank - 1])
        for rank, number in enumerate(numbers, 1)
        if not findings.pool.are_files[number]
    }


def _fits_png(source):
    """Whether copies can stand for the images; a warning says it if not."""
    shape = source.storage.image_shape
    if shape is None:  # encoded, or decoded as RGB
        return True
    dtype, channels = source.storage.dtype, shape[-1]
    if dtype == np.uint8 and channels in (1, 3):
        return True
    _LOG.warning(
        "%s.csv names images by their numbers and %s/ has no copies of them: "
        "a PNG does not hold %s with %d channels as they are in %s. Put the "
        "labels into the data themselves, at these numbers",
        NAME,
        NAME,
        dtype,
        channels,
        source.name,
    )
    return False


def _copy(directory, rank, image):
    """Writes an image as a file; its path from the directory.

    The name has the image's checksum: tables of earlier rounds name files in
    the same folder, none of which may become another image.
    """
    from PIL import Image

    pixels = to_rgb(image)
    name = os.path.join(NAME, f"{rank:04d}-{_checksum(pixels)}.png")
    path = os.path.join(directory, name)
    with file_errors(path, "written"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path):
            with atomic.beside(path) as staged:
                Image.fromarray(pixels).save(staged, "PNG")
    return name


def _checksum(pixels):
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()[:_DIGITS]
