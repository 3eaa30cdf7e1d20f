"""Parts of the labels: what they must leave to learn from."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import folds

OPTIONS = {
    "train_mode": "finetune",
    "checkpoint": "x",
    "export_best": "label_top_1_accuracy",
}


def test_a_part_has_a_label_for_each_replica():
    """Else a run would stop at its first fold, after pretraining in a job."""
    config = Config(**OPTIONS, best_folds=2)
    folds.check_parts(config, 8, 4)
    message = "which leaves 4 of 8 labels for 8 replicas; give --strategy=one_"
    with pytest.raises(ValueError, match=message):
        folds.check_parts(config, 8, 8)
    with pytest.raises(ValueError, match="leaves 4 of 9 labels"):
        folds.check_parts(config, 9, 5)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((4, 5), r"at most the labels.*give 2 to 4"),
        ((1, 9), "needs two labels"),
    ],
)
def test_each_class_has_a_label_for_each_part(counts, words):
    config = Config(**OPTIONS, best_folds=5)
    with pytest.raises(ValueError, match=words):
        folds.check(config, np.repeat([0, 1], counts))
    folds.check(config, np.repeat([0, 1], [5, 6]))
