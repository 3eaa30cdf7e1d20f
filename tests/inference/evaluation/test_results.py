"""The line that an evaluation prints."""

import numpy as np
import pytest

from simclrv2_tf.inference.evaluation import results


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1281167, "1281167"),
        (np.int64(1281167), "1281167"),
        (360, "360"),
        (np.float64(0.123456789), "0.123457"),
        (1.0, "1"),
    ],
)
def test_whole_numbers_are_printed_in_full(capsys, value, shown):
    results.report({"eval/knn_references": value}, 4, None)
    line = capsys.readouterr().out
    assert line == f"evaluation  eval/knn_references {shown}\n"
