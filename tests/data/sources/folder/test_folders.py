"""What a folder's splits and classes are, and what it says when in doubt."""

import os

import numpy as np
import pytest
from data_files import write_black

from simclrv2_tf.data import sources
from simclrv2_tf.data import splits
from simclrv2_tf.data.sources.folder import folders
from simclrv2_tf.data.sources.folder.folder_files import files_below
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder


def test_a_class_has_one_number_in_every_split(tmp_path):
    write_black(tmp_path / "train", "a/1.png", "b/1.png", "c/1.png")
    write_black(tmp_path / "val", "b/1.png", "c/1.png")
    train = folders.open_folder(str(tmp_path), "train")
    held_out = folders.open_folder(str(tmp_path), "validation")
    assert train.class_names == held_out.class_names == ("a", "b", "c")
    assert held_out.labels.tolist() == [1, 2]


def test_classes_that_are_numbers_go_by_size(tmp_path):
    names = [str(number) for number in range(12)]
    write_black(tmp_path, *(f"{name}/1.png" for name in names), "a/1.png")
    source = folders.open_folder(str(tmp_path))
    assert source.class_names == (*names, "a")
    files = [source.where(i).split("/")[-2] for i in range(13)]
    assert files == sorted([*names, "a"])  # their order is as it was
    assert [source.class_names[k] for k in source.labels] == files


def test_a_class_that_training_lacks(tmp_path):
    write_black(tmp_path / "train", "a/1.png", "b/1.png")
    write_black(tmp_path / "test", "a/1.png", "z/1.png")
    with pytest.raises(ValueError, match="must be among.*Received: z,"):
        folders.open_folder(str(tmp_path), "test")


@pytest.mark.parametrize("leaf", ["top", "leaf"])
@pytest.mark.parametrize("folder", ["images", "unlabelled", "0"])
def test_a_split_in_a_folder_that_is_no_class(tmp_path, caplog, folder, leaf):
    write_black(tmp_path / "train", "a/images/1.png", "b/images/1.png")
    write_black(tmp_path / "val", f"{folder}/1.png", f"{folder}/2.png")
    options = SourceOptions(folder_classes=leaf)
    train = folders.open_folder(str(tmp_path), "train", options)
    assert not caplog.text
    val = folders.open_folder(str(tmp_path), "val", options)
    assert val.class_names == train.class_names
    assert (val.labels.tolist(), val.notes) == ([-1, -1], ())
    expected = (
        f"the images in '{tmp_path}/val/{folder}' count as unlabelled: it is "
        f"the only folder of its split, and no class of '{tmp_path}/train'"
    )
    assert caplog.messages == [expected]


@pytest.mark.parametrize(
    "names", [("x/1.png", "y/1.png"), ("x/a/1.png",), ("x/1.png", "x/a/1.png")]
)
def test_folders_that_are_no_classes_come_with_a_way_out(tmp_path, names):
    write_black(tmp_path / "train", "a/1.png", "b/1.png")
    write_black(tmp_path / "val", *names)
    message = (
        "Received: x(, y)?, which .* name them as training does; or move "
        "their images up into .*/val', where they count as unlabelled; or .* "
        "--eval_split=holdout --holdout_fraction=0.2"
    )
    with pytest.raises(ValueError, match=message):
        folders.open_folder(str(tmp_path), "val")


def test_labelled_evaluation_beside_unlabelled_training(tmp_path):
    write_black(tmp_path / "train", "1.png", "2.png")
    write_black(tmp_path / "test", "a/1.png", "b/1.png")
    assert folders.open_folder(str(tmp_path), "train").class_names is None
    held_out = folders.open_folder(str(tmp_path), "test")
    assert held_out.class_names == ("a", "b")


def test_other_folders_beside_splits_are_left_out(tmp_path):
    write_black(tmp_path, "train/a/1.png", "val/a/1.png", "extra/1.png")
    assert folders.open_folder(str(tmp_path), "train").class_names == ("a",)


def test_a_class_may_be_called_train(tmp_path):
    write_black(tmp_path, "train/1.png", "car/1.png")
    source = folders.open_folder(str(tmp_path), "train")
    assert source.class_names == ("car", "train")


