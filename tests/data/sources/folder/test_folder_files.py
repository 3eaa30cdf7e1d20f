"""Which files are images, whatever they are called, and what others are."""

import os

import data_files
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.sources.folder import folders
from simclrv2_tf.data.sources.folder.folder_files import files_below
from simclrv2_tf.data.unreadable import UnreadableImages


def encoded(kind="JPEG"):
    return data_files.encoded(np.zeros((4, 4, 3), np.uint8), kind)


def write(root, **files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


HEIC = b"\0\0\0\x18ftypheic" + bytes(100)


@pytest.mark.parametrize(
    "name", ["1.jfif", "1.jpe", "1.jpg.1", "1", "1.dat", "1.JPG"]
)
def test_an_image_is_one_under_any_name(tmp_path, name):
    write(tmp_path, **{f"a/{name}": encoded(), "b/2.png": encoded("PNG")})
    source = folders.open_folder(str(tmp_path))
    assert source.num_examples == 2
    assert source.notes == ()
    assert source.reader()(0)[0].shape == (4, 4, 3)


def test_other_files_are_counted_by_ending(tmp_path):
    texts = {f"a/{i}.TXT": b"Some words" for i in range(3)}
    more = {"a/notes": b"words", "b/x.json": b"{}", ".DS_Store": b"x"}
    write(tmp_path, **texts, **more, **{"a/1.jpg": encoded(), "b/1": encoded()})
    files = files_below(str(tmp_path))
    assert [path[-3:] for path in files.images] == ["jpg", "b/1"]
    assert files.others == {
        ".txt": 3,
        ".json": 1,
        "without an ending": 1,
        "hidden (names with a dot before, __MACOSX and the like)": 1,
    }
    (note,) = folders.open_folder(str(tmp_path)).notes
    assert note.startswith("passed over: 6 files, .txt 3, ")


def test_images_that_cannot_be_read_count_as_unreadable(tmp_path):
    write(tmp_path, **{f"a/{i}.jpg": encoded() for i in range(6)})
    write(tmp_path, **{"a/7.heic": HEIC, "a/8.ppm": encoded("PPM")})
    write(tmp_path, **{"a/9.nef": encoded("TIFF"), "a/x.txt": b"words"})
    source = folders.open_folder(str(tmp_path))
    assert source.num_examples == 8
    assert source.notes == (
        "passed over: 2 files, .nef 1, .txt 1",  # a camera's is no TIFF
        "2 files of formats that cannot be read (HEIC 1, PPM 1) count "
        "as unreadable: convert them to JPEG or PNG",
    )
    unreadable = UnreadableImages(source, 0.0)
    with pytest.raises(
        ValueError, match="7.heic is none, as the format HEIC cannot be read, "
    ):
        unreadable.report([6])


def test_a_folder_without_an_image_says_what_it_holds(tmp_path):
    write(tmp_path, **{"a/1.txt": b"words", "a/2.txt": b"words"})
    message = "in class folders or flat. Received: .txt 2"
    with pytest.raises(ValueError, match=message):
        folders.open_folder(str(tmp_path))


@pytest.mark.parametrize(
    "name",
    ["__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "$Recycle.Bin"],
)
def test_what_systems_add_is_no_class(tmp_path, name):
    images = {f"{name}.png": encoded("PNG") for name in ("a/1", "b/2")}
    added = {f"{name}/a/1.png": encoded(), f"a/{name}/1.jpg": encoded()}
    write(tmp_path, **images, **added)
    (tmp_path / "System Volume Information").mkdir()  # and empty
    source = folders.open_folder(str(tmp_path))
    assert source.class_names == ("a", "b") and source.num_examples == 2
    words = "hidden (names with a dot before, __MACOSX and the like) 2"
    assert words in source.notes[0]


def test_a_class_of_much_the_same_name_stays_one(tmp_path):
    names = ("Lost+Found", "eaDir", "macosx")
    write(tmp_path, **{f"{name}/1.png": encoded("PNG") for name in names})
    assert folders.open_folder(str(tmp_path)).class_names == names


def test_a_pipe_is_not_waited_for(tmp_path):
    write(tmp_path, **{"a/1.png": encoded("PNG")})
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "a" / "gone").symlink_to(tmp_path / "nothing")
    files = files_below(str(tmp_path))
    assert [path[-5:] for path in files.images] == ["1.png"]
    assert files.others == {"that cannot be opened": 2}


def test_folders_that_link_to_each_other_are_gone_through_once_each(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        write(tmp_path, **{f"{name}/1.jpg": encoded()})
        (tmp_path / name / "other").symlink_to(tmp_path / other)
    paths = [
        os.path.relpath(i, tmp_path) for i in files_below(str(tmp_path)).images
    ]
    assert paths == ["a/1.jpg", "a/other/1.jpg", "b/1.jpg", "b/other/1.jpg"]


def locked(monkeypatch, name):
    """Makes folders of that name such that they cannot be listed."""
    scandir, listdir = os.scandir, tf.io.gfile.listdir

    def scan(path):
        if os.path.basename(path) == name:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def entries(path):
        if os.path.basename(path) == name:
            raise tf.errors.PermissionDeniedError(
                None, None, f"{path}; Permission denied"
            )
        return listdir(path)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(tf.io.gfile, "listdir", entries)


@pytest.mark.parametrize("name", ["b", "deeper"])
def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch, name):
    """Its images were left out, or the user was told to remove it."""
    files = ("a/1.png", "b/2.png", "b/deeper/3.png")
    write(tmp_path, **{file: encoded("PNG") for file in files})
    locked(monkeypatch, name)
    message = f"The folder '{tmp_path}/b.*{name}?' cannot be listed: Permission"
    with pytest.raises(ValueError, match=f"{message} denied; let its owner"):
        folders.open_folder(str(tmp_path))


def test_the_top_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    write(tmp_path, **{"top/a/1.png": encoded("PNG")})
    locked(monkeypatch, "top")
    message = "top' cannot be listed: .*Permission denied; let its owner"
    for look in (folders.folder_splits, folders.open_folder, files_below):
        with pytest.raises(ValueError, match=message):
            look(str(tmp_path / "top"))


@pytest.mark.parametrize("name", ["lost+found", ".snapshots"])
def test_a_hidden_folder_that_cannot_be_listed(tmp_path, monkeypatch, name):
    images = {f"{name}.png": encoded("PNG") for name in ("a/1", "b/2")}
    write(tmp_path, **images, **{f"{name}/3.png": encoded("PNG")})
    locked(monkeypatch, name)
    source = folders.open_folder(str(tmp_path))
    assert source.num_examples == 2 and source.notes == ()


def test_a_folder_beside_the_splits_that_cannot_be_listed(
    tmp_path, monkeypatch
):
    names = ("train/a/1", "test/a/2", "spare/a/3")
    write(tmp_path, **{f"{name}.png": encoded("PNG") for name in names})
    locked(monkeypatch, "spare")
    (note,) = folders.open_folder(str(tmp_path)).notes
    assert note.endswith("beside the splits to train and evaluate on: spare")
