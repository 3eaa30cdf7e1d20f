"""Each cheap classifier beside scikit-learn's, and in blocks as at once."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neighbors import NearestNeighbors

from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing import feature_rows
from simclrv2_tf.probing import intervals
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing import nearest
from simclrv2_tf.probing import ridge
from simclrv2_tf.probing import softmax_regression
from simclrv2_tf.probing.feature_rows import StoredRows

RNG = np.random.default_rng(0)


def clusters(classes=4, count=120, width=6, spread=1.5):
    labels = np.arange(count) % classes
    centres = np.random.default_rng(classes).normal(size=(classes, width))
    features = centres[labels] + spread * RNG.normal(size=(count, width))
    return features.astype(np.float32), labels


@pytest.fixture
def stored(tmp_path):
    def store(features, numbers=None):
        path = str(tmp_path / "features.npy")
        np.save(path, features)
        return StoredRows(path, numbers)

    return store


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of few rows, and none that may be held whole."""
    monkeypatch.setattr(feature_rows.blocks, "__defaults__", (60,))
    monkeypatch.setattr(nearest, "BLOCK", 60)
    monkeypatch.setattr(ridge, "BLOCK", 60)
    monkeypatch.setattr(nearest, "QUERIES", 7)
    monkeypatch.setattr(feature_rows, "FEW", 0)


def test_rows_of_a_file_are_those_asked_for(stored):
    features = RNG.normal(size=(20, 3)).astype(np.float32)
    rows = stored(features).take(np.array([1, 5, 9, 13])).take(np.array([1, 3]))
    assert rows.shape == (2, 3)
    np.testing.assert_array_equal(rows[:], features[[5, 13]])
    np.testing.assert_array_equal(rows[1:2], features[[13]])


@pytest.mark.parametrize("k", [1, 5, 30])
@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_votes_equal_those_of_scikit_learn(k, temperature):
    known, labels = clusters()
    asked, _ = clusters()

    def weights(distance):  # of cosines: 1 - cosine
        return np.exp((1 - distance) / temperature)

    twin = KNeighborsClassifier(k, metric="cosine", weights=weights)
    expected = twin.fit(known, labels).predict(asked)
    told = nearest.neighbours(known, labels, asked, k, temperature)
    np.testing.assert_array_equal(told, expected)


@pytest.mark.parametrize("temperature", [1e-2, 1e-3, 1e-30, 1e-300])
def test_at_small_temperatures_the_nearest_decides(temperature):
    rng = np.random.default_rng(1)
    known, asked = rng.normal(size=(2, 120, 6)).astype(np.float32)
    labels = np.arange(120) % 4 + 1  # no vote is for class 0
    told = nearest.neighbours(known, labels, asked, 20, temperature)
    assert (told > 0).all()
    if temperature <= 1e-30:
        expected = nearest.neighbours(known, labels, asked, 1)
        np.testing.assert_array_equal(told, expected)


def test_no_settings_have_no_votes():
    known, labels = clusters()
    told = nearest.votes(known, labels, known[:7], [])
    assert told.shape == (0, 7) and told.dtype == np.int64


def test_votes_do_not_depend_on_blocks(stored, small_blocks):
    known, labels = clusters()
    asked, _ = clusters(count=50)
    settings = [(1, 0.1), (10, 0.07), (10, 1.0), (500, 0.1)]
    in_blocks = nearest.votes(stored(known), labels, asked, settings)
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    asked = asked / np.linalg.norm(asked, axis=1, keepdims=True)
    for (k, temperature), told in zip(settings, in_blocks, strict=True):
        for query, answer in zip(asked, told, strict=True):
            cosine = unit @ query
            index = np.argsort(-cosine)[:k]
            weight = np.exp(cosine[index] / temperature)
            assert np.bincount(labels[index], weight).argmax() == answer


def test_the_nearest_others_are_those_of_scikit_learn(stored, small_blocks):
    features, _ = clusters()
    unit = nearest.unit(features)
    finder = NearestNeighbors(n_neighbors=6).fit(unit)
    apart, index = finder.kneighbors(unit)
    cosine, found = nearest.nearest_others(stored(features), 5)
    np.testing.assert_array_equal(found, index[:, 1:])
    np.testing.assert_allclose(
        nearest.distance(cosine), apart[:, 1:], atol=2e-3
    )


