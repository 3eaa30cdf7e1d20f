"""What every kind of source has in common: one table, all of them."""

import numpy as np
import pytest
from data_files import ENCODED
from data_files import LABELS
from data_files import NAMES
from data_files import PIXELS
from data_files import WRITERS
from data_files import rows

from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.splits import NoSplitError

KINDS = sorted(WRITERS)


def write(folder, kind, name="all", which=slice(None), named=False):
    folder.mkdir(exist_ok=True)
    WRITERS[kind](folder / f"{name}.{kind}", rows(which, named))
    return f"{kind}:{folder}/"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("far", [False, True])
def test_images_labels_and_names_are_those_written(tmp_path, kind, far):
    name = write(tmp_path, kind, named=True) + f"all.{kind}"
    if far:  # through tf.io.gfile, as from a bucket
        name = name.replace(":", ":file://")
    source = sources.open_source(name)
    assert source.class_names == NAMES
    assert source.labels.tolist() == LABELS.tolist()
    read = source.reader()
    for index in (0, 5, 11):
        image, label = read(index)
        np.testing.assert_allclose(image, PIXELS[index] / 255.0, rtol=1e-6)
        assert label == LABELS[index]


# Arrays, and encoded images, which are all decoded as those of tar.
READ = [
    kind
    if kind in ("npz", "tar")
    else pytest.param(kind, marks=pytest.mark.slow)
    for kind in KINDS
]


@pytest.mark.parametrize("kind", READ)
def test_images_go_into_batches(tmp_path, kind):
    source = sources.open_source(write(tmp_path, kind) + f"all.{kind}")
    (views, labels), *_ = pipeline.train_dataset(source, 4, 8, 0).take(1)
    assert views[0].shape == views[1].shape == (4, 8, 8, 3)
    assert set(labels.numpy()) <= {0, 1, 2}
    seen = [numbers for _, numbers in pipeline.eval_dataset(source, 5, 8)]
    numbers = np.concatenate(seen)
    assert numbers.dtype == np.int64
    assert source.labels[numbers].tolist() == LABELS.tolist()


@pytest.mark.slow
def test_batches_end_after_the_steps_of_a_run():
    source = sources.open_source("digits")
    batches = pipeline.train_dataset(source, 32, 8, 0, start_step=2, steps=3)
    endless = pipeline.train_dataset(source, 32, 8, 0, start_step=2)
    elements = list(batches.as_numpy_iterator())
    assert len(elements) == 3
    for (_, ours), (_, theirs) in zip(elements, endless, strict=False):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_splits_are_told_by_the_names_of_files(tmp_path, kind):
    name = write(tmp_path, kind, "set-train", slice(0, 9), named=True)
    write(tmp_path, kind, "set-test", slice(10, 12), named=True)
    for where in (f"set-*.{kind}", f"set-{{split}}.{kind}"):
        train = sources.open_source(name + where, "train")
        test = sources.open_source(name + where, "test")
        assert (train.num_examples, test.num_examples) == (9, 2)
        assert test.class_names == NAMES  # though it has no ant
        assert test.labels.tolist() == [1, 2]
        assert sources.split_names(name + where) == ["test", "train"]


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_no_split_are_in_none(tmp_path, kind, caplog):
    for name, which in (
        ("train-0", slice(6)),
        ("test-0", slice(6, 9)),
        ("sample-0", slice(9, 12)),
    ):
        write(tmp_path, kind, name, which)
    where = f"{kind}:{tmp_path}"
    assert sources.open_source(where, "train").num_examples == 6
    assert sources.open_source(where, "test").num_examples == 3
    assert "sample-0" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_slice_of_nothing(tmp_path, kind):
    where = write(tmp_path, kind)
    for split in ("train[:0]", "train[500:]"):
        with pytest.raises(ValueError, match=r"The slice \[.*must hold an im"):
            sources.open_source(where, split)


@pytest.mark.parametrize("kind", KINDS)
def test_slices_are_apart_and_complete(tmp_path, kind):
    name = write(tmp_path, kind) + f"all.{kind}"
    first, rest = (
        sources.open_source(name, split)
        for split in ("train[:75%]", "validation[75%:]")
    )
    assert (first.num_examples, rest.num_examples) == (9, 3)
    images = {
        read_bytes(s, i) for s in (first, rest) for i in range(len(s.labels))
    }
    assert images == ({*map(bytes, ENCODED)} if kind != "npz" else images)
    assert len(images) == 12
    with pytest.raises(NoSplitError, match=r"such as train\[90%:\]"):
        sources.open_source(name, "test")


def read_bytes(source, index):
    return bytes(source.encoded_bytes(index))


