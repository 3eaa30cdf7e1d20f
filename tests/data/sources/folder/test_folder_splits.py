"""Folders that are called like splits, and class folders of such names."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.folder.folder_splits import role_of
from simclrv2_tf.data.splits import NoSplitError


def write(root, *names):
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(file)
    return f"folder:{root}"


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
    name = write(tmp_path, *names, f"{test}/dog/1.png", f"{test}/cat/1.png")
    assert sources.split_names(name) == ["test", "train"]
    source = sources.open_source(name, "train")
    assert (source.class_names, source.num_examples) == (("cat", "dog"), 4)
    for split in ("test", "validation"):
        assert sources.open_source(name, split).num_examples == 2


def test_flat_folders_of_split_names_are_splits(tmp_path):
    name = write(tmp_path, "train_images/1.png", "test_images/1.png")
    source = sources.open_source(name, "train")
    assert (source.class_names, source.num_examples) == (None, 1)


def test_several_folders_of_one_split_go_by_their_own_names(tmp_path):
    folders = ("Training", "PublicTest", "PrivateTest")
    name = write(tmp_path, *(f"{f}/{c}/1.png" for f in folders for c in "ab"))
    assert sources.open_source(name, "train").class_names == ("a", "b")
    message = "has the splits PrivateTest, PublicTest, train. .*'test'"
    with pytest.raises(NoSplitError, match=message):
        sources.open_source(name, "test")
    assert sources.open_source(name, "PublicTest").class_names == ("a", "b")


def test_splits_without_training_images_are_no_classes(tmp_path):
    name = write(tmp_path, "val_set/a/1.png", "test_set/a/1.png")
    with pytest.raises(NoSplitError, match="has the splits test, validation"):
        sources.open_source(name, "train")


def test_classes_with_such_words_stay_classes(tmp_path):
    name = write(tmp_path, "bullet_train/1.png", "test_tube/1.png", "cup/1.png")
    source = sources.open_source(name, "train")
    assert source.class_names == ("bullet_train", "cup", "test_tube")


def test_classes_one_level_deeper(tmp_path):
    names = ("Apple/Gala/1.png", "Apple/Red/1.png", "Pear/Red/1.png")
    name = write(tmp_path, *names)
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
    name = write(tmp_path, *train, "test/Apple/Red/2.png")
    test = sources.open_source(name, "test", folder_classes="leaf")
    assert test.class_names == ("Apple/Gala", "Apple/Red")
    assert test.labels.tolist() == [1]
