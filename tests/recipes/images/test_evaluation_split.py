"""What a job on a TFDS data set is evaluated on, and what it passes over."""

import numpy as np
import pytest
from data_files import LABELS as PIXEL_LABELS
from data_files import PIXELS
from data_files import rows
from data_files import write_parquet
from data_files import write_tar
from data_files import write_tfrecord
from tfds_files import image_and_label
from tfds_files import write_tfds

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images import evaluation_split
from simclrv2_tf.recipes.images.evaluation_split import EvaluationSplit
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.runs import inputs

LABELS = {
    "train": np.arange(120) % 3,
    "test": np.arange(30) % 3,
    "unlabelled": np.full(70, -1),
}


def stored(directory, labels):
    """The directory of a prepared data set of these splits."""
    rng = np.random.default_rng(0)
    rows = {
        split: {
            "image": rng.integers(0, 255, (len(own), 8, 8, 3)).astype(np.uint8),
            "label": own,
        }
        for split, own in labels.items()
    }
    features = image_and_label((8, 8, 3), ["a", "b", "c"])
    return write_tfds(directory, features, rows)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("tfds"), LABELS)


def config_of(dataset, **options):
    return Config(train_mode="semi_supervised", dataset=dataset, **options)


def test_test_stands_in_for_validation(shapes):
    data = open_data(config_of(shapes))
    assert data.train.num_examples == 120
    assert data.evaluation.num_examples == 30
    assert data.options == {"eval_split": "test"}
    assert data.note == (
        f"accuracy is measured on 30 labelled images of {shapes} (test)"
    )
    evaluated = Config(dataset=shapes, **data.options)
    found = inputs.open_evaluation(evaluated)
    assert found.fingerprint() == data.evaluation.fingerprint()


def test_a_single_run_asks_for_a_split_by_its_name(shapes):
    with pytest.raises(NoSplitError, match="--eval_split=validation must"):
        inputs.open_evaluation(Config(dataset=shapes))
    assert inputs.evaluation_if_there(config_of(shapes)) is None


def test_splits_that_are_not_read_are_told(shapes):
    (note,) = open_data(config_of(shapes)).train.notes
    assert note == (
        "passed over, beside the splits to train and evaluate on: unlabelled; "
        "--train_split=train+unlabelled trains on the images there too"
    )
    data = open_data(config_of(shapes, train_split="train+unlabelled"))
    assert data.train.num_examples == 190 and len(data.labelled) == 120
    assert data.options == {"eval_split": "test"} and not data.train.notes


def files_of(folder, write, *splits):
    folder.mkdir()
    for split in splits:
        write(folder / f"{split}-000.{write.__name__[6:]}", rows())


def passed_over(dataset, evaluation=None, **options):
    chosen = EvaluationSplit(evaluation, "validation")
    return evaluation_split.passed_over(config_of(dataset, **options), chosen)


@pytest.mark.parametrize("write", [write_tar, write_tfrecord, write_parquet])
def test_files_that_are_not_read_are_told(tmp_path, write):
    """A job trained on train alone, without a word."""
    kind = write.__name__.removeprefix("write_")
    folder = tmp_path / "my stl10"
    files_of(folder, write, "train", "test", "unlabeled")
    dataset = f"{kind}:{folder}"
    (note,) = passed_over(dataset, evaluation=True)
    joined = f"concat:{dataset},{dataset}/*unlabeled*"
    assert note == (
        "passed over, beside the splits to train and evaluate on: unlabeled; "
        f"'--dataset={joined}' trains on the images there too"
    )
    assert sources.open_source(joined).num_examples == 24
    assert not passed_over(joined)
    (note,) = passed_over(dataset)  # nothing is evaluated on
    assert "evaluate on: test, unlabeled; " in note


def test_files_that_a_template_names(tmp_path):
    files_of(tmp_path / "a", write_tar, "training", "val", "unlabelled")
    dataset = f"tar:{tmp_path}/a/{{split}}-*"
    (note,) = passed_over(dataset, evaluation=True, train_split="training")
    pattern = f"tar:{tmp_path}/a/unlabelled-*"
    assert f"evaluate on: unlabelled; '--dataset=concat:{dataset}," in note
    assert note.endswith(f",{pattern}' trains on the images there too")
    assert not passed_over("digits") and not passed_over(pattern)


