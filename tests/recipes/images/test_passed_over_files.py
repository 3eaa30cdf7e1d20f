"""The pattern that a plan names is of the shards alone."""

import pytest
from data_files import rows
from data_files import write_tar
from data_files import write_tfrecord

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.recipes.images import evaluation_split
from simclrv2_tf.recipes.images.evaluation_split import EvaluationSplit

INDEX = ".idx"


@pytest.mark.parametrize(
    ("write", "ending", "pattern"),
    [
        (write_tar, ".tar", "*unlabeled*.tar"),
        (write_tfrecord, ".tfrecord", "*unlabeled*.tfrecord"),
        (write_tfrecord, ".tfrecord-00000-of-00001", None),
    ],
)
def test_an_index_beside_shards_is_none_of_them(
    tmp_path, write, ending, pattern
):
    """The command read it as a shard."""
    kind = write.__name__.removeprefix("write_")
    for split in ("train", "unlabeled"):
        write(tmp_path / f"{split}{ending}", rows())
        (tmp_path / f"{split}{ending}{INDEX}").write_text("0 1")
    dataset = f"{kind}:{tmp_path}"
    chosen = EvaluationSplit(None, "validation")
    (note,) = evaluation_split.passed_over(Config(dataset=dataset), chosen)
    if pattern is None:
        assert f"FILE, and give --dataset=concat:{dataset},{kind}:FILE" in note
        return
    joined = f"concat:{dataset},{dataset}/{pattern}"
    assert f"; '--dataset={joined}' trains on the images there too" in note
    assert sources.open_source(joined).num_examples == 24


def test_numbers_behind_the_ending_are_no_endings(tmp_path):
    for split in ("train", "unlabeled"):
        for number in range(2):
            name = f"{split}.tfrecord-{number:05d}-of-00002"
            write_tfrecord(tmp_path / name, rows(slice(number, None, 2)))
    dataset = f"tfrecord:{tmp_path}"
    chosen = EvaluationSplit(None, "validation")
    (note,) = evaluation_split.passed_over(Config(dataset=dataset), chosen)
    joined = f"concat:{dataset},{dataset}/*unlabeled*"
    assert f"--dataset={joined}" in note
    assert sources.open_source(joined).num_examples == 24
