"""One, two and four replicas gather, and contrast, the same."""

import numpy as np
import pytest
import replicas
import tensorflow as tf

from simclrv2_tf import distribution

CONTRASTS = [f"tile{t}_norm{n}" for t in (0, 5) for n in (True, False)]


@pytest.fixture(scope="module")
def answers(of_replicas):
    """What one, two and four replicas answered to the same batch."""
    folder = of_replicas / replicas.COLLECTIVES
    return {n: dict(np.load(folder / f"{n}.npz")) for n in (1, 2, 4)}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_gather_joins_in_the_order_of_replicas(answers, count):
    everything, offsets = (answers[count][f"gather/{i}"] for i in (0, 1))
    whole = answers[1]["gather/0"][0]
    assert everything.shape == (count, replicas.GLOBAL_BATCH, replicas.DIM)
    for of_replica in everything:
        np.testing.assert_array_equal(of_replica, whole)
    size = replicas.GLOBAL_BATCH // count
    np.testing.assert_array_equal(
        offsets, np.arange(replicas.GLOBAL_BATCH) // size * size
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_gather_gradient_adds_what_every_replica_owes(answers, count):
    rows, columns = replicas.GLOBAL_BATCH, replicas.DIM
    weights = np.arange(rows * columns).reshape(rows, columns)
    offsets = np.arange(count) * (rows // count)
    np.testing.assert_array_equal(
        answers[count]["gather/2"], weights * count + offsets.sum()
    )


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("case", CONTRASTS)
def test_contrast_is_the_same_on_every_number_of_replicas(answers, case, count):
    for index in range(5):  # loss, accuracy, entropy, two gradients
        np.testing.assert_allclose(
            answers[count][f"{case}/{index}"],
            answers[1][f"{case}/{index}"],
            rtol=1e-5,
            atol=1e-6,
        )


def test_normalization_keeps_its_digits_on_every_number_of_replicas(answers):
    """Channels whose mean is 1 to 1,000 deviations, against float64."""
    x, upstream = replicas.far_from_zero()
    mean, variance, outputs, gradient = replicas.normalize_in_float64(
        x, upstream
    )
    for count in (1, 2, 4):
        found = [answers[count][f"normalize/{i}"] for i in range(4)]
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
