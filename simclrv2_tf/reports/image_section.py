"""What the network makes of the images, for the page: maps, rows, mistakes."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.inference import inspection
from simclrv2_tf.inference.evaluation.class_metrics import MOST_IN_TABLE
from simclrv2_tf.reports import class_figures
from simclrv2_tf.reports import curves
from simclrv2_tf.reports import maps
from simclrv2_tf.reports import report_images
from simclrv2_tf.reports import tiles
from simclrv2_tf.reports.history import RunHistory
from simclrv2_tf.reports.network_answers import look
from simclrv2_tf.reports.pictures import Pictures
from simclrv2_tf.reports.report_images import Thumbnails

MOST_MAPPED = 2_000  # images on the map
SHEET, VIEWED, QUERIES, NEIGHBOURS, ODD = 24, 6, 8, 6, 12
_NOTHING: dict[str, Any] = {
    "sheet": [],
    "views": [],
    "maps": [],
    "neighbours": [],
    "mistakes": [],
    "unsure": [],
    "seen": None,
    "result": None,
    "no_result": "",
    "why": "",
}
# How views are made, of a run's flags.
_AUGMENTATION = (
    "train_mode",
    "image_size",
    "channels",
    "seed",
    "crop_area_min",
    "random_flip",
    "color_jitter_strength",
    "color_jitter_impl",
    "grayscale_prob",
    "use_blur",
    "per_image_blur",
)


def contents(
    config: Config,
    networks: tuple[RunHistory, RunHistory],
    sources: tuple[Source | None, Source | None],
    pictures: Pictures,
) -> dict:
    """What the page shows of images; where that fails "why" says it.

    Args:
      config: A `Config`, of which the data and the batch size matter.
      networks: The `RunHistory` whose views are shown, and that which is asked.
      sources: `Source`s to train and to evaluate on, None for the run's own.
      pictures: Where figures go.
    """
    viewed, examined = networks
    config = dataclasses.replace(config, model_dir=examined.directory)
    shown: dict = {**_NOTHING}
    try:
        images = report_images.open_images(config, examined.flags, *sources)
        shown["sheet"] = _sheet(images)
        shown["views"] = _views(images, viewed)
        shown |= _seen(look(images), pictures)
    except (ValueError, OSError, tf.errors.OpError) as error:
        shown["why"] = first_line(error)
    return shown


def _seen(seen, pictures):
    """Figures and rows of what the network saw."""
    small, judged = Thumbnails(seen.source), seen.judged
    shown = {
        "seen": {
            "name": seen.source.name,
            "count": len(seen.features),
            "total": seen.total,
            "labelled": bool((seen.source.labels >= 0).any()),
            "mapped": min(MOST_MAPPED, len(seen.features)),
        },
        "maps": _maps(seen, pictures, small),
        "neighbours": _neighbours(seen, pictures, small),
        "no_result": seen.note,
    }
    if judged:
        unsure = judged.least_sure(ODD)
        shown["unsure"] = _answered(seen, unsure, small)
    if judged and judged.labelled.any() and seen.evaluation:
        mistakes = judged.surest_mistakes(ODD)
        shown["mistakes"] = _answered(seen, mistakes, small)
        shown["result"] = _result(seen, pictures)
    return shown


def _result(seen, pictures):
    """Numbers and figures of a classifier on evaluation images."""
    judged, names = seen.judged, seen.names
    known = judged.confidence[judged.labelled]
    figures = [
        *_matrix(judged, names, pictures),
        _bars(judged, names, pictures),
        pictures.add(
            "reliability",
            "Accuracy over confidence",
            functools.partial(curves.reliability, known, judged.right),
        ),
    ]
    confused = [(names[a], names[b], n) for a, b, n in judged.confused()]
    return {
        **judged.summary(),
        "figures": figures,
        "most_in_matrix": MOST_IN_TABLE,
        "has_matrix": judged.classes <= MOST_IN_TABLE,
        "confused": confused,
        "temperature": seen.temperature,
        "fitted": seen.fitted,
    }


def _matrix(judged, names, pictures):
    """The confusion matrix, as a list; of very many classes there is none."""
    if judged.classes > MOST_IN_TABLE:
        return []
    draw = functools.partial(class_figures.confusion, judged.matrix(), names)
    about = "Confusion matrix: labels in rows, answers in columns"
    return [pictures.add("confusion", about, draw)]


def _bars(judged, names, pictures):
    """Bars of the classes."""
    counts = judged.counts()
    draw = functools.partial(
        class_figures.class_accuracy, counts["right"], counts["examples"], names
    )
    shown = class_figures.which_are_shown(counts["examples"])
    about = f"Accuracy with 95 % intervals of {shown}, the worst first"
    return pictures.add("classes", about, draw)


def _maps(seen, pictures, small):
    """The maps of the features."""
    mapped = report_images.spread(len(seen.features), MOST_MAPPED)
    labels = seen.source.labels[mapped]
    names = seen.source.class_names
    features = seen.features[mapped]
    if len(features) < 3:
        return []
    pca, tsne = (maps.project(features, m) for m in ("pca", "tsne"))
    shown: list = [None] * len(mapped)
    for place in maps.spread_out(tsne, maps.SHOWN):
        shown[place] = small.pixels(int(mapped[place]))
    draw = functools.partial(
        maps.embedding_map, labels=labels, class_names=names
    )
    return [
        pictures.add(
            "map_pca",
            "PCA of the features, coloured by class",
            functools.partial(draw, pca),
        ),
        pictures.add(
            "map_tsne",
            "t-SNE of the features, coloured by class",
            functools.partial(draw, tsne),
        ),
        pictures.add(
            "map_images",
            "t-SNE of the features, with some of the images in their places",
            functools.partial(draw, tsne, images=shown),
        ),
    ]


def _neighbours(seen, pictures, small):
    """Queries, spread over the classes, and their nearest neighbours."""
    some = report_images.spread(len(seen.features), MOST_MAPPED)
    if len(some) < 2:
        return []
    queries = report_images.over_classes(seen.source.labels[some], QUERIES)
    nearest = tiles.nearest(seen.features[some], queries, NEIGHBOURS)
    rows = [
        [int(some[place]) for place in (query, *near)]
        for query, near in zip(queries, nearest, strict=True)
    ]
    rows = [r for r in rows if all(small.pixels(n) is not None for n in r)]
    if not rows:
        return []
    captions = [[small.source.class_of(n) for n in row] for row in rows]
    figure = tiles.neighbours(
        [[small.pixels(number) / 255 for number in row] for row in rows],
        captions,
    )
    pictures.keep("neighbours", figure)
    return [
        [
            small.tile(number, caption, caption != words[0])
            for number, caption in zip(row, words, strict=True)
        ]
        for row, words in zip(rows, captions, strict=True)
    ]


def _answered(seen, places, small):
    """Images with label, answer and confidence below them."""
    judged, names, shown = seen.judged, seen.names, []
    for place in places:
        label, answer = judged.labels[place], judged.answers[place]
        caption = f"{names[answer]} {judged.confidence[place]:.0%}"
        if 0 <= label != answer:
            caption = f"{names[label]} → {caption}"
        shown.append(small.tile(place, caption, 0 <= label != answer))
    return [tile for tile in shown if tile]


def _sheet(images):
    """Images of training, spread over the classes."""
    small = Thumbnails(images.train)
    picked = report_images.over_classes(images.train.labels, SHEET)
    shown = [small.tile(n, small.source.class_of(n)) for n in picked]
    return [tile for tile in shown if tile]


def _views(images, stage):
    """Some images, and two views of each as a stage trains on them."""
    flags = {n: stage.flags[n] for n in _AUGMENTATION if n in stage.flags}
    config = dataclasses.replace(images.config, **flags)
    rows = inspection.rows_of_views(config, images.train, VIEWED, 2)
    return [[report_images.tile(pixels) for pixels in row] for row in rows]
