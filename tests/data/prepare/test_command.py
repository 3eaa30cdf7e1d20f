"""`tools/prepare_dataset.py`: its switches, its errors, where it may write."""

import pytest
from data_files import ENCODED
from data_files import rows
from data_files import write_npz
from data_files import write_tfrecord

from simclrv2_tf.data.prepare import command
from tools import prepare_dataset


@pytest.fixture
def photos(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.png").write_bytes(ENCODED[0])
    return tmp_path / "photos"


@pytest.mark.parametrize("before", ["folder:{}", "concat:digits,folder:{}"])
def test_nothing_is_prepared_among_the_images(photos, before):
    target = photos / "prepared"
    with pytest.raises(ValueError, match="target must lie outside.*another di"):
        command.run(before.format(photos), str(target))
    assert not target.exists()


def test_beside_the_images_it_goes_on(photos):
    target = str(photos.parent / "prepared")
    report = command.run(f"folder:{photos}", target, processes=1)
    assert command.run(f"folder:{photos}", target, processes=1) == report


def test_numbers_with_gaps_are_refused(tmp_path):
    """Names of classes, as a prepared set has them, would hide the gap."""
    images = [(ENCODED[0], label) for label in (0, 1, 3)]
    write_npz(tmp_path / "a.npz", images)
    with pytest.raises(ValueError, match="The class 2 has no example in npz:"):
        command.run(f"npz:{tmp_path}/a.npz", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_errors_of_the_source_are_not_said_of_the_target(monkeypatch, capsys):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied", "/data/a.csv")

    monkeypatch.setattr(command, "split_names", denied)
    assert prepare_dataset.main(["csv:/data/a.csv", "/out"]) == 1
    line = capsys.readouterr().err
    assert line == "error: [Errno 13] Permission denied: '/data/a.csv'\n"


def test_errors_of_the_target_name_it(tmp_path, capsys):
    write_npz(tmp_path / "a.npz", rows())
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "set"
    assert prepare_dataset.main([f"npz:{tmp_path}/a.npz", str(target)]) == 1
    line = capsys.readouterr().err
    assert line.startswith("error: ") and str(target) in line


def test_the_tool_passes_on_what_training_knows_too(monkeypatch, capsys):
    passed = {}

    def run(**options):
        passed.update(options)
        raise ValueError("enough")

    monkeypatch.setattr(command, "run", run)
    assert prepare_dataset.main(["mnist", "/out"]) == 1
    assert (passed["download"], passed["max_corrupt_fraction"]) == (False, 0.01)
    more = ["--download", "--max_corrupt_fraction=0.2"]
    assert prepare_dataset.main(["mnist", "/out", *more]) == 1
    assert (passed["download"], passed["max_corrupt_fraction"]) == (True, 0.2)


def test_what_is_left_out_has_its_number_in_the_data_set(tmp_path):
    examples = rows()
    examples[7] = (ENCODED[7][:60], 1)
    write_tfrecord(tmp_path / "a.tfrecord", examples)
    name = f"tfrecord:{tmp_path}/a.tfrecord"
    report = command.run(name, str(tmp_path / "out"), processes=1)
    (row,) = report["corrupt"]
    assert row["image"].startswith(f"example 7 of {name} (train)")


def test_the_lines_count_in_words():
    one = {"examples": 1, "bytes": 1200, "shards": 1}
    report = {"splits": {"train": one}}
    row = {"image": "a.png", "reason": "is no image"}
    text = "\n".join(command.lines({**report, "corrupt": [row]}, "/out"))
    assert "train: 1 image, 1,200 bytes in 1 shard\n" in text
    assert "left out: 1 image that cannot be read\n  a.png: is no" in text
    few = "\n".join(command.lines({**report, "corrupt": [row] * 2}, "/out"))
    assert "left out: 2 images that cannot be read" in few
