"""Figures: of plain arrays, without matplotlib's global state."""

import io
import subprocess
import sys
import types

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf import reports
from simclrv2_tf.reports import classifier_figures
from simclrv2_tf.reports import image_section
from simclrv2_tf.reports import maps
from simclrv2_tf.reports import tiles
from simclrv2_tf.reports.pictures import Pictures
from simclrv2_tf.reports.png import png

RNG = np.random.default_rng(0)
NAMES = ["cat", "$x^", "a name that is far too long for a tick"]
LABELS = np.repeat([0, 1, 2], 10)
POINTS = RNG.normal(size=(30, 5)) + 4 * LABELS[:, None]
ROWS = [
    {
        "network": network,
        "endpoint": "final_avg_pool",
        "classifier": "logistic",
        "labels": labels,
        "mean": 0.5,
        "low": 0.4,
        "high": None,
    }
    for network in ("run", "raw pixels")
    for labels in (1, 10)
]
FIGURES = {
    "class_accuracy": lambda **dark: reports.class_accuracy(
        [1, 5, 0], [10, 10, 0], NAMES, **dark
    ),
    "confusion": lambda **dark: reports.confusion(np.eye(3), **dark),
    "many_classes": lambda **dark: reports.confusion(np.eye(60), **dark),
    "embedding_map": lambda **dark: reports.embedding_map(
        reports.project(POINTS), LABELS, NAMES, [np.ones((4, 4, 3))] * 30
    ),
    "gallery": lambda **dark: reports.gallery(
        [np.ones((4, 4)), np.zeros((6, 4, 3))] * 5, list("abcdefghij"), **dark
    ),
    "label_efficiency": lambda **dark: reports.label_efficiency(ROWS, **dark),
    "learning": lambda **dark: reports.learning(
        {"loss": {"a": ([1, 2], [3, 4]), "b": ([1], [2])}}, [2], **dark
    ),
    "neighbours": lambda **dark: reports.neighbours(
        [[np.ones((4, 4, 1))] * 3] * 2, [["cat", "cat", "$"]] * 2, **dark
    ),
    "reliability": lambda **dark: reports.reliability(
        np.array([0.2, 0.9]), np.array([False, True]), **dark
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_in_light_and_dark(name):
    light, dark = (png(FIGURES[name](dark=d)) for d in (False, True))
    assert light == png(FIGURES[name](dark=False))
    corner = Image.open(io.BytesIO(light)).convert("RGB").getpixel((0, 0))
    assert corner == (255, 255, 255)
    if name != "embedding_map":
        assert light != dark


def test_figures_leave_matplotlib_alone():
    code = (
        "import sys, simclrv2_tf\n"
        "assert 'matplotlib' not in sys.modules\n"
        "simclrv2_tf.reports.confusion([[1, 0], [0, 1]])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_a_figure_without_pyplot():
    figure = reports.confusion(np.eye(3))
    picture, size = figure._repr_png_()
    width, height = Image.open(io.BytesIO(picture)).size
    inches = figure.get_size_inches()
    assert size["width"] == pytest.approx(100 * inches[0], abs=1)
    assert size["width"] / size["height"] == pytest.approx(width / height, 0.02)


def test_class_names_may_be_an_array():
    """As `embed` gives them."""
    names, given = np.array(NAMES), {"dark": False}
    points = reports.project(POINTS)
    for draw in (
        lambda n: reports.embedding_map(points, LABELS, n, **given),
        lambda n: reports.confusion(np.eye(3), n, **given),
        lambda n: reports.class_accuracy([1, 5, 0], [9, 9, 0], n, **given),
    ):
        assert png(draw(names)) == png(draw(NAMES))


def test_a_gallery_has_a_place_for_each_image():
    images = [np.zeros((4, 4, 3))] * 5
    figure = reports.gallery(images, list("abcde"), columns=3)
    assert [axes.get_title() for axes in figure.axes] == [*"abcde", ""]
    with pytest.raises(ValueError, match="must be 5, one for each.*ed: 2"):
        reports.gallery(images, ["a", "b"])


def test_rows_of_a_curve_are_told_apart_by_what_differs():
    (axes,) = reports.label_efficiency(ROWS).axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["run", "raw pixels"]  # as the rows come


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_projections_keep_groups_together_and_repeat(method):
    points = maps.project(POINTS, method)
    assert points.shape == (30, 2)
    np.testing.assert_array_equal(points, maps.project(POINTS, method))
    near = tiles.nearest(points - points.mean(0) + 1e3, range(30), 1)
    assert near.shape == (30, 1)
    centres = np.stack([points[LABELS == k].mean(0) for k in range(3)])
    distance = np.linalg.norm(points[:, None] - centres, axis=-1)
    assert (distance.argmin(1) == LABELS).mean() > 0.9


def test_projections_say_what_they_take():
    with pytest.raises(ValueError, match="'pca' or 'tsne'. Received.*'umap'"):
        maps.project(POINTS, "umap")
    with pytest.raises(ValueError, match=r"at least 3.*\(2, 5\)"):
        maps.project(POINTS[:2])


def test_neighbours_are_the_nearest_by_cosine():
    features = np.array([[1, 0], [9, 1], [0, 1], [-1, 0]], float)
    assert tiles.nearest(features, [0, 2], 2).tolist() == [[1, 2], [1, 0]]
    assert tiles.nearest(features, [0], 9).shape == (1, 3)
    assert tiles.nearest(features, [], 2).shape == (0, 2)


def test_the_numbers_of_a_classifier():
    logits = np.log([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.5, 0.5]])
    judged = classifier_figures.judge(logits, np.array([0, 0, 1, -1]))
    assert judged.matrix().tolist() == [[2, 0], [1, 0]]
    assert judged.counts()["examples"].tolist() == [2, 1]
    assert judged.counts()["right"].tolist() == [2, 0]
    assert judged.confused() == [(1, 0, 1)]
    assert judged.surest_mistakes(5).tolist() == [2]
    assert judged.least_sure(2).tolist() == [3, 1]
    numbers = judged.summary()
    assert numbers["examples"] == 3
    assert numbers["accuracy"] == pytest.approx(2 / 3)
    assert numbers["balanced"] == pytest.approx(0.5)
    # Each in a bin of its own: 0.1, 0.4 and 0.8 off.
    assert numbers["calibration_error"] == pytest.approx(1.3 / 3)


def test_answers_do_not_depend_on_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(40, 7)), rng.integers(-1, 7, 40)
    whole = classifier_figures.judge(logits, labels)
    monkeypatch.setattr(classifier_figures, "_AT_ONCE", 21)
    parts = classifier_figures.judge(logits, labels)
    for name in ("answers", "confidence", "margin"):
        np.testing.assert_array_equal(
            getattr(parts, name), getattr(whole, name)
        )
    matrix = whole.matrix()
    assert whole.counts()["right"].tolist() == np.diag(matrix).tolist()
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")[:8]
    pairs = zip(*np.unravel_index(order, matrix.shape), strict=True)
    assert whole.confused() == [(a, b, matrix[a, b]) for a, b in pairs]


def test_many_classes_have_no_matrix(monkeypatch):
    """Of 40,000 it would take 13 GB."""
    classes = 40_000
    leads = np.array([[0, 0.9, 0.8], [classes - 1, 0.5, 0.1], [7, 0.4, 0.1]])
    judged = classifier_figures.judged(leads, np.array([0, 3, -1]), classes)

    def refuse(self):
        raise AssertionError("a matrix")

    monkeypatch.setattr(classifier_figures.Judged, "matrix", refuse)
    seen = types.SimpleNamespace(
        judged=judged,
        names=[str(number) for number in range(classes)],
        temperature=1.0,
        fitted="",
    )
    shown = image_section._result(seen, Pictures())
    assert shown["confused"] == [("3", str(classes - 1), 1)]
    assert len(shown["figures"]) == 2 and not shown["has_matrix"]
    assert shown["accuracy"] == shown["balanced"] == 0.5


def test_bars_say_that_they_are_the_worst():
    (axes,) = reports.class_accuracy([1] * 32, [2] * 31 + [0]).axes
    assert axes.get_title() == "the 30 worst of 31"
    (axes,) = reports.class_accuracy([1] * 30, [2] * 30).axes
    assert axes.get_title() == ""
