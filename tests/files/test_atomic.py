"""Files that appear whole or not at all, whatever happens."""

import os
import pathlib

import pytest
import tensorflow as tf

from simclrv2_tf.files import atomic


def test_a_file_is_seen_when_it_is_whole(tmp_path):
    path = tmp_path / "x.json"
    with atomic.beside(str(path)) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert os.listdir(tmp_path) == ["x.json"]


def test_what_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("before")
    with pytest.raises(KeyError), atomic.beside(str(path)) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write("half")
        raise KeyError("any")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.json"]


def test_text_replaces_text(tmp_path):
    for text in ("one\n", "two\n"):
        atomic.write_text(str(tmp_path / "x"), text)
        assert (tmp_path / "x").read_text() == text


def test_a_full_disk_is_a_sentence(tmp_path, largest_file):
    with largest_file(10), pytest.raises(ValueError, match="cannot be written"):
        atomic.write_text(str(tmp_path / "x"), "x" * 100)
    assert os.listdir(tmp_path) == []


def test_left_overs_are_those_of_processes_that_are_gone():
    alive = {7}.__contains__
    assert atomic.is_left_over("flags.json.12.tmp", alive)
    assert not atomic.is_left_over("flags.json.7.tmp", alive)
    assert not atomic.is_left_over("flags.json", alive)
    assert not atomic.is_left_over(".12.tmp.json", alive)


@pytest.mark.parametrize("write", [atomic.beside, atomic.files])
def test_bytes_are_on_the_disk_before_the_name(write, tmp_path, monkeypatch):
    path = tmp_path / "x"
    seen = []

    def note(descriptor):
        synced = os.readlink(f"/proc/self/fd/{descriptor}")
        seen.append((synced, path.exists()))

    monkeypatch.setattr(os, "fsync", note)
    with write(str(path)) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write("whole")
    assert seen[0] == (staged, False)
    assert path.read_text() == "whole"


@pytest.mark.parametrize("name", [".", "link", "new/below", "empty/"])
def test_a_directory_may_be_where_nothing_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    if name == ".":
        monkeypatch.chdir(tmp_path / "empty")
    with atomic.directory(name) as folder:
        pathlib.Path(folder, "x").write_text("whole")
    place = tmp_path / ("empty" if name != "new/below" else name)
    assert os.listdir(place) == ["x"]
    assert (tmp_path / "link").is_symlink()


def test_where_no_directory_can_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="cannot be written.*is no directory"):
        atomic.check_vacant(str(tmp_path / "file" / "a" / "b"))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may do all
    with pytest.raises(ValueError, match="cannot be written: no permission"):
        atomic.check_vacant(str(tmp_path / "new" / "below"))
    assert os.listdir(tmp_path) == ["file"]


def test_a_body_that_writes_nothing(tmp_path):
    with atomic.files(str(tmp_path / "x")):
        pass
    assert os.listdir(tmp_path) == []


def test_what_killed_processes_left_is_removed(tmp_path):
    (tmp_path / ".writing-1a2b").mkdir()
    (tmp_path / ".writing-1a2b" / "ckpt-1.index").write_text("half")
    (tmp_path / "ckpt-1.index").write_text("whole")
    atomic.clean(str(tmp_path))
    assert os.listdir(tmp_path) == ["ckpt-1.index"]


def test_several_files_come_together(tmp_path):
    with atomic.files(str(tmp_path / "ckpt-1")) as prefix:
        for ending in (".index", ".data"):
            with tf.io.gfile.GFile(prefix + ending, "w") as file:
                file.write(ending)
        assert not (tmp_path / "ckpt-1.index").exists()
    assert sorted(os.listdir(tmp_path)) == ["ckpt-1.data", "ckpt-1.index"]


def test_a_directory_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "mine"
    with atomic.directory(f"{path}/") as folder:
        assert not path.exists()
        (pathlib.Path(folder) / "a").mkdir()
        (pathlib.Path(folder) / "a" / "x.txt").write_text("x")
    assert (path / "a" / "x.txt").read_text() == "x"
    assert [entry.name for entry in path.parent.iterdir()] == ["mine"]


def test_a_directory_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        with pytest.raises(RuntimeError):
            with atomic.directory(str(tmp_path / name)) as folder:
                (pathlib.Path(folder) / "x.txt").write_text("x")
                raise RuntimeError
    assert [entry.name for entry in tmp_path.iterdir()] == ["empty"]
    assert not any((tmp_path / "empty").iterdir())


def test_a_directory_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    for path in (tmp_path, tmp_path / "x.txt"):
        with pytest.raises(ValueError, match="new or empty. Received: .*some"):
            with atomic.directory(str(path)):
                raise RuntimeError
    assert (tmp_path / "x.txt").read_text() == "x"
