"""How many images preparing leaves out before it stops, and what then."""

import pytest
from data_files import ENCODED

from simclrv2_tf.data.prepare import command
from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import recipe
from simclrv2_tf.data.prepare import shards
from simclrv2_tf.data.prepare.unreadable_limit import UnreadableLimit
from simclrv2_tf.data.sources import open_source

DAMAGED = (2, 5, 7)
MESSAGE = (
    r"\.png cannot be read: .*\. Unreadable so far: 2 of 9 images of the "
    r"split 'train', where --max_corrupt_fraction=0\.01 allows 1: mend them"
)


@pytest.fixture
def folder(tmp_path):
    """Nine images, of which three are cut off."""
    root = tmp_path / "photos"
    root.mkdir()
    for number in range(9):
        data = ENCODED[number]
        (root / f"{number}.png").write_bytes(
            data[:60] if number in DAMAGED else data
        )
    return root


def prepared(folder, target, **options):
    return command.run(f"folder:{folder}", str(target), processes=1, **options)


def mend(folder):
    for number in DAMAGED:
        (folder / f"{number}.png").write_bytes(ENCODED[number])


def test_too_many_stop_it_and_mended_images_begin_anew(folder, tmp_path):
    with pytest.raises(ValueError, match=MESSAGE):
        prepared(folder, tmp_path / "out")
    mend(folder)
    report = prepared(folder, tmp_path / "out")
    assert report["splits"]["train"]["examples"] == 9
    assert report["corrupt"] == []
    assert not (tmp_path / "out/1.0.0" / job_state.STATE).exists()


def test_more_may_be_allowed_and_what_was_done_stays(
    folder, tmp_path, monkeypatch
):
    with pytest.raises(ValueError, match=MESSAGE):
        prepared(folder, tmp_path / "out")
    done = list((tmp_path / "out/1.0.0" / job_state.STATE).glob("*-0*.json"))
    written = []
    monkeypatch.setattr(
        shards,
        "write_shard",
        lambda *a: written.append(a[1]) or recipe.write_shard(*a),
    )
    report = prepared(folder, tmp_path / "out", max_corrupt_fraction=0.4)
    assert len(report["corrupt"]) == len(DAMAGED)
    assert len(written) == 8 - len(done)


def test_images_that_come_back_are_read_again(folder, tmp_path, monkeypatch):
    mend(folder)
    read = recipe.prepare_image

    def unmounted(*arguments):
        raise OSError("Stale file handle")

    monkeypatch.setattr(recipe, "prepare_image", unmounted)
    with pytest.raises(ValueError, match="cannot be read: Stale file handle"):
        prepared(folder, tmp_path / "out")
    monkeypatch.setattr(recipe, "prepare_image", read)
    assert not prepared(folder, tmp_path / "out")["corrupt"]


def table(folder, sign, missing):
    """A table of eight images, the last of which are not there."""
    rows = [
        f"photos/{n}.png" if n < 8 - missing else f"photos{sign}a{sign}{n}.png"
        for n in range(8)
    ]
    path = folder.parent / "table.csv"
    path.write_text("\n".join(["file", *rows]))
    return f"csv:{path}"


def test_missing_files_stop_it_before_anything_is_made(folder, tmp_path):
    mend(folder)
    target = tmp_path / "out"
    for missing in (4, 8):
        with pytest.raises(ValueError) as raised:
            command.run(table(folder, "\\", missing), str(target))
        words = str(raised.value)
        first = f"{tmp_path}/photos\\a\\{8 - missing}.png"
        assert words.startswith(f"The file {first!r} is not there")
        assert "has backslashes" in words
        assert f"Missing: {missing} of 8 images of the split 'train'" in words
        assert not target.exists()
    with pytest.raises(ValueError, match="is not there") as raised:
        command.run(table(folder, "/", 2), str(target))
    assert "backslashes" not in str(raised.value)
    report = command.run(table(folder, "/", 0), str(target), processes=1)
    assert report["splits"]["train"]["examples"] == 8


def test_one_file_may_be_missing_as_in_training(folder, tmp_path):
    mend(folder)
    name = table(folder, "/", 1)
    report = command.run(name, str(tmp_path / "out"), processes=1)
    (row,) = report["corrupt"]
    assert row["image"].endswith("photos/a/7.png")
    with pytest.raises(ValueError, match="max_corrupt_fraction=0 allows 0"):
        command.run(name, str(tmp_path / "new"), max_corrupt_fraction=0)


def test_files_of_joined_data_are_looked_for(folder, tmp_path):
    name = f"concat:folder:{folder},{table(folder, '/', 2)}"
    source = open_source(name)
    with pytest.raises(ValueError, match="Missing: 2 of 17 images"):
        UnreadableLimit({"train": source}).check_files()
