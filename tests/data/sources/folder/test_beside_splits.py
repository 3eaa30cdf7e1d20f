"""What a folder holds beside its splits is named, with what trains on it."""

import shlex

import pytest
from data_files import write_black

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.folder import beside_splits
from simclrv2_tf.data.sources.folder import folder_files

BESIDE = "passed over, beside the splits to train and evaluate on: "


def offered(note):
    """The data set that a note's command names."""
    (flag,) = [w for w in shlex.split(note) if w.startswith("--dataset=")]
    return flag.removeprefix("--dataset=")


@pytest.mark.parametrize(
    "name", ["unlabelled", "unlabeled", "unlabeled_images", "Unlabelled/all"]
)
@pytest.mark.parametrize("val", [(), ("val/a/9.png",)])
def test_unlabelled_images_beside_training(tmp_path, name, val):
    root = tmp_path / "my data"
    train = ("train/a/1.png", "train/b/1.png", *val)
    write_black(root, *train, *(f"{name}/{i}.png" for i in range(3)))
    (note,) = sources.open_source(f"folder:{root}").notes
    top = name.split("/")[0]
    assert note.startswith(f"{BESIDE}{top} (3 images); --dataset=")
    assert note.endswith(" trains on the images there too")
    assert offered(note) == f"concat:folder:{root},folder:{root}/{name}"
    both = sources.open_source(offered(note))
    assert both.labels.tolist() == [0, 1, -1, -1, -1]
    assert both.notes == ()
    splits = sources.split_names(offered(note))
    assert ("val" in splits) == bool(val)


def test_the_training_folder_may_be_named_by_itself(tmp_path):
    write_black(tmp_path, "train/a/1.png", "train/b/1.png", "unlabelled/1.png")
    name = f"concat:folder:{tmp_path}/train,folder:{tmp_path}/unlabelled"
    source = sources.open_source(name)
    assert (source.labels.tolist(), source.notes) == ([0, 1, -1], ())


def test_other_folders_and_files(tmp_path):
    name = write_black(
        tmp_path, "seg_train/a/1.png", "seg_test/a/1.png", "x.png"
    )
    write_black(tmp_path, "seg_pred/1.png", ".hidden/1.png")
    words = "seg_pred (1 image), x.png"
    joined = f"concat:folder:{tmp_path},folder:{tmp_path}/seg_pred"
    assert sources.open_source(name).notes == (
        f"{BESIDE}{words}; --dataset={joined} trains on the images there too",
    )
    assert sources.open_source(joined).notes == (f"{BESIDE}x.png",)
    test = sources.open_source(name, "test")
    assert test.notes == (f"{BESIDE}seg_pred, x.png",)


def test_unlabelled_folders_go_before_others(tmp_path):
    name = write_black(
        tmp_path, "train/a/1.png", "masks/1.png", "unlabelled/1.png"
    )
    (note,) = sources.open_source(name).notes
    assert "masks (1 image), unlabelled (1 image)" in note
    assert offered(note) == f"concat:{name},{name}/unlabelled"


def test_the_unlabelled_split_itself(tmp_path):
    name = write_black(tmp_path, "train/a/1.png", "unlabelled/1.png")
    source = sources.open_source(name, "unlabelled")
    assert (source.labels.tolist(), source.notes) == ([-1], ())


def test_a_class_folder_called_unlabelled(tmp_path):
    name = write_black(tmp_path, "a/1.png", "b/1.png", "unlabelled/1.png")
    source = sources.open_source(name)
    assert source.class_names == ("a", "b", "unlabelled")
    (note,) = source.notes
    assert note.startswith(f"the folder '{tmp_path}/unlabelled' counts as a cl")


def test_a_remote_folder_is_not_counted(tmp_path, monkeypatch):
    write_black(tmp_path, "train/a/1.png", "unlabelled/1.png", "extra/1.png")
    monkeypatch.setattr(folder_files, "is_remote", lambda path: True)
    folders = {
        split: str(tmp_path / split) for split in ("train", "unlabelled")
    }
    (note,) = beside_splits.notes(str(tmp_path), folders, "train")
    assert note.startswith(f"{BESIDE}extra, unlabelled; --dataset=")
    assert offered(note).endswith(f",folder:{tmp_path}/unlabelled")
