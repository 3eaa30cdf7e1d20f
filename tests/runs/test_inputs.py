"""What a run reads: splits, and what it is left of them."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.config import Config
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs.training_data import TrainingData

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


def allowed(config, source):
    return TrainingData(config, source).unreadable.allowed


def test_few_labels_may_have_as_many_unreadable_images_as_all_images():
    few = {"dataset": "digits", "labels_per_class": 2, "image_size": 8}
    for stage in ("pretrain", "finetune"):
        config = Config(train_mode=stage, **few)
        source = inputs.choose_labels(config, inputs.open_source(config))
        assert allowed(config, source) == 14  # of 1437
    none = Config(train_mode="finetune", **few, max_corrupt_fraction=0.0)
    assert allowed(none, source) == 0


def test_so_may_what_is_set_aside_but_no_slice(tmp_path):
    config = Config(
        dataset="digits", eval_split="holdout", holdout_fraction=0.1
    )
    assert inputs.open_evaluation(config).taken_from == 1437
    assert inputs.open_source(config).taken_from == 1437
    assert not inputs.open_source(config, "train[:100]").taken_from
    names = tmp_path / "names.txt"
    names.write_text(f"{inputs.open_source(config).name}#0\n")
    without = Config(dataset="digits", exclude_images=str(names))
    assert inputs.open_source(without).num_examples == 1436
    assert not inputs.open_source(without).taken_from


def test_a_file_of_two_splits_stays_where_its_row_says_so(tmp_path):
    for name in "abc":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    data, table = tmp_path / "data.csv", tmp_path / "near_duplicates.csv"
    rows = "a.png,train b.png,train b.png,test c.png,test".split()
    data.write_text("\n".join(["path,split", *rows]))
    table.write_text("file,split,keep\nb.png,train,no\nb.png,test,yes\n")
    config = Config(dataset=f"csv:{data}", exclude_images=str(table))
    assert inputs.open_source(config, "train").num_examples == 1
    assert inputs.open_source(config, "test").num_examples == 2


def test_another_data_set_is_evaluated_on_by_its_name(tmp_path):
    np.savez(tmp_path / "one.npz", images=np.zeros((3, 4, 4, 3), np.uint8))
    name = f"npz:{tmp_path / 'one.npz'}"
    config = Config(dataset="digits", holdout_fraction=0.5)
    assert inputs.open_evaluation_of(config, name).num_examples == 3
    config = Config(dataset="digits", eval_split="test")
    assert inputs.open_evaluation_of(config, "digits").num_examples == 360
    with pytest.raises(NoSplitError, match="--eval_split=test must name"):
        inputs.open_evaluation_of(config, name)