@pytest.mark.parametrize("kind", KINDS)
def test_a_label_that_training_lacks(tmp_path, kind):
    name = write(tmp_path, kind, "train", slice(0, 2), named=True)
    write(tmp_path, kind, "test", slice(0, 3), named=True)
    message = (
        "label 'cat' of .*test.* is outside .*; give the split 'train' images "
        "of each class, or --label_map a line .* --split=train leaves them out"
    )
    with pytest.raises(ValueError, match=message):
        sources.open_source(f"{name}*.{kind}", "test")
    map_ = tmp_path / "map.csv"
    map_.write_text("ant,ant\ncat,cat\nbee,bee\n")
    for split, labels in (("train", [0, 2]), ("test", [0, 2, 1])):
        source = sources.open_source(
            f"{name}*.{kind}", split, label_map=str(map_)
        )
        assert source.class_names == ("ant", "cat", "bee")
        assert source.labels.tolist() == labels


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_without_an_example(tmp_path, kind):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / f"all.{kind}"
    WRITERS[kind](path, [(i, v) for i, v in rows() if v != 1])
    source = sources.open_source(f"{kind}:{path}")
    assert source.class_names == ("0", "2")
    note = "no image is labelled 1, while the largest label is 2: classes are"
    assert source.notes[-1].startswith(note)
    with pytest.raises(ValueError, match=r"class 1 has no example.*all\."):
        check_no_gaps(source)
    lines = tmp_path / "map.csv"
    lines.write_text("0,0\n2,1\n")  # as the error advises
    source = sources.open_source(f"{kind}:{path}", label_map=str(lines))
    check_no_gaps(source)
    assert source.class_names == ("0", "2") and not source.notes


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_from_one_and_unlabelled_ones(tmp_path, kind):
    labels = [1, 2, -1, 3]
    pairs = list(zip(ENCODED, labels, strict=False))
    path = tmp_path / f"all.{kind}"
    WRITERS[kind](path, pairs)
    source = sources.open_source(f"{kind}:{path}")
    assert source.class_names == ("1", "2", "3")
    assert source.labels.tolist() == [0, 1, -1, 2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ([0, 1, 0], r"'?\[0, 1, 0\]'?"),
        (20.29, "'?20.29'?"),
        (float("nan"), "'?nan'?"),
        (float("inf"), "'?inf'?"),
        (-2, "-2"),
        ("sky|sea", r"'sky\|sea'"),
        ("sky,sea", "'sky,sea'"),
    ],
)
def test_labels_that_are_not_one_class(tmp_path, kind, label, shown):
    path = tmp_path / f"all.{kind}"
    WRITERS[kind](path, [(ENCODED[0], label)])
    message = rf"Received: {shown} in (row|record|the sample) .*all\.{kind}"
    with pytest.raises(ValueError, match=message):
        sources.open_source(f"{kind}:{path}")


@pytest.mark.parametrize("kind", KINDS)
def test_twelve_classes_are_in_the_order_of_their_numbers(tmp_path, kind):
    labels = [11, 2, 10, 0, 1, 3, 4, 5, 6, 7, 8, 9]
    for values in (
        labels,
        [str(v) for v in labels],
        [float(v) for v in labels],
    ):
        path = tmp_path / f"{type(values[0]).__name__}.{kind}"
        WRITERS[kind](path, list(zip(ENCODED, values, strict=True)))
        source = sources.open_source(f"{kind}:{path}")
        assert source.class_names == tuple(map(str, range(12)))
        assert source.labels.tolist() == labels


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there(tmp_path, kind):
    with pytest.raises(ValueError, match="There is no file.*nowhere"):
        sources.open_source(f"{kind}:{tmp_path}/nowhere-*")
    with pytest.raises(ValueError, match=f"as in {kind}:PATH"):
        sources.open_source(f"{kind}:")


@pytest.mark.parametrize("kind", ["tar", "tfrecord", "parquet"])
def test_a_missing_shard_is_noticed(tmp_path, kind):
    for shard in (0, 2):
        name = write(tmp_path, kind, f"x-{shard:05d}-of-00003")
    with pytest.raises(ValueError, match="1 are missing, .* number 1"):
        sources.open_source(f"{name}*.{kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_something_else(tmp_path, kind):
    path = tmp_path / f"all.{kind}"
    # Every 16 of these are a damaged record, and finding each takes long; the
    # last is cut short in both.
    nothing = b"\0" * (104 if kind == "tfrecord" else 3000)
    for data in (b"", nothing, b"\xff\xd8 no table \xe9\n" * 99):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"all.{kind}"):
            sources.open_source(f"{kind}:{path}")


@pytest.mark.parametrize("kind", KINDS)
def test_label_maps(tmp_path, kind):
    name = write(tmp_path, kind) + f"all.{kind}"
    table = tmp_path / "map.csv"
    table.write_text("# what they are\n2,mammal\n0,insect\n1,insect\n")
    source = sources.open_source(name, label_map=str(table))
    assert source.class_names == ("mammal", "insect")
    assert source.labels.tolist() == [[1, 1, 0][i] for i in LABELS]
