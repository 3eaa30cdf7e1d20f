"""Folders that are called like splits, and class folders of such names."""

import pytest
import tensorflow as tf
from data_files import write_black

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.folder import folder_splits
from simclrv2_tf.data.sources.folder.folder_splits import role_of
from simclrv2_tf.data.splits import NoSplitError


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("seg_train", "train"),
        ("train_set", "train"),
        ("Training", "train"),
        ("training_set", "train"),
        ("TrainingData", "train"),
        ("trainset", "train"),
        ("train2014", "train"),
        ("train_val", "train"),
        ("test_images", "test"),
        ("PublicTest", "test"),
        ("TEST", "test"),
        ("val-images", "validation"),
        ("train_test", None),
        ("contest", None),
        ("trainer", None),
    ],
)
def test_the_split_that_a_name_means(name, role):
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train", "seg_test"),
        ("train_set", "test_set"),
        ("training_set", "testing_set"),
        ("train_images", "test_images"),
        ("Training", "PublicTest"),
        ("seg_train/seg_train", "seg_test/seg_test"),
    ],
)
def test_folders_of_the_same_classes_are_splits(tmp_path, train, test):
    names = [f"{train}/{c}/{i}.png" for c in ("cat", "dog") for i in range(2)]
    name = write_black(
        tmp_path, *names, f"{test}/dog/1.png", f"{test}/cat/1.png"
    )
    assert sources.split_names(name) == ["test", "train"]
    source = sources.open_source(name, "train")
    assert (source.class_names, source.num_examples) == (("cat", "dog"), 4)
    for split in ("test", "validation"):
        assert sources.open_source(name, split).num_examples == 2


def test_flat_folders_of_split_names_are_splits(tmp_path):
    name = write_black(tmp_path, "train_images/1.png", "test_images/1.png")
    source = sources.open_source(name, "train")
    assert (source.class_names, source.num_examples) == (None, 1)


def test_several_folders_of_one_split_go_by_their_own_names(tmp_path):
    folders = ("Training", "PublicTest", "PrivateTest")
    name = write_black(
        tmp_path, *(f"{f}/{c}/1.png" for f in folders for c in "ab")
    )
    assert sources.open_source(name, "train").class_names == ("a", "b")
    message = "has the splits PrivateTest, PublicTest, train. .*'test'"
    with pytest.raises(NoSplitError, match=message):
        sources.open_source(name, "test")
    assert sources.open_source(name, "PublicTest").class_names == ("a", "b")


def test_splits_without_training_images_are_no_classes(tmp_path):
    name = write_black(tmp_path, "val_set/a/1.png", "test_set/a/1.png")
    with pytest.raises(NoSplitError, match="has the splits test, validation"):
        sources.open_source(name, "train")


def test_classes_with_such_words_stay_classes(tmp_path):
    name = write_black(
        tmp_path, "bullet_train/1.png", "test_tube/1.png", "cup/1.png"
    )
    source = sources.open_source(name, "train")
    assert source.class_names == ("bullet_train", "cup", "test_tube")


def test_classes_one_level_deeper(tmp_path):
    names = ("Apple/Gala/1.png", "Apple/Red/1.png", "Pear/Red/1.png")
    name = write_black(tmp_path, *names)
    top = sources.open_source(name)
    assert top.class_names == ("Apple", "Pear")
    assert top.notes == (
        "classes are the folders at the top; 3 deeper folders hold images, "
        "such as 'Apple/Gala': --folder_classes=leaf makes each a class",
    )
    leaf = sources.open_source(name, folder_classes="leaf")
    assert leaf.class_names == ("Apple/Gala", "Apple/Red", "Pear/Red")
    assert (leaf.labels.tolist(), leaf.notes) == ([0, 1, 2], ())
    with pytest.raises(ValueError, match="`folder_classes` must be 'top' or"):
        sources.open_source(name, folder_classes="deep")


