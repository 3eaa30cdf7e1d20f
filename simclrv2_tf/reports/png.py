"""A figure as the bytes of a picture."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 160  # of pictures, which are shown at half of it or a bit more


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """A figure as the bytes of a PNG of 256 colours, always the same.

    Args:
      figure: Of matplotlib.
      dpi: Pixels for each inch of it.
    """
    from PIL import Image

    drawn, file = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():  # of letters that the font lacks
        warnings.simplefilter("ignore")
        figure.savefig(drawn, format="png", dpi=dpi)
    few = Image.open(drawn).convert("RGB").quantize(dither=Image.Dither.NONE)
    few.save(file, "PNG", optimize=True)
    return file.getvalue()
