"""A job says where it is evaluated on images that it trains on."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.config import Config
from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.recipes.images import leakage
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.runs import inputs
from tests.recipes.images.test_job_data import source


def data(evaluation, labelled=(0, 1, 2)):
    """Ten images to train on, and one to evaluate on for each number.

    Those below 0 are in no training set.
    """
    train = source([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    pixels = train.storage.subset(np.maximum(evaluation, 0))
    held = source([0] * len(evaluation))
    images = np.stack(
        [
            pixels.read(i) if number >= 0 else held.storage.read(i) + 1
            for i, number in enumerate(evaluation)
        ]
    )
    storage = type(held.storage)(images)
    held = type(held)("held out", held.labels, storage, held.class_names)
    return JobData(train, held, np.array(labelled), {}, "")


def test_copies_are_counted_and_one_is_named():
    (said,) = leakage.notes(data([-1, 1, 7, -1]))
    assert said.startswith(
        "train/test leakage: 2 of the 4 images that accuracy is measured on "
        "are trained on too, byte for byte, 1 of them with a label ("
    )
    assert "example 1 of held out = example 1 of these" in said


def test_nothing_is_said_where_there_is_none():
    assert leakage.notes(data([-1, -1])) == []
    train = source([0, 1, 2])
    assert leakage.notes(JobData(train, None, np.array([0]), {}, "")) == []


def test_a_search_that_was_not_ended_says_so():
    (said,) = leakage.notes(data([1, -1]), seconds=-1)
    assert said == (
        "train/test leakage was looked for in 0 of 12 images, for -1 seconds"
    )


@pytest.mark.parametrize("labelled", [(1,), (4, 1)])
def test_a_labelled_copy_counts_before_others(labelled):
    (said,) = leakage.notes(data([1], labelled))
    assert "1 of them with a label" in said


@pytest.fixture
def table(tmp_path):
    """Function that writes images and a CSV of two splits, and opens a job.

    Training has image `i` for each i below 70; `held` are evaluated on. Image
    `i` is copied to image `i + 100` where that is one of `held`.
    """
    for number in [*range(70), 100, 101]:
        pixels = np.random.default_rng(number % 100).integers(
            0, 255, (8, 8, 3), np.uint8
        )
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")

    def make(*held):
        rows = [("train", n) for n in range(70)] + [("test", n) for n in held]
        lines = [f"{n}.png,{'ab'[n % 2]},{split}" for split, n in rows]
        path = tmp_path / "data.csv"
        path.write_text("\n".join(["path,label,split", *lines]))
        return Config(dataset=f"csv:{path}")

    return make


def remedy(config):
    (said,) = leakage.notes(open_data(config))
    return said.split("Accuracy comes out too high: ")[1]


def test_copies_are_left_out_by_the_name_that_is_told(table, tmp_path):
    config = table(100, 101)
    words = (
        "--dataset_summary names them; --exclude_images leaves out those of "
        "training that a table names, such as "
    )
    said = remedy(config)
    assert said == f"{words}{tmp_path}/0.png"
    excluded = tmp_path / "excluded.txt"
    excluded.write_text(f"{said.removeprefix(words)}\n1.png\n")
    config = Config(dataset=config.dataset, exclude_images=str(excluded))
    data = open_data(config)
    assert leakage.notes(data) == []
    assert (data.train.num_examples, data.evaluation.num_examples) == (68, 2)


def test_a_file_of_both_splits_is_not_to_be_excluded(table):
    same = (
        "are the same file in both, which --exclude_images would take from "
        "both: name each for training or for evaluation alone"
    )
    assert remedy(table(3, 4, 5)) == (f"--dataset_summary names them; 3 {same}")
    said = remedy(table(3, 101))
    assert said.endswith(f"/1.png; 1 {same}")


def test_an_image_that_is_no_file_is_named_by_its_number(tmp_path):
    config = Config(dataset="digits")
    train = inputs.open_source(config)
    held = inputs.open_source(config, "train[:1%]")
    (said, *_) = leakage.notes(JobData(train, held, np.arange(9), {}, ""))
    name = said.split("such as ")[1]
    assert name in whole_names(train)
    excluded = tmp_path / "excluded.txt"
    excluded.write_text(name)
    config = Config(dataset="digits", exclude_images=str(excluded))
    assert inputs.open_source(config).num_examples == train.num_examples - 1


def test_nothing_is_named_that_has_no_name():
    train = source([0, 1, 2])
    (said,) = leakage.notes(JobData(train, train, np.array([0]), {}, ""))
    assert said.endswith("too high: leave them out of what is trained on")