def test_leaf_classes_are_numbered_as_in_training(tmp_path):
    train = [f"train/Apple/{c}/1.png" for c in ("Gala", "Red")]
    name = write_black(tmp_path, *train, "test/Apple/Red/2.png")
    test = sources.open_source(name, "test", folder_classes="leaf")
    assert test.class_names == ("Apple/Gala", "Apple/Red")
    assert test.labels.tolist() == [1]


HIDDEN = ("__MACOSX/photos/._1.png", ".DS_Store/1.png", "@eaDir/1.png")


def test_what_is_hidden_does_not_keep_a_folder_from_being_unwrapped(tmp_path):
    root = tmp_path / "photos"
    write_black(root, *HIDDEN, "photos/a/1.png", "photos/b/1.png")
    assert sources.open_source(f"folder:{root}").class_names == ("a", "b")
    other = tmp_path / "more"
    split = ("more/train/a/1.png", "more/train/b/1.png", "more/val/b/1.png")
    name = write_black(other, *HIDDEN, *split)
    assert sources.split_names(name) == ["train", "val"]
    assert sources.open_source(name).num_examples == 2


@pytest.mark.parametrize("hidden", [(), HIDDEN])
def test_splits_within_folders_of_their_names(tmp_path, hidden):
    names = [f"{split}/{split}" for split in ("train", "test", "extra")]
    images = [f"{name}/{c}/1.png" for name in names for c in ("cat", "dog")]
    name = write_black(
        tmp_path, *images, *(f"train/{other}" for other in hidden)
    )
    for split in ("train", "test", "extra"):
        source = sources.open_source(name, split)
        assert (source.class_names, source.num_examples) == (("cat", "dog"), 2)


def test_a_folder_of_split_words_that_is_named_is_unwrapped_too(tmp_path):
    folders = ("seg_train/seg_train", "seg_test/seg_test")
    name = write_black(
        tmp_path, *(f"{f}/{c}/1.png" for f in folders for c in "ab")
    )
    assert sources.open_source(name, "seg_test").class_names == ("a", "b")


def test_a_class_of_its_split_s_name_stays_one(tmp_path):
    train = [f"train/{c}/1.png" for c in ("car", "test", "train")]
    name = write_black(tmp_path, *train, "test/test/1.png")
    test = sources.open_source(name, "test")
    assert test.class_names == ("car", "test", "train")
    assert test.labels.tolist() == [1]


@pytest.mark.parametrize("inner", ["", "test/"])
def test_images_to_train_on_are_not_looked_at_one_by_one(
    tmp_path, monkeypatch, inner
):
    """Each of a million files was asked whether it is a folder."""
    paths = []
    images = [f"train/{number}.png" for number in range(9)]
    name = write_black(
        tmp_path, *images, f"test/{inner}1.png", f"test/{inner}2.png"
    )
    isdir = tf.io.gfile.isdir
    monkeypatch.setattr(
        tf.io.gfile, "isdir", lambda path: paths.append(path) or isdir(path)
    )
    splits = folder_splits.split_folders(name.removeprefix("folder:"))
    assert splits["test"] == f"{tmp_path}/test/{inner}".rstrip("/")
    assert paths and not [path for path in paths if path.endswith(".png")]


def test_a_class_within_a_class_folder_stays_what_it_is(tmp_path):
    name = write_black(
        tmp_path, "train/a/a/1.png", "train/b/x/1.png", "val/a/1.png"
    )
    assert sources.open_source(name).class_names == ("a", "b")
    assert sources.open_source(name).num_examples == 2


def test_hidden_folders_are_no_common_classes(tmp_path):
    names = ("bullet_train", "test_tube", "cup")
    hidden = [f"{name}/@eaDir/1.png" for name in names]
    name = write_black(tmp_path, *hidden, *(f"{name}/1.png" for name in names))
    source = sources.open_source(name)
    assert source.class_names == ("bullet_train", "cup", "test_tube")
    assert source.num_examples == 3


def test_a_file_of_its_folder_s_name_is_no_folder(tmp_path):
    root = tmp_path / "photos"
    write_black(tmp_path, "1.png")
    root.mkdir()
    (tmp_path / "1.png").rename(root / "photos")
    assert sources.open_source(f"folder:{root}").num_examples == 1
