"""Linear probes beside scikit-learn's own answers."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from simclrv2_tf.probing import feature_rows
from simclrv2_tf.probing import linear_probe


def blobs(classes, scale=1.0):
    rng = np.random.default_rng(0)
    labels = np.arange(20 * classes) % classes
    centres = 3 * rng.normal(size=(classes, 6))
    return scale * (centres[labels] + rng.normal(size=(len(labels), 6))), labels


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_equals_scikit_learn_on_standardised_features(classes):
    features, labels = blobs(classes)
    features *= [1.0, 10.0, 0.1, 1.0, 5.0, 1.0]  # one does not outweigh others
    twin = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    twin.fit(features, labels)
    logits = linear_probe.fit(features, labels, classes).logits(features)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(
        shares, twin.predict_proba(features), rtol=1e-5, atol=1e-8
    )


def test_a_constant_feature_is_not_looked_at():
    features, labels = blobs(3)
    features[:, 2] = 0.25
    probe = linear_probe.fit(features, labels, 3)
    np.testing.assert_allclose(probe.kernel[2], 0.0, atol=1e-6)


def test_answers_do_not_depend_on_the_scale_of_features():
    small, labels = blobs(4, 1e-2)
    one = linear_probe.fit(small, labels, 4).logits(small)
    other = linear_probe.fit(1e4 * small, labels, 4).logits(1e4 * small)
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_class_without_an_example_is_never_the_likeliest():
    features, labels = blobs(3)
    probe = linear_probe.fit(features, labels + (labels > 0), 5)
    assert probe.kernel.shape == (6, 5)
    told = probe.logits(features).argmax(1)
    np.testing.assert_array_equal(told, labels + (labels > 0))
    far = probe.logits(1e4 * np.random.default_rng(1).normal(size=(99, 6)))
    assert not np.isin(far.argmax(1), [1, 4]).any()


def test_refuses_examples_of_one_class():
    with pytest.raises(
        ValueError, match="two classes or more. Received: 5 of 1"
    ):
        linear_probe.fit(np.ones((5, 2)), np.ones(5, int), 3)


def test_moments_are_those_of_numpy(monkeypatch):
    features, _ = blobs(3)
    monkeypatch.setattr(feature_rows.blocks, "__defaults__", (7 * 6,))
    mean, variance = feature_rows.mean_and_variance(features)
    rows = np.float32(features).astype(np.float64)
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(variance, rows.var(axis=0), rtol=1e-9)
    found = linear_probe.moments_of(features)
    np.testing.assert_array_equal(found.mean, mean)
    np.testing.assert_array_equal(found.deviation, np.sqrt(variance))
