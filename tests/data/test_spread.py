"""Some examples of all, at equal distances."""

import numpy as np
import pytest

from simclrv2_tf.data.spread import spread


@pytest.mark.parametrize("examples", [0, 1, 2, 47, 48, 49, 1000])
def test_they_reach_from_the_first_to_the_last_each_once(examples):
    numbers = spread(examples, 48)
    assert numbers.dtype == np.int64
    assert len(set(numbers)) == len(numbers) == min(examples, 48)
    assert not examples or (numbers[0], numbers[-1]) == (0, examples - 1)
    assert np.ptp(np.diff(numbers)) <= 1 if examples > 1 else True


def test_few_are_all():
    assert spread(5, 48).tolist() == [0, 1, 2, 3, 4]
    assert spread(5, 1).tolist() == [0]
