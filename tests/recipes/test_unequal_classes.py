"""When classes are of clearly unequal size."""

import numpy as np
import pytest

from simclrv2_tf.recipes.unequal_classes import is_unequal


@pytest.mark.parametrize(
    ("counts", "unequal"),
    [
        ([598, 2], True),
        ([70, 30], True),
        ([36] * 9 + [37], False),  # digits
        ([60, 40], False),  # not clearly
        ([5, 3], False),  # by chance
        ([4] + [2] * 7 + [1] * 2, False),  # by chance
        ([4, 0], True),  # of one class alone
        ([1], False),
    ],
)
def test_classes_are_clearly_unequal(counts, unequal):
    assert is_unequal(np.array(counts)) is unequal
