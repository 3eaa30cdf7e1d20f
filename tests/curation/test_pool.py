"""The images that are looked at, and how they are found again."""

import collections
import dataclasses

import numpy as np
import probe_strengths
import pytest
import tensorflow as tf
from data_files import WRITERS
from data_files import rows
from PIL import Image
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.curation.pool import open_pool
from simclrv2_tf.curation.pool import splits_in_table
from simclrv2_tf.data import sources
from simclrv2_tf.data.sources import split_names
from simclrv2_tf.runs import inputs

ASIDE = {"holdout_fraction": 0.25, "eval_split": "holdout"}


def test_tables_call_splits_by_their_plain_names():
    def called(split, train="train"):
        return splits_in_table([train, split], train)[split]

    assert called("train[:90%]", "train[:90%]") == "train"
    assert called("train[90%:]", "train[:90%]") == "validation"
    assert called("test[:50%]") == "test"
    assert called("holdout") == "validation"
    assert called("holdout", "train[:90%]") == "validation"


def test_each_split_has_a_name_of_its_own():
    """The first, that of evaluation, is the one that a new job takes."""
    splits = ["train", "holdout", "validation", "test"]
    assert list(splits_in_table(splits, "train").values()) == [
        *("train", "validation", "val", "test")
    ]
    splits = ["train[:80%]", "train[90%:]", "holdout", "validation"]
    assert list(splits_in_table(splits, "train[:80%]").values()) == [
        *("train", "validation", "val", "valid")
    ]
    splits = ["train", *(f"train[{n}:]" for n in range(5))]
    assert len(set(splits_in_table(splits, "train").values())) == 6


def test_the_split_of_evaluation_comes_before_what_is_set_aside(tmp_path):
    for name in ("train", "validation"):
        WRITERS["npz"](tmp_path / f"{name}.npz", rows())
    dataset = f"npz:{tmp_path}"
    pool = open_pool(Config(dataset=dataset, holdout_fraction=0.25))
    assert list(dict.fromkeys(pool.splits)) == [
        *("train", "validation", "holdout")
    ]
    pool = open_pool(Config(dataset=dataset, **ASIDE))
    assert list(dict.fromkeys(pool.splits)) == [
        *("train", "holdout", "validation")
    ]


def test_what_is_given_to_evaluate_on_is_compared_with_all_splits(tmp_path):
    for name in ("train", "validation"):
        WRITERS["npz"](tmp_path / f"{name}.npz", rows())
    WRITERS["npz"](tmp_path / "b.npz", rows(slice(5)))
    given = inputs.open_source(Config(dataset=f"npz:{tmp_path}/b.npz"))
    config = Config(dataset=f"npz:{tmp_path}")
    pool = open_pool(config, None, given)
    assert collections.Counter(pool.splits) == {
        "train": 12,
        "validation": 12,
        "val": 5,
    }
    pool = open_pool(dataclasses.replace(config, split="train"), None, given)
    assert collections.Counter(pool.splits) == {"train": 12, "validation": 5}


def test_images_that_are_no_files_have_one_name_each(tmp_path):
    WRITERS["npz"](tmp_path / "a.npz", rows())
    dataset = f"npz:{tmp_path}/a.npz"
    pool = open_pool(Config(dataset=dataset, **ASIDE))
    whole = inputs.open_source(Config(dataset=dataset))
    assert sorted(pool.files) == sorted(f"{whole.name}#{n}" for n in range(12))
    for number, file in enumerate(pool.files):
        there = int(file.split("#")[-1])
        image = pool.source.encoded_bytes(number)
        assert image == whole.encoded_bytes(there)


@pytest.fixture
def photographs(tmp_path):
    """Two classes in one folder, without a split to evaluate on."""
    for index in range(16):
        name, level = (("ant", 80), ("bee", 170))[index % 2]
        path = tmp_path / "photographs" / name / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(index).normal(level, 40, (24, 24, 3))
        Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(path)
    return f"folder:{tmp_path / 'photographs'}"


