"""TFDS data sets in memory and in place, made here without a network."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from data_files import flip_bit
from tfds_files import write_tfds

from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.sources import tfds as ours
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.unreadable import UnreadableImages

PIXELS = np.random.default_rng(0).integers(0, 255, (30, 9, 7, 3), np.uint8)
KINDS = np.arange(30) % 3


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A set in three shards whose features have names of their own."""
    directory = tmp_path_factory.mktemp("tfds")
    write_tfds(
        directory,
        {
            "picture": tfds.features.Image(shape=(9, 7, 3)),
            "kind": tfds.features.ClassLabel(names=["a", "b", "c"]),
        },
        {"train": {"picture": PIXELS, "kind": KINDS}},
        download_config=tfds.download.DownloadConfig(num_shards=3),
    )
    return str(directory)


def test_features_of_any_name(directory):
    source = sources.open_source("shapes", "train", directory)
    assert source.class_names == ("a", "b", "c")
    assert source.labels.tolist() == KINDS.tolist()
    np.testing.assert_allclose(source.reader()(7)[0], PIXELS[7] / 255.0, 1e-6)


SLICES = ["train[5:25]", "train", "train[50%:]"]


@pytest.fixture
def both(directory, monkeypatch):
    """Function from a split to its source in place, and to that in memory."""

    def opened(split):
        in_memory = sources.open_source("shapes", split, directory)
        assert isinstance(in_memory.storage, Encoded)
        monkeypatch.setattr(ours, "MEMORY_LIMIT", 0)
        in_place = sources.open_source("shapes", split, directory)
        assert isinstance(in_place.storage, ByteRanges)
        return in_place, in_memory

    return opened


@pytest.mark.parametrize("split", SLICES)
def test_in_place_is_every_image_in_memory(both, split):
    in_place, in_memory = both(split)
    np.testing.assert_array_equal(in_place.labels, in_memory.labels)
    for number in range(in_memory.num_examples):
        assert in_place.storage.read(number) == in_memory.storage.read(number)


@pytest.mark.slow
@pytest.mark.parametrize("split", SLICES)
def test_in_place_gives_the_same_batches(both, split):
    in_place, in_memory = both(split)
    np.testing.assert_array_equal(in_place.labels, in_memory.labels)
    few = [s.subset(np.arange(9)[::-1]) for s in (in_place, in_memory)]
    first, second = (
        next(iter(pipeline.train_dataset(s, 8, 8, seed=1))) for s in few
    )
    for a, b in zip(tf.nest.flatten(first), tf.nest.flatten(second)):  # noqa: B905
        np.testing.assert_array_equal(a, b)


def test_place_names_the_file(directory, monkeypatch):
    monkeypatch.setattr(ours, "MEMORY_LIMIT", 0)
    source = sources.open_source("shapes", "train", directory)
    assert "shapes-train.tfrecord-00000" in source.where(0)


def test_a_set_without_images(tmp_path):
    features = {"kind": tfds.features.ClassLabel(num_classes=2)}
    write_tfds(tmp_path, features, {"train": {"kind": [0, 1]}})
    with pytest.raises(ValueError, match="must have an image.*with kind"):
        sources.open_source("shapes", "train", str(tmp_path))


def test_a_directory_as_a_name(directory):
    for name in (f"{directory}/shapes", f"{directory}/shapes/1.0.0/"):
        source = sources.open_source(name, "train[10:20]")
        assert source.labels.tolist() == KINDS[10:20].tolist()
        assert sources.split_names(name) == ["train"]
    with pytest.raises(ValueError, match="dataset_info.json.*give folder:"):
        sources.open_source(directory)
    with pytest.raises(ValueError, match="must have the feature 'x'.*picture"):
        sources.open_source(f"{directory}/shapes", label_feature="x")


