"""The pictures of a report: in light and dark, on the page and as files."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.reports.png import png
from simclrv2_tf.reports.report_images import data_uri

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 0.55  # CSS pixels for each pixel of a picture


class Pictures:
    """Figures as they are drawn.

    Attributes:
      files: {name without ending: bytes of a PNG}, the light ones.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(
        self, name: str, about: str, draw: Callable[..., Figure]
    ) -> dict[str, str | int]:
        """Draws a figure twice.

        Args:
          name: Of its file.
          about: What it shows, for who cannot see it.
          draw: Function of `dark` to a figure.

        Returns:
          What the page's template shows.
        """
        from PIL import Image

        light, dark = (png(draw(dark=dark)) for dark in (False, True))
        self.files[name] = light
        width, height = Image.open(io.BytesIO(light)).size
        return {
            "light": data_uri(light),
            "dark": data_uri(dark),
            "about": about,
            "width": round(_SHOWN * width),
            "height": round(_SHOWN * height),
        }

    def keep(self, name: str, figure: Figure) -> None:
        """Keeps a figure as a file alone: the page shows the same otherwise."""
        self.files[name] = png(figure)

    def write(self, directory: str) -> None:
        """Writes the files, in PNG, into a directory."""
        for name, data in self.files.items():
            path = os.path.join(directory, f"{name}.png")
            with file_errors(path, "written"):
                os.makedirs(directory, exist_ok=True)
                with atomic.beside(path) as staged, open(staged, "wb") as file:
                    file.write(data)