def test_a_split_of_more_classes_is_passed_over(tmp_path, caplog):
    """Training has no label of them yet, in the first rounds."""
    for index in range(4):
        noise = np.random.default_rng(index).integers(0, 255, (8, 8, 3))
        image = Image.fromarray(noise.astype(np.uint8))
        image.save(tmp_path / f"{index}.png")
    rows = ["file,label,split", "0.png,ant,train", "1.png,,train"]
    rows += ["2.png,bee,test", "3.png,,unlabelled"]
    (tmp_path / "round.csv").write_text("\n".join(rows))
    config = Config(dataset=f"csv:{tmp_path}/round.csv")
    assert set(open_pool(config).splits) == {"train", "unlabelled"}
    assert "THE SPLIT 'validation' IS PASSED OVER" in caplog.text
    assert "outside the classes of" in caplog.text
    named = Config(dataset=config.dataset, eval_split="test")
    with pytest.raises(ValueError, match="outside the classes of"):
        open_pool(named)


def labelled(dataset, split, **options):
    """{file: class, None for none} of a split."""
    source = inputs.open_source(Config(dataset=dataset, **options), split)
    classes = [*source.class_names, None]
    return {source.where(n): classes[y] for n, y in enumerate(source.labels)}


def test_what_was_set_aside_is_evaluated_on_after_the_round(
    run, photographs, tmp_path, monkeypatch
):
    probe_strengths.use_few(monkeypatch)
    aside = labelled(photographs, "holdout", **ASIDE)
    trained = labelled(photographs, "train", **ASIDE)
    simclrv2_tf.curate(
        photographs,
        run,
        label_budget=2,
        labels_per_class=3,
        curate_output=str(tmp_path / "out"),
        **ASIDE,
    )
    table = f"csv:{tmp_path / 'out' / 'next_labels.csv'}"
    assert sorted(split_names(table)) == ["train", "validation"]
    config = Config(dataset=table)
    evaluation = inputs.evaluation_if_labelled(config)
    assert evaluation.num_examples == len(aside) == 4
    assert labelled(table, config.eval_split) == aside
    train = labelled(table, "train")
    assert train.keys() == trained.keys()
    assert sum(known is not None for known in train.values()) == 2 * 3
    assert train.items() <= {*trained.items(), *dict.fromkeys(trained).items()}


def test_near_duplicates_of_no_files_are_left_out_by_their_table(
    run, tmp_path, monkeypatch
):
    """A run that set images aside tells which; a new one sets none aside."""
    probe_strengths.use_few(monkeypatch)
    noise = np.random.default_rng(0).integers(0, 255, (16, 24, 24, 3))
    images = noise.astype(np.uint8)
    images[9] = images[2]
    images[13] = images[11]
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(16) % 2)
    dataset, out = f"npz:{tmp_path}/a.npz", tmp_path / "out"
    simclrv2_tf.curate(dataset, run, curate_output=str(out), **ASIDE)
    rows = rows_of(out / "near_duplicates.csv")
    name = inputs.open_source(Config(dataset=dataset)).name
    assert {row["file"] for row in rows} == {
        f"{name}#{number}" for number in (2, 9, 11, 13)
    }
    config = Config(
        dataset=dataset, exclude_images=str(out / "near_duplicates.csv")
    )
    left = inputs.open_source(config).storage.array
    assert len(left) == 14 and len(np.unique(left, axis=0)) == 14


def given(seed):
    """Six images as `tf.data`, without a name of their own."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 255, (6, 8, 8, 3)).astype(np.uint8)
    pairs = (images, np.arange(6) % 2)
    return sources.from_dataset(tf.data.Dataset.from_tensor_slices(pairs))


def test_images_of_two_data_sets_that_are_given_have_one_name_each():
    """Both are called "the data set given"."""
    pool = open_pool(Config(), given(0), given(1))
    assert len(set(pool.files)) == 12
    assert pool.files[0] == "the data set given#0"
    assert pool.files[6] == "the data set given (validation)#0"


def test_labels_need_names_of_their_classes():
    """Else it ended after all was embedded."""
    nameless = dataclasses.replace(given(0), class_names=None)
    config = Config()
    words = "`class_names` must name the class of each label. Received: class_"
    for parts in ((nameless, given(1)), (given(1), nameless)):
        with pytest.raises(ValueError, match=words):
            open_pool(config, *parts)
    bare = dataclasses.replace(nameless, labels=np.full(6, -1, np.int32))
    assert open_pool(config, bare).source.num_examples == 6