def stored(directory, kind, labels, file_format="tfrecord", **others):
    """The name of a set of images whose labels are a feature of this kind.

    They are those of training; `others` has those of other splits.
    """
    features = {"image": tfds.features.Image(shape=(9, 7, 3)), "label": kind}
    splits = {
        split: {"image": PIXELS[: len(own)], "label": own}
        for split, own in {"train": labels, **others}.items()
    }
    return write_tfds(directory, features, splits, file_format=file_format)


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record", "parquet"])
def test_formats_of_files(tmp_path, file_format):
    kind = tfds.features.ClassLabel(names=["a", "b", "c"])
    name = stored(tmp_path / "numbers", kind, KINDS, file_format)
    source = sources.open_source(name, "train[10:]")
    assert source.labels.tolist() == KINDS[10:].tolist()
    for row in (0, 19):
        image, _ = source.reader()(row)
        np.testing.assert_allclose(image, PIXELS[10 + row] / 255.0, 1e-6)
    kind = tfds.features.Text()
    name = stored(tmp_path / "texts", kind, ["b", "a", "", "b"], file_format)
    source = sources.open_source(name)
    assert source.class_names == ("a", "b")
    assert source.labels.tolist() == [1, 0, -1, 1]


def test_a_format_that_is_read_whole_and_does_not_fit(tmp_path, monkeypatch):
    kind = tfds.features.Text()
    name = stored(tmp_path, kind, ["b", "a"], "array_record")
    monkeypatch.setattr(ours, "free_memory", lambda: 1.0)
    words = r"GB, of which .* GB are free, and its format, array_record"
    with pytest.raises(ValueError, match=words):
        sources.open_source(name)


def test_a_format_whose_package_is_missing(tmp_path, monkeypatch):
    kind = tfds.features.Text()
    name = stored(tmp_path, kind, ["b", "a"], "array_record")

    def as_data_source(self, **_):
        raise ModuleNotFoundError("No module named 'array_record'")

    monkeypatch.setattr(
        tfds.core.DatasetBuilder, "as_data_source", as_data_source
    )
    with pytest.raises(ValueError, match=r"not installed: .*array_record.*ins"):
        sources.open_source(name)


