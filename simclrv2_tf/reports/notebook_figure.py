"""A figure that a notebook shows, whatever backend matplotlib has there."""

from __future__ import annotations

from matplotlib.figure import Figure

from simclrv2_tf.reports.png import png

SHOWN_DPI = 100  # of its size on the screen; it is drawn finer


class NotebookFigure(Figure):
    """A matplotlib `Figure`, shown as the last value of a notebook's cell.

    Notebooks show figures of `pyplot` alone, which these are not.
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture, and its size on the screen in pixels."""
        width, height = (round(SHOWN_DPI * x) for x in self.get_size_inches())
        return png(self), {"width": width, "height": height}
