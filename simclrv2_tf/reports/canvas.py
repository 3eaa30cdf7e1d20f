"""A matplotlib figure in light or dark, without matplotlib's global state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

LONGEST = 22  # letters of a class name in a figure
FONT = 9


class Scheme(NamedTuple):
    """The colours of a figure, those of the page it stands on."""

    paper: str
    ink: str
    faint: str
    grey: str
    accent: str
    second: str


LIGHT = Scheme("#ffffff", "#1f2328", "#d0d7de", "#8c959f", "#0969da", "#bc4c00")
DARK = Scheme("#161b22", "#e6edf3", "#3d444d", "#6e7681", "#4493f8", "#f0883e")


def scheme_of(dark: bool) -> Scheme:
    """The colours of either."""
    return DARK if dark else LIGHT


def new_figure(width: float, height: float, dark: bool) -> Figure:
    """An empty figure of a size in inches, which notebooks show."""
    from simclrv2_tf.reports.notebook_figure import NotebookFigure

    paper = scheme_of(dark).paper
    return NotebookFigure(
        (width, height), layout="constrained", facecolor=paper
    )


def style(axes: Axes, dark: bool, grid: bool = True) -> None:
    """Gives axes the colours of a scheme, and no more lines than needed."""
    scheme = scheme_of(dark)
    axes.set_facecolor(scheme.paper)
    axes.tick_params(colors=scheme.ink, labelsize=FONT - 1, color=scheme.faint)
    for name, spine in axes.spines.items():
        spine.set_color(scheme.faint)
        spine.set_visible(name in ("left", "bottom"))
    for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
        text.set_color(scheme.ink)
        text.set_fontsize(FONT)
    if grid:
        axes.grid(True, color=scheme.faint, linewidth=0.5)
        axes.set_axisbelow(True)


def legend(axes: Axes, dark: bool, **options) -> None:
    """A legend without a frame, where there is something to tell apart."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            frameon=False,
            fontsize=FONT - 1,
            labelcolor=scheme_of(dark).ink,
            **options,
        )


def plain(text: str, longest: int = LONGEST) -> str:
    """A text of outside as matplotlib shows it letter by letter, not too long.

    A dollar would begin a formula.
    """
    text = " ".join(str(text).split())
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return short.replace("$", r"\$")


def names_of(class_names: Sequence[str] | None, count: int) -> list[str]:
    """The names of so many classes, their numbers where there are none."""
    if class_names is None or not len(class_names):
        return list(map(str, range(count)))
    return list(map(str, class_names))


def colours(count: int) -> list[tuple]:
    """`count` colours, as distinct as possible."""
    from matplotlib import colormaps

    for name, most in (("tab10", 10), ("tab20", 20)):
        if count <= most:
            return [colormaps[name](index) for index in range(count)]
    return [colormaps["hsv"](index / count) for index in range(count)]


def percent(axis: Axis, decimals: int | None = 0) -> None:
    """Has an axis of matplotlib show shares in percent.

    Args:
      axis: Of the shares.
      decimals: Of the numbers; None for as many as tell its ticks apart.
    """
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))
