"""`curation.html`: what was found, with the images, in one file."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.curation.curation_words import too_few
from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.curation.similarity_threshold import LEAST
from simclrv2_tf.curation.similarity_threshold import MOST
from simclrv2_tf.files import atomic
from simclrv2_tf.reports import canvas
from simclrv2_tf.reports import template
from simclrv2_tf.reports.pictures import Pictures
from simclrv2_tf.reports.report_images import Thumbnails
from simclrv2_tf.reports.report_images import folder_and_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, TEMPLATE, FOLDER = "curation.html", "curation.html", "pictures"
SHOWN = 48  # images of each kind
GROUPS, IN_GROUP = 24, 8  # groups of near-duplicates, and images of each
BINS = 60


def write(directory: str, findings: Findings, result: dict) -> str:
    """Writes the page, and its figure as a file below `pictures/`.

    Args:
      directory: Of the page.
      findings: `Findings`.
      result: What is in `curation.json`.

    Returns:
      The path of the page.
    """
    pictures = Pictures()
    contents = _contents(findings, result, pictures)
    pictures.write(os.path.join(directory, FOLDER))
    path = os.path.join(directory, PAGE)
    atomic.write_text(path, template.render(__package__, TEMPLATE, contents))
    return path


def _contents(findings, result, pictures):
    small = Thumbnails(findings.pool.source, _names(findings.pool))
    copies = findings.copies
    return {
        "title": f"Curation of {result['protocol']['data']}",
        "facts": [(name, value) for name, value in result["protocol"].items()],
        "total": len(copies.group),
        "chosen": _chosen(findings, small),
        "too_few": too_few(result["next_labels"]),
        "bounds": f"{LEAST:g} to {MOST:g}",
        "copies": result["near_duplicates"],
        "similarities": pictures.add(
            "similarities",
            "How alike each image is to the one most like it, and from where "
            "on two are near-duplicates",
            functools.partial(
                similarities, copies.similarity, copies.threshold, copies.null
            ),
        ),
        "groups": _groups(findings, small),
        "median_outlier": result["outliers"]["median_score"],
        "outliers": _outliers(findings, small),
        "doubts": result["doubtful_labels"],
        "doubtful": _doubtful(findings, small),
        "tables": result["tables"],
    }


def _names(pool):
    """The end of a file's path, else the name that the tables have."""
    return [
        folder_and_file(file) if file else name
        for name, file in zip(pool.files, pool.own_files, strict=True)
    ]


def _chosen(findings, small):
    return [
        small.tile(one.number, f"{rank}: {one.by} {one.score:.3g}")
        for rank, one in enumerate(findings.chosen[:SHOWN], 1)
    ]


def _groups(findings, small):
    """The groups across splits first, then the others."""
    group = findings.copies.group
    across = findings.across_splits()
    alone = np.setdiff1d(np.arange(group.max(initial=-1) + 1), across)
    left_out = set(findings.left_out.tolist())
    rows = []
    for number in np.concatenate([across, alone])[:GROUPS]:
        members = np.flatnonzero(group == number)[:IN_GROUP].tolist()
        members.sort(key=left_out.__contains__)  # that which is kept first
        rows.append([_copy(findings, small, member) for member in members])
    return rows


def _copy(findings, small, number):
    pool = findings.pool
    words = f"{pool.splits[number]} {findings.copies.similarity[number]:.3f}"
    odd = pool.splits[number] != pool.train
    return small.tile(number, words, odd)


def _outliers(findings, small):
    order = np.argsort(-findings.outliers, kind="stable")[:SHOWN]
    return [
        small.tile(n, f"{findings.outliers[n]:.2f}") for n in order.tolist()
    ]


def _doubtful(findings, small):
    if not findings.doubts:
        return []
    names, doubts = findings.pool.source.class_names, findings.doubts
    worst = np.flatnonzero(doubts.score > 0)[:SHOWN]
    return [
        small.tile(
            int(doubts.numbers[place]),
            f"{findings.pool.source.class_of(doubts.numbers[place])} → "
            f"{names[doubts.looks_like[place]]} {doubts.score[place]:.2f}",
            bool(doubts.confident[place]),
        )
        for place in worst.tolist()
    ]


def similarities(
    similarity: np.ndarray, threshold: float, null=None, dark: bool = False
) -> Figure:
    """How alike each image is to the one most like it, as a histogram.

    Args:
      similarity: float (images,).
      threshold: From which two images are near-duplicates.
      null: `Null`, whose curve is drawn; None for none.
      dark: Whether it is for a dark page.
    """
    scheme = canvas.scheme_of(dark)
    figure = canvas.new_figure(5.4, 2.8, dark)
    axes = figure.subplots()
    low = min(0.0, float(similarity.min()))
    edges = np.linspace(low, 1.0, BINS + 1)
    axes.hist(similarity, edges.tolist(), color=scheme.accent, label="images")
    if null is not None and null.width > 0:
        middle = (edges[1:] + edges[:-1]) / 2
        expected = len(similarity) * np.diff(_normal(null, edges))
        axes.plot(middle, expected, color=scheme.ink, label="no copies")
    axes.axvline(threshold, color=scheme.second, label=f"{threshold:.3f}")
    axes.set_yscale("symlog", linthresh=1)
    axes.set(xlabel="similarity to the most alike", ylabel="images")
    canvas.style(axes, dark)
    canvas.legend(axes, dark, loc="upper left")
    return figure


def _normal(null, edges):
    """Of images that are no copies, the share below each similarity."""
    from scipy import stats

    scaled = np.arctanh(np.clip(edges, -1 + 1e-9, 1 - 1e-9))
    return stats.norm.cdf(scaled, null.centre, null.width)
