"""Outliers: a naive twin, images of one kind together, what is degenerate."""

import numpy as np
import pytest

from simclrv2_tf.curation import outliers
from simclrv2_tf.curation.outliers import outlier_scores
from simclrv2_tf.probing.feature_rows import StoredRows

RNG = np.random.default_rng(0)


def plane(count=300):
    """Rows that vary in four of ten directions, about a mean."""
    rows = 3 + RNG.normal(size=(count, 4)) @ RNG.normal(size=(4, 10))
    return rows.astype(np.float32)


def naive(rows):
    """The same by the formulas of Ledoit and Wolf 2004, row by row."""
    x = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    x = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    count, width = x.shape
    sample = sum(np.outer(row, row) for row in x) / count
    level = np.trace(sample) / width
    apart = np.sum((sample - level * np.eye(width)) ** 2)
    noise = sum(np.sum((np.outer(row, row) - sample) ** 2) for row in x)
    shrinkage = min(noise / count**2, apart) / apart
    shrunk = (1 - shrinkage) * sample + shrinkage * level * np.eye(width)
    inverse = np.linalg.inv(shrunk)
    return np.array([row @ inverse @ row for row in x]) / width


def test_scores_are_those_of_the_formula():
    rows = plane()
    np.testing.assert_allclose(outlier_scores(rows), naive(rows), rtol=1e-3)


def test_outliers_of_one_kind_are_found_together():
    rows = plane()
    odd = RNG.normal(size=10) * 2 + 3
    rows[50:60] = odd + 0.01 * RNG.normal(size=(10, 10))
    assert set(np.argsort(-outlier_scores(rows))[:10]) == set(range(50, 60))


def test_length_and_order_do_not_count():
    rows = plane()
    found = outlier_scores(rows)
    longer = rows * RNG.uniform(0.5, 2, (len(rows), 1)).astype(np.float32)
    np.testing.assert_allclose(outlier_scores(longer), found, rtol=1e-3)
    turned = outlier_scores(rows[::-1])[::-1]
    np.testing.assert_allclose(turned, found, rtol=1e-3)


def test_rows_of_a_file_need_not_fit_the_memory(tmp_path, monkeypatch):
    rows = plane(400)
    np.save(tmp_path / "rows.npy", rows)
    stored = StoredRows(str(tmp_path / "rows.npy"))
    whole = outlier_scores(rows)
    np.testing.assert_allclose(outlier_scores(stored), whole)
    monkeypatch.setattr(outliers, "FEW", 2000)  # the covariance of 200 rows
    part = outlier_scores(stored)
    assert part.shape == (400,) and not np.array_equal(part, whole)
    assert np.corrcoef(part, whole)[0, 1] > 0.9


@pytest.mark.parametrize("count", [2, 5])
def test_images_that_are_all_alike_are_no_outliers(count):
    rows = np.ones((count, 10), np.float32)
    assert (outlier_scores(rows) < 1e-6).all()