def test_the_nearest_others_of_some(stored, small_blocks):
    features, _ = clusters()
    known, some = stored(features), np.array([7, 2])
    expected = nearest.nearest_others(known, 5)
    for got, of_all in zip(
        nearest.others_of(some, features[some], known, 5), expected, strict=True
    ):
        np.testing.assert_allclose(got, of_all[some], rtol=1e-6)


def test_an_example_is_never_its_own_neighbour():
    same = np.ones((5, 3), np.float32)
    cosine, found = nearest.nearest_others(same, 9)
    assert found.shape == cosine.shape == (5, 4)
    assert not (found == np.arange(5)[:, None]).any()
    np.testing.assert_allclose(cosine, 1, rtol=1e-6)


def in_one(others, rows):
    """What is told block by block, of all examples."""
    told = list(others.probabilities(rows))
    assert all(part.stop - part.start <= 50 for part, _ in told)
    return np.concatenate([shares for _, shares in told])


def test_what_is_left_out_is_told_by_the_others(stored, monkeypatch):
    monkeypatch.setattr(cross_validation, "_AT_ONCE", 50)
    features, labels = clusters(spread=0.3)
    rows = stored(features)
    others = cross_validation.leave_out(rows, labels, 5, strength=1.0)
    told = in_one(others, rows)
    np.testing.assert_allclose(told.sum(axis=1), 1)
    assert (told.argmax(axis=1) == labels).all()
    # Alone against its label: what the others say, not what it is told.
    wrong = labels.copy()
    wrong[7] = (wrong[7] + 1) % 4
    others = cross_validation.leave_out(features, wrong, 4, 1.0)
    doubted = in_one(others, features)
    assert doubted[7].argmax() == labels[7]


def test_a_small_class_takes_no_labels_from_the_others(monkeypatch):
    """Two labels of one class, and the others know of four fifths."""
    labels = np.array([0] * 20 + [1] * 20 + [2] * 2)
    rows = RNG.normal(size=(42, 4)).astype(np.float32)
    seen = []

    def fit(known, known_labels, classes, strength):
        seen.append(np.bincount(known_labels).tolist())
        return linear_probe.LinearProbe(np.zeros((4, 3)), np.zeros(3))

    monkeypatch.setattr(linear_probe, "fit", fit)
    others = cross_validation.leave_out(rows, labels, 3, 1.0)
    assert len(seen) == 5 and {tuple(counts[:2]) for counts in seen} == {
        (16, 16)
    }
    assert sorted(counts[2] for counts in seen) == [1, 1, 2, 2, 2]
    assert len(set(others.fold[40:])) == 2
    pairs = np.array([0, 0, 1, 1])
    assert len(cross_validation.leave_out(rows[:4], pairs, 2, 1.0).probes) == 2


def test_rows_of_a_file_are_fitted_from_there(stored, monkeypatch):
    """Four fifths of ImageNet's would be 8 GB."""
    features, labels = clusters()
    kinds = []

    def fit(known, *_):
        kinds.append(type(known))
        return linear_probe.LinearProbe(np.zeros((6, 4)), np.zeros(4))

    monkeypatch.setattr(linear_probe, "fit", fit)
    cross_validation.leave_out(stored(features), labels, 4, 1.0)
    assert set(kinds) == {feature_rows.StoredRows}


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_regression_in_blocks_equals_scikit_learn(
    classes, strength, stored, small_blocks
):
    features, labels = clusters(classes)
    twin = LogisticRegression(C=strength, tol=1e-8, max_iter=5000)
    twin.fit(features, labels)
    kernel, bias = softmax_regression.fit(
        stored(features), labels, classes, strength
    )
    logits = features @ kernel + bias
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, twin.predict_proba(features), atol=5e-4)


def test_the_probe_of_many_rows_is_that_of_few(
    stored, small_blocks, monkeypatch
):
    features, labels = clusters(3)
    features *= 100
    in_blocks = linear_probe.fit(stored(features), labels + 1, 5)
    monkeypatch.setattr(feature_rows, "FEW", 10**9)
    at_once = linear_probe.fit(features, labels + 1, 5)
    np.testing.assert_allclose(
        in_blocks.logits(features)[:, 1:4],
        at_once.logits(features)[:, 1:4],
        atol=2e-2,
    )
    assert set(in_blocks.classes(features)) == {1, 2, 3}


