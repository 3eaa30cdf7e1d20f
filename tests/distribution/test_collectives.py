"""One, two and four replicas gather, and contrast, the same."""

import exactness
import numpy as np
import pytest
import replicas
import tensorflow as tf
from exactness_answers import check

from simclrv2_tf import distribution

CONTRASTS = [f"tile{t}_norm{n}" for t in (0, 5) for n in (True, False)]


FOUR = pytest.param(4, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def one(of_replicas):
    """What one replica answered to the batch that several share."""
    return read(of_replicas, 1)


@pytest.fixture
def several(count, request):
    """What as many replicas answered as the test says."""
    place = "of_four_replicas" if count == 4 else "of_replicas"
    return read(request.getfixturevalue(place), count)


def read(folder, count):
    return dict(np.load(folder / replicas.COLLECTIVES / f"{count}.npz"))


@pytest.mark.parametrize("count", [1, 2, FOUR])
def test_all_gather_joins_in_the_order_of_replicas(one, several, count):
    everything, offsets = (several[f"gather/{i}"] for i in (0, 1))
    whole = one["gather/0"][0]
    assert everything.shape == (count, replicas.GLOBAL_BATCH, replicas.DIM)
    for of_replica in everything:
        np.testing.assert_array_equal(of_replica, whole)
    size = replicas.GLOBAL_BATCH // count
    np.testing.assert_array_equal(
        offsets, np.arange(replicas.GLOBAL_BATCH) // size * size
    )


@pytest.mark.parametrize("count", [1, 2, FOUR])
def test_all_gather_gradient_adds_what_every_replica_owes(several, count):
    rows, columns = replicas.GLOBAL_BATCH, replicas.DIM
    weights = np.arange(rows * columns).reshape(rows, columns)
    offsets = np.arange(count) * (rows // count)
    np.testing.assert_array_equal(
        several["gather/2"], weights * count + offsets.sum()
    )


@pytest.mark.parametrize("count", [2, FOUR])
@pytest.mark.parametrize("case", CONTRASTS)
def test_contrast_is_the_same_on_every_number_of_replicas(one, several, case):
    for index in range(5):  # loss, accuracy, entropy, two gradients
        np.testing.assert_allclose(
            several[f"{case}/{index}"],
            one[f"{case}/{index}"],
            rtol=1e-5,
            atol=1e-6,
        )


@pytest.mark.parametrize("count", [1, 2, FOUR])
def test_normalization_keeps_its_digits_on_every_number_of_replicas(several):
    """Channels whose mean is 1 to 1,000 deviations, against float64."""
    x, upstream = replicas.far_from_zero()
    mean, variance, outputs, gradient = replicas.normalize_in_float64(
        x, upstream
    )
    found = [several[f"normalize/{i}"] for i in range(4)]
    np.testing.assert_allclose(found[0], outputs, atol=2e-4)
    np.testing.assert_allclose(found[1], gradient, rtol=0, atol=2e-4)
    for of_replica in found[2]:
        np.testing.assert_allclose(of_replica, mean, rtol=1e-6)
    for of_replica in found[3]:
        np.testing.assert_allclose(of_replica, variance, rtol=1e-5)


def test_one_replica_gathers_nothing():
    x = tf.ones((3, 2))
    assert distribution.all_gather(x) is x
    assert distribution.sum_over_replicas(x) is x
    assert distribution.num_replicas() == 1
    assert distribution.replica_id() == 0
    assert distribution.replica_offset(3) == 0


def test_two_replicas_are_one(of_replicas):
    """In one case; test_exactness has all of them."""
    assert set(check(of_replicas, exactness.CHEAPEST)) == {"2"}
