"""Images that have changed under their names since they were prepared."""

import json

import pytest
from data_files import ENCODED

from simclrv2_tf.data.prepare import command
from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import recipe
from simclrv2_tf.data.prepare import shards

MESSAGE = "holds data prepared with other images: give another directory, or"


@pytest.fixture
def folder(tmp_path):
    """Nine images, of which one is cut off."""
    root = tmp_path / "photos"
    root.mkdir()
    for number in range(9):
        (root / f"{number}.png").write_bytes(ENCODED[number])
    (root / "3.png").write_bytes(ENCODED[3][:60])
    return root


def prepared(folder, target, **options):
    source = f"folder:{folder}"
    return command.run(source, str(target), processes=1, **options)


def test_repaired_images_are_not_taken_for_those_left_out(folder, tmp_path):
    target = tmp_path / "out"
    report = prepared(folder, target)
    assert len(report["corrupt"]) == 1
    assert prepared(folder, target) == report  # nothing has changed
    (folder / "3.png").write_bytes(ENCODED[3])
    with pytest.raises(ValueError, match=MESSAGE):
        prepared(folder, target)
    assert not prepared(folder, tmp_path / "new")["corrupt"]


def test_a_killed_run_does_not_go_on_with_others(folder, tmp_path, monkeypatch):
    done = []

    def dying(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        return recipe.write_shard(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(shards, "write_shard", dying)
        with pytest.raises(KeyboardInterrupt):
            prepared(folder, tmp_path / "out")
    whole = (folder / "3.png").read_bytes()
    (folder / "3.png").write_bytes(ENCODED[3])
    with pytest.raises(ValueError, match=MESSAGE):
        prepared(folder, tmp_path / "out")
    (folder / "3.png").write_bytes(whole)  # as it was
    assert prepared(folder, tmp_path / "out")["corrupt"]


@pytest.mark.parametrize("key", ["images", "channels"])
def test_the_report_of_an_earlier_version_is_still_one(folder, tmp_path, key):
    prepared(folder, tmp_path / "out")
    path = tmp_path / "out/1.0.0" / job_state.REPORT
    report = json.loads(path.read_text())
    del report[key]
    path.write_text(json.dumps(report))
    assert prepared(folder, tmp_path / "out") == report


def test_other_channels_are_another_data_set(folder, tmp_path):
    """Neither the old report nor shards of both kinds in one directory."""
    target, words = tmp_path / "out", "prepared with other channels: give"
    report = prepared(folder, target, channels=3)
    assert report["channels"] == 3
    assert prepared(folder, target) == report  # as many as they have
    with pytest.raises(ValueError, match=words):
        prepared(folder, target, channels=1)
    assert prepared(folder, tmp_path / "grey", channels=1)["channels"] == 1