@pytest.mark.parametrize("count", [120, 5])  # more than features, and fewer
@pytest.mark.parametrize("l2", [1.0, 1024.0])
def test_closed_form_equals_scikit_learn(count, l2, stored, small_blocks):
    features, labels = clusters(4, count)
    mean, scale = features.mean(0), features.std(0) + 1e-5
    targets = 2 * np.eye(4)[labels] - 1
    twin = Ridge(alpha=l2).fit((features - mean) / scale, targets)
    expected = twin.predict((features - mean) / scale)
    probe = ridge.fit(stored(features), labels, 4, l2)
    np.testing.assert_allclose(probe.logits(features), expected, atol=1e-5)


def test_targets_of_many_classes_are_not_held_whole(monkeypatch):
    monkeypatch.setattr(ridge, "BLOCK", 2**18)
    features, labels = clusters(500, 20_000, 16)
    tracemalloc.start()
    ridge.fit(features, labels, 500)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 500 * 4  # as float32 they take that


def test_the_strength_is_chosen_by_what_is_left_out():
    features, labels = clusters(3, 60, 40, 4.0)
    strength, how = cross_validation.choose_strength(features, labels)
    right = {
        tried: cross_validation.left_out(
            lambda *parts, s=tried: linear_probe.classify(*parts, s),
            features,
            labels,
        ).mean()
        for tried in cross_validation.STRENGTHS
    }
    assert right[strength] >= max(right.values()) - 2 / 60
    assert how == ("cross-validation on 60 training labels, each fold left out")


def test_wide_features_are_turned_and_answers_stay():
    features, labels = clusters(3, 30, 100)
    turned = cross_validation._in_their_span(features)
    assert turned.shape == (30, 30)
    np.testing.assert_allclose(
        turned @ turned.T, features @ features.T, rtol=1e-4, atol=1e-3
    )
    logits, others = (
        linear_probe.fit(
            rows, labels, 3, moments=linear_probe.AS_THEY_ARE
        ).logits(rows)
        for rows in (features, turned)
    )
    np.testing.assert_allclose(others, logits, atol=1e-2 * logits.std())


def test_an_example_that_is_alone_in_its_class_is_never_left_out():
    labels = np.array([0, 1, 0, 1, 2, 0, 1])
    asked = []

    def classify(known, known_labels, queries):
        assert 4 in known  # it may be an answer
        asked.extend(queries.tolist())
        return np.where(np.isin(queries, [0, 2, 5]), 0, 2)

    right = cross_validation.left_out(classify, np.arange(7), labels)
    assert sorted(asked) == [0, 1, 2, 3, 5, 6]
    assert right.tolist() == [True, False, True, False, True, False]


def test_a_single_label_leaves_the_usual_strength():
    strength, how = cross_validation.choose_strength(np.eye(3), np.arange(3))
    assert strength == linear_probe.STRENGTH and "the usual one" in how


def test_many_labels_are_looked_at_in_part(monkeypatch):
    monkeypatch.setattr(cross_validation, "MOST", 40)
    monkeypatch.setattr(cross_validation, "EACH_FOLD", 30)
    _, how = cross_validation.choose_strength(*clusters(4))
    assert how == "cross-validation on 40 training labels, one fold left out"


@pytest.mark.parametrize("most", [99, 97, 3])
def test_few_labels_above_the_most_or_many_classes(monkeypatch, most):
    """So few are left over, or chosen, that some classes have none."""
    monkeypatch.setattr(cross_validation, "MOST", most)
    labels = np.repeat([0, 1, 2, 3], [2, 38, 30, 30])
    chosen = cross_validation._some(labels, 0)
    assert len(np.unique(chosen)) == len(chosen) == most
    if most > 90:
        counts = np.bincount(labels[chosen])
        assert counts[0] == 2 and (counts >= [2, 37, 29, 29]).all()
    assert set(chosen) != set(cross_validation._some(labels, 1))


def test_a_number_that_no_label_has_is_no_class(monkeypatch):
    monkeypatch.setattr(cross_validation, "MOST", 20)
    labels = np.repeat([0, 1, 3], [40, 30, 30])
    counts = np.bincount(labels[cross_validation._some(labels, 0)])
    assert counts.tolist() == [8, 6, 0, 6]


def test_student_on_known_values():
    # R: t.test(c(0.5, 0.6, 0.7)): 0.3515862 0.8484138
    low, high = intervals.student([0.5, 0.6, 0.7])
    assert (low, high) == pytest.approx((0.3515862, 0.8484138), abs=1e-6)
    assert intervals.student([0.0, 0.9])[0] == 0.0