def test_training_images_are_not_passed_off_as_held_out(tmp_path):
    write_black(tmp_path, *(f"a/{i}.png" for i in range(10)))
    for split in ("validation", "test"):
        with pytest.raises(ValueError, match=r"such as train\[90%:\]"):
            folders.open_folder(str(tmp_path), split)
    train = folders.open_folder(str(tmp_path), "train[:90%]")
    rest = folders.open_folder(str(tmp_path), "validation[90%:]")
    assert not set(train.storage.array) & set(rest.storage.array)
    assert len(train.storage) + len(rest.storage) == 10


def test_a_split_that_is_not_there(tmp_path):
    write_black(tmp_path, "train/a/1.png", "training/a/1.png")
    with pytest.raises(ValueError, match="has the splits train, training"):
        folders.open_folder(str(tmp_path), "test")


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("train", range(10)),
        ("train[:30%]", range(3)),
        ("train[-2:]", [8, 9]),
        ("train[25%:50%]", range(2, 5)),
    ],
)
def test_slices(split, expected):
    _, bounds = splits.parse_split(split)
    assert splits.cut(np.arange(10), bounds).tolist() == list(expected)
    shuffled = splits.cut(np.arange(10), bounds, shuffle=True)
    assert len(shuffled) == len(list(expected))


def test_a_class_folder_without_an_image(tmp_path):
    write_black(tmp_path, "a/1.png", "b/1.png", ".thumbnails/1.png")
    assert folders.open_folder(str(tmp_path)).class_names == ("a", "b")
    (tmp_path / "c").mkdir()
    with pytest.raises(ValueError, match="class folder .*/c' holds no image"):
        folders.open_folder(str(tmp_path))


def test_splits_with_capitals(tmp_path):
    write_black(
        tmp_path, "Training/a/1.png", "Training/b/1.png", "Testing/b/2.png"
    )
    train = folders.open_folder(str(tmp_path), "train")
    test = folders.open_folder(str(tmp_path), "test")
    assert train.class_names == test.class_names == ("a", "b")
    assert (train.num_examples, test.num_examples) == (2, 1)


def test_links_that_lead_up_are_not_followed(tmp_path):
    write_black(tmp_path, "a/1.png", "b/1.png", "store/2.png")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "b" / "more").symlink_to(tmp_path / "store")
    source = folders.open_folder(str(tmp_path))
    assert source.num_examples == 4  # the store itself, and by its link


def rename(root, name, new):
    """Gives a file or folder a name in Latin-1."""
    try:
        os.rename(root / name, os.fsencode(root) + b"/" + new)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")


NO_TEXT = "The folder .* whose name is no UTF-8 .*rename it"


def test_a_name_that_is_no_utf_8(tmp_path):
    write_black(tmp_path, "a/1.png", "b/1.png")
    rename(tmp_path, "a/1.png", b"a/\xe9.png")
    for look in (folders.open_folder, files_below):
        with pytest.raises(ValueError, match=NO_TEXT):
            look(str(tmp_path))
    assert sources.split_names(f"folder:{tmp_path}") == ["train"]


@pytest.mark.parametrize("name", ["a", "seg_train/a"])
def test_a_name_of_a_folder_that_is_no_utf_8(tmp_path, name):
    """The splits of such a folder are asked for before it is opened."""
    write_black(
        tmp_path, f"{name}/1.png", "seg_train/b/1.png", "seg_test/b/1.png"
    )
    rename(tmp_path, name, os.path.dirname(name).encode() + b"/\xe9")
    dataset = f"folder:{tmp_path}"
    for look in (
        sources.open_source,
        sources.split_names,
        lambda name: surrounding_folder(name, str(tmp_path / "out")),
    ):
        with pytest.raises(ValueError, match=NO_TEXT):
            look(dataset)


def test_sums_of_splits_are_not_for_folders(tmp_path):
    write_black(tmp_path, "train/a/1.png", "val/a/1.png")
    with pytest.raises(ValueError, match="Sums of splits are for TFDS"):
        folders.open_folder(str(tmp_path), "train+val")
