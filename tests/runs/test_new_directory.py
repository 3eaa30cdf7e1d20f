"""What is refused leaves no directory behind that it made."""

import os

import pytest

from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.runs.new_directory import removed_if_empty


def refused(directory, act=lambda: None):
    with pytest.raises(ValueError, match="refused"):
        with removed_if_empty(directory):
            act()
            raise ValueError("refused")


def test_all_that_was_made_goes(tmp_path):
    refused(str(tmp_path / "a" / "b"), lambda: os.rmdir(tmp_path / "a" / "b"))
    refused(str(tmp_path / "c" / "d"))
    assert os.listdir(tmp_path) == ["a"]  # another has taken from it


def test_what_holds_a_file_stays_and_what_is_above(tmp_path):
    path = tmp_path / "a" / "b"
    refused(str(path), (tmp_path / "a" / "file").touch)
    assert not path.exists() and (tmp_path / "a" / "file").exists()


def test_what_was_there_stays(tmp_path):
    refused(str(tmp_path))
    refused("gs://bucket/run")
    refused(None)
    assert tmp_path.exists() and not os.path.exists("gs:")


def test_what_another_process_makes_meanwhile_stays(tmp_path, monkeypatch):
    make, path = os.mkdir, str(tmp_path / "a")

    def too_late(path):
        make(path)
        raise FileExistsError(path)

    monkeypatch.setattr(os, "mkdir", too_late)
    refused(path)
    assert os.path.exists(path)


def test_where_nothing_can_be_made_the_run_says_so(tmp_path):
    (tmp_path / "file").touch()
    refused(str(tmp_path / "file" / "below"))
    assert os.listdir(tmp_path) == ["file"]


def test_a_run_that_writes_has_its_directory(tmp_path):
    path = tmp_path / "a" / "b"
    with removed_if_empty(str(path)):
        (path / "file").touch()
    assert os.listdir(path) == ["file"]


def test_a_plan_that_writes_nothing_has_none(tmp_path):
    with removed_if_empty(str(tmp_path / "a" / "b")):
        pass
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "recommend"}, "no such recipe"),
        ({"train_mode": "semi_supervised"}, "no such recipe"),
        ({"dataset": "npz:none.npz"}, "none.npz"),
        ({"train_mode": "finetune", "labels_per_class": 2000}, "2000"),
    ],
)
def test_a_refused_run_or_job_leaves_no_directory(
    tmp_path, monkeypatch, options, message
):
    def refuse(*_):
        raise ValueError("no such recipe")

    monkeypatch.setattr(make_recipe, "make_recipe", refuse)
    new = tmp_path / "runs" / "new"
    given = {"dataset": "digits", "model_dir": str(new), **options}
    with pytest.raises((ValueError, OSError), match=message):
        session.run(Config(**given))
    assert not os.listdir(tmp_path)
    (new / "kept").mkdir(parents=True)
    with pytest.raises((ValueError, OSError), match=message):
        session.run(Config(**given))
    assert os.listdir(new) == ["kept"]