@pytest.mark.parametrize("name", ["x_unlabeled", "x_extra"])
def test_arrays_that_are_not_read_are_told(tmp_path, name):
    path = tmp_path / "a.npz"
    arrays = {"x_train": PIXELS, "y_train": PIXEL_LABELS, "x_test": PIXELS}
    np.savez(path, **arrays, y_test=PIXEL_LABELS, **{name: PIXELS})
    notes = passed_over(f"npz:{path}", evaluation=True)
    if name == "x_extra":  # of no split
        assert not notes
        return
    assert notes == [
        "passed over, beside the splits to train and evaluate on: unlabeled; "
        "to train on the images there too, put them in a file of their own, "
        f"FILE, and give --dataset=concat:npz:{path},npz:FILE"
    ]


def test_what_is_set_aside_on_purpose_stays_so(shapes):
    data = open_data(config_of(shapes, holdout_fraction=0.5))
    assert data.train.num_examples == 60 == data.evaluation.num_examples
    (note,) = data.train.notes
    assert "evaluate on: test, unlabelled; --train_split=train+unl" in note


def test_a_split_that_is_named_is_that(shapes):
    with pytest.raises(NoSplitError, match="--eval_split=validation must"):
        open_data(config_of(shapes, eval_split="validation"))
    data = open_data(config_of(shapes, eval_split="test[:15]"))
    assert data.evaluation.num_examples == 15
    assert data.options == {"eval_split": "test[:15]"}


@pytest.mark.parametrize("split", ["test", "train+test", "test+train[:50%]"])
def test_what_is_trained_on_is_not_evaluated_on(shapes, split):
    config = config_of(shapes, train_split=split, holdout_fraction=0.0)
    if split == "test":
        with pytest.raises(ValueError, match="at least 64 images"):
            open_data(config)
    else:
        assert open_data(config).evaluation is None


def test_a_split_without_labels_does_not_stand_in(tmp_path):
    name = stored(tmp_path, {**LABELS, "test": np.full(30, -1)})
    data = open_data(config_of(name))
    assert data.options["eval_split"] == "holdout"
    assert data.note.endswith(f"; {name} (test) has no labels and is not used")


def test_without_labels_nothing_stands_in(shapes):
    data = open_data(config_of(shapes, train_split="train[:0%]+unlabelled"))
    assert data.evaluation is None and data.note == "no image has a label"
    (note,) = data.train.notes
    assert note.endswith("beside the splits to train and evaluate on: test")


def test_a_validation_split_comes_first(tmp_path):
    labels = {**LABELS, "validation": np.arange(9) % 3}
    data = open_data(config_of(stored(tmp_path, labels)))
    assert data.evaluation.num_examples == 9
    assert data.options == {"eval_split": "validation"}
    (note,) = data.train.notes
    assert "evaluate on: unlabelled;" in note  # testing may come later


def begun(config, data):
    recipe = {"seconds": {}, "reasons": []}
    record.Record(config.model_dir).begin(
        asked=stage_configs.job_flags(config), data=data.about(), recipe=recipe
    )


def test_a_job_goes_on_as_it_began(shapes, tmp_path):
    aside = open_data(config_of(shapes, holdout_fraction=0.2))
    for name, before in (
        ("aside", aside),
        ("split", open_data(config_of(shapes))),
        ("none", open_data(config_of(shapes, holdout_fraction=1e-3))),
    ):
        (tmp_path / name).mkdir()
        config = config_of(shapes, model_dir=str(tmp_path / name))
        begun(config, before)
        data = open_data(config)
        assert data.options == before.options
        assert job_directory.begun_with(config, data)


def test_sums_of_splits_may_have_any_slices_of_tfds(shapes):
    config = config_of(shapes, train_split="train[:1shard]+unlabelled")
    data = open_data(config)
    assert data.train.num_examples == 190 and not data.train.notes
    assert data.options == {"eval_split": "test"}


def test_a_split_that_is_evaluated_on_is_not_for_training(shapes):
    """Where it is the second one of a sum, too."""
    data = open_data(config_of(shapes, eval_split="test+unlabelled"))
    assert data.evaluation.num_examples == 100 and not data.train.notes
