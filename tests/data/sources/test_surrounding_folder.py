"""The folder of images that a directory lies in."""

import pytest

from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder


@pytest.fixture
def folder(tmp_path):
    """Two classes, and beside them the folders of a data set with splits."""
    for name in ("flat/a", "flat/b", "split/train/a", "split/test/a"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("wrapped/train/train/a", "wrapped/test/a", "whole/whole/b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "flat")
    return tmp_path


@pytest.mark.parametrize(
    ("directory", "dataset", "inside"),
    [
        ("flat/out", "folder:{}/flat", "flat"),
        ("flat", "folder:{}/flat/", "flat"),
        ("link/out", "folder:{}/flat", "flat"),
        ("split/test/out", "folder:{}/split", "split/test"),
        ("flat/out", "concat:folder:{}/split,folder:{}/flat", "flat"),
        ("out", "folder:{}/flat", None),
        ("wrapped/train/out", "folder:{}/wrapped", "wrapped/train"),
        ("wrapped/train/train/out", "folder:{}/wrapped", "wrapped/train"),
        ("wrapped/out", "folder:{}/wrapped", None),
        ("whole/out", "folder:{}/whole/", "whole"),
        ("whole/out", "folder:{}/whole/whole", None),
        ("flat/.out", "folder:{}/flat", None),
        ("split/out", "folder:{}/split", None),
        ("flat/out", "npz:{}/flat/x.npz", None),
        ("flat/out", "folder:{}/gone", None),
    ],
)
def test_which_it_is(folder, directory, dataset, inside):
    dataset = dataset.format(folder, folder)
    found = surrounding_folder(dataset, str(folder / directory))
    assert found == (inside and str(folder / inside))


def test_the_current_directory_and_none(folder, monkeypatch):
    monkeypatch.chdir(folder / "flat")
    assert surrounding_folder("folder:.", ".") == str(folder / "flat")
    assert surrounding_folder("folder:.", None) is None
    assert surrounding_folder("folder:.", "gs://bucket/out") is None


def test_a_whole_disk_ends_the_way_up(folder):
    assert surrounding_folder("folder:/", str(folder)) == "/"
