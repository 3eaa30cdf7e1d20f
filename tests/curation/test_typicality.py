"""Typicality, against loops; clusters in turn."""

import itertools

import numpy as np
import pytest

from simclrv2_tf.curation import clusters
from simclrv2_tf.curation import typicality
from simclrv2_tf.curation.typicality import in_turn

RNG = np.random.default_rng(0)


def naive_typicality(rows, neighbours):
    """1 / mean distance to the nearest, example by example."""
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found = []
    for place, row in enumerate(rows):
        others = np.delete(rows, place, axis=0)
        apart = sorted(np.linalg.norm(others - row, axis=1))
        found.append(1 / np.mean(apart[:neighbours]))
    return np.array(found)


def blobs(sizes, spread=0.05, width=8):
    """Rows around orthogonal centres, and the centre of each."""
    parts = [
        np.eye(width)[k] + spread * RNG.normal(size=(size, width))
        for k, size in enumerate(sizes)
    ]
    rows = np.concatenate(parts).astype(np.float32)
    return rows, np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize("count, neighbours", [(90, 20), (12, 6), (3, 1)])
def test_typicality_is_that_of_the_paper(count, neighbours):
    rows = RNG.normal(size=(count, 5)).astype(np.float32)
    expected = naive_typicality(rows, neighbours)
    np.testing.assert_allclose(typicality.typicality(rows), expected, rtol=1e-3)


def test_copies_are_typical_and_one_alone_is_not():
    same = np.ones((4, 3), np.float32)
    assert np.isfinite(typicality.typicality(same)).all()
    assert typicality.typicality(same[:1]).tolist() == [0.0]


def test_each_cluster_has_its_turn_the_largest_first():
    rows, centre = blobs([30, 20, 10])
    nothing = np.zeros(len(rows), bool)
    order = [n for n, _ in in_turn(rows, nothing, 3)]
    assert centre[order[:6]].tolist() == [0, 1, 2, 0, 1, 2]
    assert sorted(order) == list(range(60))
    first = np.flatnonzero(centre == 0)
    densest = naive_typicality(rows[first], 15).argmax()
    assert order[0] == first[densest]


def test_clusters_with_a_label_come_last():
    rows, centre = blobs([30, 20, 10])
    labelled = np.zeros(len(rows), bool)
    labelled[[0, 31]] = True  # of the first and the second
    order = [n for n, _ in itertools.islice(in_turn(rows, labelled, 1), 3)]
    assert centre[order].tolist() == [2, 0, 1]
    assert not labelled[order].any()


def test_small_clusters_wait_until_others_are_used_up():
    rows, centre = blobs([12, 3, 9])
    nothing = np.zeros(len(rows), bool)
    order = [n for n, _ in in_turn(rows, nothing, 3)]
    assert set(centre[order[-3:]]) == {1}


def test_no_more_clusters_than_examples():
    rows = RNG.normal(size=(4, 3)).astype(np.float32)
    order = [n for n, _ in in_turn(rows, np.zeros(4, bool), 4)]
    assert sorted(order) == [0, 1, 2, 3]


def test_many_examples_are_clustered_by_some_of_them(monkeypatch):
    rows, centre = blobs([30, 20, 10])
    monkeypatch.setattr(clusters, "FITTED", 40)
    monkeypatch.setattr(clusters, "WHOLE_STEPS", 1)
    found = clusters.clusters_of(rows, 3)
    pairs = set(zip(centre.tolist(), found.tolist(), strict=True))
    assert len(found) == 60 and len(pairs) == 3
