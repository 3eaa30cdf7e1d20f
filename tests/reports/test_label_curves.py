"""Curves of probes: each network its own, and no more than can be read."""

import pytest

from simclrv2_tf.reports import label_curves


def row(network, classifier="logistic", labels=5, family="logistic"):
    return {
        "network": network,
        "endpoint": "final_avg_pool",
        "classifier": classifier,
        "labels": labels,
        "mean": 0.5,
        "low": 0.4,
        "high": 0.6,
        "family": family,
    }


def names(rows):
    (axes,) = label_curves.label_efficiency(rows).axes
    legend = axes.get_legend()
    return sorted(text.get_text() for text in legend.get_texts())


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["/jobs/one/pretrained", "pixels"], ["pixels", "pretrained"]),
        (
            ["/a/long/way/to/one/run", "/a/long/way/to/two/run", "pixels"],
            ["one/run", "pixels", "two/run"],
        ),
        (["run", "/elsewhere/run"], ["elsewhere/run", "run"]),
    ],
)
def test_networks_have_names_that_tell_them_apart(networks, expected):
    assert names([row(network) for network in networks]) == expected


def test_one_network_is_called_by_its_classifiers():
    rows = [row("/runs/a", way) for way in ("logistic", "ridge")]
    assert names(rows) == ["logistic", "ridge"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "labels a class"), ({"xlabel": "labels"}, "labels")],
)
def test_the_axis_says_what_is_counted(options, words):
    (axes,) = label_curves.label_efficiency([row("a")], **options).axes
    assert axes.get_xlabel() == words


def test_shares_of_a_narrow_range_differ():
    rows = [row("a", labels=n) | {"mean": 0.94 + n / 1e4} for n in (1, 90)]
    rows = [{**r, "low": r["mean"], "high": r["mean"]} for r in rows]
    (axes,) = label_curves.label_efficiency(rows).axes
    axes.figure.draw_without_rendering()
    shown = [tick.get_text() for tick in axes.get_yticklabels()]
    assert len(set(shown)) == len(shown) > 2


def test_many_curves_have_their_names_below():
    rows = [row(f"/runs/{number}") for number in range(7)]
    (many,) = label_curves.label_efficiency(rows).axes
    (few,) = label_curves.label_efficiency(rows[:6]).axes
    assert many.figure.get_figheight() > few.figure.get_figheight()


def test_the_neighbours_votes_have_one_setting():
    rows = [row("a", "k=1", labels, "knn") for labels in (1, 5)]
    rows += [row("a", "k=10", labels, "knn") for labels in (1, 5, 20)]
    rows += [row("a", "k=20", labels, "knn") for labels in (1, 5, 20)]
    rows += [row("a", labels=labels) for labels in (1, 5, 20)]
    kept = label_curves.of_few_neighbours(rows)
    assert {r["classifier"] for r in kept} == {"k=10", "logistic"}
    assert len(kept) == 6
    assert label_curves.of_few_neighbours(rows[-3:]) == rows[-3:]
