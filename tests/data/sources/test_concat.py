"""Several data sets as one: classes by name, images of every form."""

import dataclasses
import logging
import pickle

import numpy as np
import pytest
from data_files import ENCODED
from data_files import PIXELS
from data_files import rows
from data_files import write_csv
from data_files import write_members
from data_files import write_npz
from data_files import write_tar
from data_files import write_tfrecord

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.cache import cached
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import concat
from simclrv2_tf.data.sources.array import npy
from simclrv2_tf.data.sources.joined import Joined
from simclrv2_tf.data.sources.joined_pixels import JoinedPixels
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import environment


def test_every_form_beside_every_other(tmp_path):
    write_tfrecord(tmp_path / "a.tfrecord", rows(slice(0, 3), named=True))
    write_csv(tmp_path / "b.csv", rows(slice(3, 6), named=True))
    write_npz(tmp_path / "c.npz", rows(slice(6, 9), named=True))
    write_members(tmp_path / "d.tar", {"9.png": ENCODED[9]})
    name = ",".join(
        f"{kind}:{tmp_path}/{file}.{kind}"
        for file, kind in (
            ("a", "tfrecord"),
            ("b", "csv"),
            ("c", "npz"),
            ("d", "tar"),
        )
    )
    source = sources.open_source(f"concat:{name}")
    assert source.class_names == ("ant", "bee", "cat")
    assert source.labels.tolist() == [0, 1, 2] * 3 + [-1]
    read = source.reader()
    for index in range(10):
        image, _ = read(index)
        np.testing.assert_allclose(image, PIXELS[index] / 255, rtol=1e-6)
    assert "b_images/0.png" in source.where(3)
    few = pickle.loads(pickle.dumps(source.subset(np.array([8, 1, 4, 1]))))
    for place, index in enumerate([8, 1, 4, 1]):
        image, _ = few.reader()(place)
        np.testing.assert_allclose(image, PIXELS[index] / 255, rtol=1e-6)
    assert few.fingerprint() != source.fingerprint()


def test_classes_are_matched_by_name(tmp_path):
    write_csv(tmp_path / "a.csv", [(ENCODED[0], "dog"), (ENCODED[1], "bee")])
    write_tar(tmp_path / "b.tar", [(ENCODED[2], "ant"), (ENCODED[3], "dog")])
    source = sources.open_source(
        f"concat:csv:{tmp_path}/a.csv, tar:{tmp_path}/b.tar"
    )
    assert source.class_names == ("bee", "dog", "ant")
    assert source.labels.tolist() == [1, 0, 2, 1]


def test_names_are_not_rewritten(tmp_path, caplog):
    names = ["001", "002", "003"]
    for number, name in enumerate(names):
        folder = tmp_path / "folder" / name
        folder.mkdir(parents=True)
        (folder / "0.png").write_bytes(ENCODED[number])
    write_csv(tmp_path / "a.csv", list(zip(ENCODED[3:], names, strict=False)))
    write_npz(tmp_path / "b.npz", list(zip(ENCODED[6:], [1, 2], strict=False)))
    folder = f"folder:{tmp_path}/folder"
    same = sources.open_source(f"concat:{folder},csv:{tmp_path}/a.csv")
    assert same.class_names == ("001", "002", "003")
    assert same.labels.tolist() == [0, 1, 2] * 2
    assert not caplog.text
    other = sources.open_source(f"concat:{folder},npz:{tmp_path}/b.npz")
    assert other.class_names == ("001", "002", "003", "1", "2")
    assert "001 and 1, 002 and 2: they are different classes" in caplog.text


def test_arrays_of_one_size_stay_arrays():
    source = sources.open_source("concat:digits,digits", "test")
    assert source.num_examples == 720
    assert isinstance(source.storage, InMemory)
    assert source.num_classes == 10


def test_evaluation_on_the_parts_that_have_the_split(tmp_path):
    for split, chosen in (("train", slice(0, 3)), ("test", slice(5, 7))):
        write_tfrecord(tmp_path / f"{split}.tfrecord", rows(chosen, named=True))
    write_members(tmp_path / "more.tar", {"9.png": ENCODED[9]})
    labelled, more = (
        f"tfrecord:{tmp_path}/*.tfrecord",
        f"tar:{tmp_path}/more.tar",
    )
    name = f"concat:{more},{labelled}"
    assert sources.open_source(name).labels.tolist() == [-1, 0, 1, 2]
    test = sources.open_source(name, "test")
    assert test.class_names == ("ant", "bee", "cat")
    assert test.labels.tolist() == [2, 0]
    message = "A part of concat:.* must have the split 'test'.* has the splits"
    with pytest.raises(NoSplitError, match=message) as raised:
        sources.open_source(f"concat:{more},{more}", "test")
    assert raised.value.known == ("train",)