@pytest.mark.parametrize("limit", [0, 2**29])
def test_labels_that_are_texts_or_whole_floats(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(ours, "MEMORY_LIMIT", limit)
    texts = stored(tmp_path / "a", tfds.features.Text(), ["b", "a", "", "b"])
    source = sources.open_source(texts)
    assert source.class_names == ("a", "b")
    assert source.labels.tolist() == [1, 0, -1, 1]
    kind = tfds.features.Scalar(np.float32)
    floats = stored(tmp_path / "b", kind, np.float32([0, 1, -1, 1]))
    source = sources.open_source(floats)
    assert source.class_names == ("0", "1")
    assert source.labels.tolist() == [0, 1, -1, 1]


def test_numbers_with_gaps_and_a_label_map(tmp_path):
    """As the error for them advises."""
    kind = tfds.features.Scalar(np.int64)
    name = stored(tmp_path, kind, [0, 2, 7])
    source = sources.open_source(name)
    assert source.class_names == ("0", "2", "7")
    with pytest.raises(ValueError, match="or name them with --label_map"):
        check_no_gaps(source)
    (tmp_path / "map.csv").write_text("0,ant\n2,bee\n7,ant\n")
    source = sources.open_source(name, label_map=str(tmp_path / "map.csv"))
    assert source.class_names == ("ant", "bee")
    assert source.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_a_split_without_a_number_that_training_has(tmp_path, file_format):
    kind = tfds.features.Scalar(np.int64)
    splits = {"validation": [0, 2], "test": [0, 3]}
    name = stored(tmp_path, kind, [0, 1, 2, 2], file_format, **splits)
    for split, labels in (("validation", [0, 2]), ("train[2:]", [2, 2])):
        source = sources.open_source(name, split)
        assert source.class_names == ("0", "1", "2") and not source.notes
        assert source.labels.tolist() == labels
    with pytest.raises(ValueError, match="label '3' of example 1 .* outside"):
        sources.open_source(name, "test")
    for split, names in (
        ("validation+test", ("0", "2", "3")),
        ("train[:1]+train[2:]", ("0", "2")),
    ):
        source = sources.open_source(name, split)
        assert source.class_names == names
        with pytest.raises(ValueError, match="class 1 has no example"):
            check_no_gaps(source)


def test_a_label_that_training_lacks_as_text(tmp_path):
    """Classes without a number need no other split."""
    name = stored(tmp_path, tfds.features.Text(), ["a", "b"], test=["c", "a"])
    assert sources.open_source(name, "test").class_names == ("a", "c")


@pytest.mark.parametrize("limit", [0, 2**29])
@pytest.mark.parametrize(
    ("kind", "labels", "message"),
    [
        (np.float32, [1, 0.5], "Received: 0.5 in (record|example) 1 .*labels"),
        (np.int64, np.eye(2), r"Received: \[1, 0\] in (record|example) 0 .*l"),
        (np.int64, [0, -2], "Received: -2 in (record|example) 1 .*labels"),
    ],
)
def test_labels_that_are_no_classes(
    tmp_path, monkeypatch, limit, kind, labels, message
):
    monkeypatch.setattr(ours, "MEMORY_LIMIT", limit)
    labels = np.array(labels, kind)
    feature = tfds.features.Tensor(shape=labels.shape[1:], dtype=kind)
    name = stored(tmp_path, feature, labels)
    with pytest.raises(ValueError, match=message) as raised:
        sources.open_source(name)
    assert "damaged" not in str(raised.value)


def test_labels_that_are_no_classes_in_another_format(tmp_path):
    kind = tfds.features.Scalar(np.float32)
    labels = np.float32([1, 0.5])
    name = stored(tmp_path, kind, labels, "array_record")
    with pytest.raises(ValueError, match="^A label must be .*: 0.5 in example"):
        sources.open_source(name)


def test_numbers_where_an_image_should_be(tmp_path):
    kind = tfds.features.Tensor(shape=(2, 2, 3), dtype=np.int64)
    name = stored(tmp_path, kind, np.ones((2, 2, 2, 3), np.int64))
    message = "^The feature 'label' must hold an encoded image. .*: numbers in"
    with pytest.raises(ValueError, match=message):
        sources.open_source(name, image_feature="label")


@pytest.mark.parametrize("limit", [0, 2**29])
@pytest.mark.parametrize("damage", ["cut", "gone", "metadata"])
def test_damaged_files(directory, tmp_path, monkeypatch, limit, damage):
    copy = tmp_path / "shapes"
    shutil.copytree(f"{directory}/shapes", copy)
    monkeypatch.setattr(ours, "MEMORY_LIMIT", limit)
    shard = next(copy.glob("*/*tfrecord-00001*"))
    if damage == "cut":
        shard.write_bytes(shard.read_bytes()[:-9])
    elif damage == "gone":
        shard.unlink()
    else:
        (copy / "1.0.0" / "dataset_info.json").write_text("{")
    with pytest.raises(ValueError, match=r"data set in .*shapes/1\.0\.0 is "):
        sources.open_source(str(copy))


@pytest.mark.parametrize(
    "limit", [0, pytest.param(2**29, marks=pytest.mark.slow)]
)
def test_a_record_unlike_its_checksum(directory, tmp_path, monkeypatch, limit):
    copy = tmp_path / "shapes"
    shutil.copytree(f"{directory}/shapes", copy)
    monkeypatch.setattr(ours, "MEMORY_LIMIT", limit)
    shard = next(copy.glob("*/*tfrecord-00001*"))
    flip_bit(shard, shard.read_bytes().rindex(b"PNG"))
    source = sources.open_source(str(copy))
    (damaged,) = np.flatnonzero(source.labels < 0)
    assert 10 <= damaged < 20
    kept = np.delete(np.arange(30), damaged)
    assert source.labels[kept].tolist() == KINDS[kept].tolist()
    assert "1 record does not match the checksum" in source.notes[0]
    unreadable = UnreadableImages(source, 0.1)
    batches = pipeline.eval_dataset(source, 8, 8, unreadable=unreadable)
    read = np.concatenate([numbers for _, numbers in batches])
    assert read.tolist() == kept.tolist()
    assert unreadable.numbers == {damaged}
