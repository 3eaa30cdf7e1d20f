"""An image has one name, however many are set aside or left out before it."""

import dataclasses

import numpy as np
import pytest
from data_files import ENCODED
from data_files import WRITERS
from data_files import rows
from tables import write_names

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.example_names import names_by_place
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import KINDS
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.opening import open_split
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.runs import inputs

NO_FILES = sorted(set(WRITERS) - {"csv"})
ASIDE = {"holdout_fraction": 0.25}  # one of four images of each class


@pytest.fixture(params=[*NO_FILES, "concat"])
def dataset(request, tmp_path):
    """Twelve images that are no files, in each form that has such."""
    if request.param != "concat":
        WRITERS[request.param](tmp_path / f"a.{request.param}", rows())
        return f"{request.param}:{tmp_path}/a.{request.param}"
    WRITERS["tar"](tmp_path / "a.tar", rows(slice(0, 6)))
    WRITERS["parquet"](tmp_path / "b.parquet", rows(slice(6, 12)))
    return f"concat:tar:{tmp_path}/a.tar,parquet:{tmp_path}/b.parquet"


def named(*parts):
    """{name: bytes of the image} of all; each name stands for one image."""
    pairs = [
        (name, source.encoded_bytes(number))
        for source in parts
        for number, name in enumerate(example_names(source))
    ]
    assert len(dict(pairs)) == len(pairs) == len({data for _, data in pairs})
    return dict(pairs)


def opened(dataset, tmp_path, out=(), split="train", **options):
    """A split less the images of these names."""
    if out:
        options["exclude_images"] = write_names(tmp_path / "out.csv", out)
    return inputs.open_source(Config(dataset=dataset, **options), split)


def test_what_is_set_aside_keeps_its_names(dataset, tmp_path):
    whole = named(opened(dataset, tmp_path))
    train = opened(dataset, tmp_path, **ASIDE)
    aside = opened(dataset, tmp_path, split="holdout", **ASIDE)
    assert (train.num_examples, aside.num_examples) == (9, 3)
    assert named(train, aside) == whole


def test_a_table_leaves_out_the_images_that_it_names(dataset, tmp_path):
    """Those of a run that set some aside, in a run that does not."""
    train = named(opened(dataset, tmp_path, **ASIDE))
    aside = named(opened(dataset, tmp_path, split="holdout", **ASIDE))
    out = [list(train)[7], list(aside)[1]]
    gone = {train[out[0]], aside[out[1]]}
    left = opened(dataset, tmp_path, out)
    assert left.num_examples == 10
    assert not gone & set(named(left).values())


def test_so_does_one_of_what_an_earlier_table_left(dataset, tmp_path):
    whole = named(opened(dataset, tmp_path))
    first = list(whole)[:2]
    left = opened(dataset, tmp_path, first)
    assert named(left) == {n: d for n, d in whole.items() if n not in first}
    second = list(named(left))[3]
    both = opened(dataset, tmp_path, [*first, second])
    assert named(left).keys() - named(both).keys() == {second}
    parts = [
        opened(dataset, tmp_path, first, split, **ASIDE)
        for split in ("train", "holdout")
    ]
    assert named(*parts) == named(left)


def test_images_of_a_slice_count_from_0_in_it(dataset, tmp_path):
    """As they always have: tables of earlier versions name the same."""
    slice_ = {"split": "train[25%:]", "train_split": "train[25%:]"}
    whole = opened(dataset, tmp_path, **slice_)
    names = example_names(whole)
    assert names == [f"{whole.name}#{n}" for n in range(whole.num_examples)]
    again = opened(dataset, tmp_path, names[1:3], **slice_)
    assert example_names(again) == [names[0], *names[3:]]
    assert named(again).items() <= named(whole).items()
    train = opened(dataset, tmp_path, names[1:3], **slice_, **ASIDE)
    slice_["split"] = "holdout"
    aside = opened(dataset, tmp_path, names[1:3], **slice_, **ASIDE)
    assert named(train, aside) == named(again)


@pytest.mark.parametrize("dataset", ["digits"])
def test_a_slice_of_digits_keeps_its_names(dataset, tmp_path):
    """They are cut before they are a `Source`, as those of TFDS are."""
    slice_ = {"split": "train[:12]", "train_split": "train[:12]"}
    whole = opened(dataset, tmp_path, **slice_)
    out = [f"{whole.name}#3"]
    left = opened(dataset, tmp_path, out, **slice_)
    assert example_names(left)[2:4] == [f"{whole.name}#{n}" for n in (2, 4)]
    assert named(left).items() <= named(whole).items()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"concat"}))
def test_slices_of_all_kinds_count_from_0(kind):
    """Of files the numbers are no names."""
    content = SplitContent(Encoded(np.array(ENCODED, object)), ["a"] * 12)
    readers = {"train": lambda: content}
    part = open_split(f"{kind}:x", "train[50%:]", readers, SourceOptions())
    assert part.numbers is None
    few = part.remaining(np.array([4, 1]))
    assert few.numbers.tolist() == [4, 1]
    assert few.remaining(np.array([1])).numbers.tolist() == [1]


def test_numbers_are_no_part_of_what_tells_data_apart():
    """Runs of earlier versions go on."""
    source = Source("a", np.zeros(12, np.int32), Encoded(np.array(ENCODED)))
    source = dataclasses.replace(source, class_names=("x",))
    few = source.subset(np.array([7, 2])).subset(np.array([1]))
    bare = dataclasses.replace(few, numbers=None)
    assert few.numbers.tolist() == [2]
    assert few.fingerprint() == bare.fingerprint()
    assert repr(few) == repr(bare)
    assert example_names(few) == ["a#2"]
    assert names_by_place(few) == example_names(bare) == ["a#0"]


def test_files_are_named_by_their_paths(tmp_path):
    WRITERS["csv"](tmp_path / "a.csv", rows())
    source = sources.open_source(f"csv:{tmp_path}/a.csv")
    few = source.subset(np.array([5, 1]))
    expected = [f"{tmp_path}/a_images/{n}.png" for n in (5, 1)]
    assert example_names(few) == names_by_place(few) == expected