def write_splits(directory, *splits):
    """A folder of splits, in each an image that only it has."""
    for split in splits:
        folder = directory / split / "ant"
        folder.mkdir(parents=True)
        number = len(list(directory.parent.rglob("*.png")))
        (folder / "0.png").write_bytes(ENCODED[number])
    return f"folder:{directory}"


def shown(source):
    return [bytes(source.encoded_bytes(i)) for i in range(source.num_examples)]


def test_parts_with_other_splits_are_left_out_of_evaluation(tmp_path, caplog):
    """And a split called alike is the same, but "test" is not "validation"."""
    one = write_splits(tmp_path / "one", "train", "val")
    two = write_splits(tmp_path / "two", "train", "test")
    three = write_splits(tmp_path / "three", "train", "validation")
    name = f"concat:{one},{two},{three}"
    with caplog.at_level(logging.INFO, "simclrv2_tf"):
        source = sources.open_source(name, "validation")
    assert shown(source) == [ENCODED[1], ENCODED[5]]
    assert caplog.messages == [
        f"concat: the split 'validation' is without {two}, which has no such "
        "split"
    ]
    assert shown(sources.open_source(name, "test")) == [ENCODED[3]]
    # Where no part has it, what comes nearest stands in, as for one data set.
    either = sources.open_source(f"concat:{two},{two}", "validation")
    assert shown(either) == [ENCODED[3]] * 2


def test_what_stands_in_for_a_split_does_so_in_all_parts():
    """A TFDS data set had no "validation", and of a folder "test" was it."""
    known = {"tfds": ["train", "test"], "folder": ["train", "testing"]}
    known |= {"more": ["train"]}

    def own(split, *names):
        names = names or tuple(known)
        return concat._own_splits(lambda n, _: known[n], names, split, None)

    assert own("validation") == ["test", "testing", None]
    assert own("validation[:50%]") == ["test[:50%]", "testing[:50%]", None]
    assert own("test") == ["test", "testing", None]
    assert own("val") == ["val"] * 3
    assert own("validation[90%:]", "more") == ["validation[90%:]"]
    assert own("train") == ["train"] * 3


def test_a_part_without_images_to_train_on_is_an_error(tmp_path):
    one = write_splits(tmp_path / "one", "train", "val")
    two = write_splits(tmp_path / "two", "val", "test")
    message = "Each part of concat:.* have the split 'train'.*/two' has the "
    with pytest.raises(NoSplitError, match=message + "splits test, val"):
        sources.open_source(f"concat:{one},{two}")


def test_all_splits_of_all_parts_are_gone_through_once(tmp_path):
    one = write_splits(tmp_path / "one", "training", "val")
    two = write_splits(tmp_path / "two", "train", "validation", "test")
    config = Config(dataset=f"concat:{one},{two}")
    assert sources.split_names(config.dataset) == ["training", "val", "test"]
    whole = shown(sweep.open_whole(config))
    assert sorted(whole) == sorted(ENCODED[:5])


def test_the_fingerprint_of_mapped_arrays_is_the_same_again(
    tmp_path, monkeypatch
):
    """It once held the address of an object in memory."""
    monkeypatch.setattr(npy, "MEMORY_LIMIT", 100)
    for name in "ab":
        write_npz(tmp_path / f"{name}.npz", rows())
    one = f"npz:{tmp_path}/a.npz"
    other = f"npz:{tmp_path}/b.npz"
    sources_ = [
        sources.open_source(f"concat:{first},{second}")
        for first, second in [(one, other)] * 2 + [(one, one)]
    ]
    assert isinstance(sources_[0].storage, Joined)
    known, again, others = map(environment.fingerprint, sources_)
    assert known == again != others
    parts = [s.subset(np.arange(5)) for s in sources_[:2]]
    assert environment.fingerprint(parts[0]) == environment.fingerprint(
        parts[1]
    )
    assert environment.fingerprint(parts[0]) != known


FLOATS = (PIXELS / 255).astype(np.float32)
MANY_CHANNELS = np.tile(PIXELS, 2)


def write_splits_of_arrays(path, images):
    """Ten images to train on, two to test on."""
    np.savez(path, x_train=images[:10], x_test=images[10:])
    return f"npz:{path}"


@pytest.mark.parametrize("images", [FLOATS, MANY_CHANNELS])
@pytest.mark.parametrize("limit", [100, 3000])  # both mapped, or the larger
def test_large_arrays_of_one_form_need_not_be_encoded(
    tmp_path, monkeypatch, images, limit
):
    monkeypatch.setattr(npy, "MEMORY_LIMIT", limit)
    name = write_splits_of_arrays(tmp_path / "a.npz", images)
    source = sweep.open_whole(Config(dataset=name))
    assert isinstance(source.storage, JoinedPixels)
    order = [1, *range(2, 12), 0]
    expected = images[order]
    some = source.subset(np.array(order))
    for one in (some, pickle.loads(pickle.dumps(some))):
        fetch = one.pixels()
        np.testing.assert_array_equal(fetch(np.arange(12)), expected)
        np.testing.assert_array_equal(fetch(3), expected[3])
    kept = cached(some).storage
    assert isinstance(kept, InMemory)
    np.testing.assert_array_equal(kept.array, expected)
    assert "example 0 of x, in example 1 of npz:" in some.storage.where(0, "x")
    assert source.num_channels == images.shape[-1]


