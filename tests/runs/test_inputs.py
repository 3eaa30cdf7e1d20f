"""What a run reads: a split that is not there names its flag."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import inputs

OPENED = {
    "eval_split": inputs.open_evaluation,
    "train_split": inputs.open_source,
    "split": sweep.open_whole,
}


@pytest.mark.parametrize("option", list(OPENED))
def test_a_split_that_is_not_there_names_its_flag_and_the_splits(option):
    config = Config(dataset="digits", **{option: "val"})
    message = f"--{option}=val must name a split .* has the splits train, test"
    with pytest.raises(NoSplitError, match=message) as raised:
        OPENED[option](config)
    assert raised.value.known == ("train", "test")


def test_so_does_the_share_that_is_set_aside():
    config = Config(dataset="digits", eval_split="holdout")
    with pytest.raises(NoSplitError, match="--eval_split=holdout must"):
        inputs.open_evaluation(config)
    config = Config(
        dataset="digits", eval_split="holdout", holdout_fraction=0.1
    )
    assert inputs.open_evaluation(config).num_examples == 145