def test_fingerprints_of_joined_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(npy, "MEMORY_LIMIT", 100)
    one, other = (
        write_splits_of_arrays(tmp_path / f"{name}.npz", FLOATS)
        for name in "ab"
    )
    known, again, others = (
        sources.open_source(f"concat:{first},{second}")
        for first, second in [(one, other)] * 2 + [(other, one)]
    )
    of_run = environment.fingerprint
    assert of_run(known) == of_run(again) != of_run(others)
    part, same = (source.subset(np.arange(5)) for source in (known, again))
    assert of_run(part) == of_run(same) != of_run(known)
    assert part.fingerprint() == same.fingerprint() != known.fingerprint()


def test_the_text_of_a_source_is_that_of_earlier_versions(tmp_path):
    """Fingerprints of runs on joined sources are made from it."""
    write_members(tmp_path / "a.tar", {"9.png": ENCODED[9]})
    source = sources.open_source(f"tar:{tmp_path}/a.tar")
    assert repr(source) == (
        f"Source(name='tar:{tmp_path}/a.tar (train)', "
        "labels=array([-1], dtype=int32), class_names=None, images=None, "
        "decoded=None, encoded=None, paths=None, "
        f"places=Places(files={source.storage.files!r}, "
        "which=array([0], dtype=int32), begin=array([512]), "
        f"size=array([{len(ENCODED[9])}], dtype=int32)), "
        "channels=None, shape=None)"
    )


def test_splits_are_those_of_any_part(tmp_path):
    write_members(tmp_path / "a.tar", {"9.png": ENCODED[9]})
    more = f"tar:{tmp_path}/a.tar"
    assert sources.split_names(f"concat:digits,{more}") == ["train", "test"]
    assert sources.split_names(f"concat:{more},digits") == ["train", "test"]
    with pytest.raises(ValueError, match="must name two data sets"):
        sources.split_names("concat:digits")


@pytest.mark.parametrize("end", ["", "/"])
def test_a_data_set_that_is_named_twice(tmp_path, caplog, end):
    (tmp_path / "a.png").write_bytes(ENCODED[9])
    name = f"folder:{tmp_path}"
    assert sources.open_source(f"concat:{name},{name}{end}").num_examples == 2
    assert "names a data set twice" in caplog.text


def test_messages(tmp_path):
    for name in ("concat:digits", "concat:digits,,digits", "concat:,"):
        with pytest.raises(ValueError, match="must name two data sets"):
            sources.open_source(name)
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 4, 4, 5), np.uint8))
    with pytest.raises(ValueError, match="uint8 with 1 or 3.*5 channels"):
        sources.open_source(f"concat:digits,npz:{tmp_path}/a.npz")


def pairs(*labels):
    return list(zip(ENCODED, labels, strict=False))


def test_numbers_that_one_part_lacks_and_another_has(tmp_path):
    write_csv(tmp_path / "a.csv", pairs(5, 6, 9))
    write_csv(tmp_path / "b.csv", pairs(2, 0, 1))
    write_csv(tmp_path / "d.csv", pairs(3, 4, 7, 8))
    names = [f"csv:{tmp_path}/{part}.csv" for part in "abd"]
    whole = sources.open_source(f"concat:{','.join(names)}")
    assert set(whole.class_names) == set(map(str, range(10)))
    check_no_gaps(whole)
    assert not [note for note in whole.notes if "is labelled" in note]
    some = sources.open_source(f"concat:{names[0]},{names[1]}")
    assert some.class_names == ("5", "6", "9", "0", "1", "2")
    assert [some.class_of(index) for index in range(6)] == list("569201")
    assert some.notes[-1].startswith("no image is labelled 3, 4, 7, 8, while")
    with pytest.raises(ValueError, match="class 3 has no example in concat:"):
        check_no_gaps(some)


def test_numbers_of_a_label_map_stay_where_all_parts_have_them():
    part = Source(
        "a",
        np.array([0, 1], np.int32),
        InMemory(np.zeros((2, 4, 4, 3), np.uint8)),
        ("9", "8"),
        numbered=True,
    )
    unlabelled = dataclasses.replace(
        part, labels=np.array([-1, -1], np.int32), class_names=None
    )
    assert concat.join("all", [part, unlabelled], ("9", "8")).numbered
    by_name = dataclasses.replace(part, numbered=False)
    assert not concat.join("all", [part, by_name], ("9", "8")).numbered
    assert not concat.join("all", [part], ("8", "9")).numbered
