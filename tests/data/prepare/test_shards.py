"""Prepared shards: what is in them, byte for byte, also after a kill."""

import io
import json
import multiprocessing
import pathlib
import signal
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from data_files import ENCODED
from data_files import LABELS
from data_files import NAMES
from data_files import rows
from data_files import write_csv
from data_files import write_npz
from oriented_images import write_folders
from PIL import Image

from simclrv2_tf.data import sources
from simclrv2_tf.data.prepare import command
from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import recipe
from simclrv2_tf.data.prepare import shards


@pytest.fixture
def table(tmp_path):
    """Twelve images in a table, two of them damaged, one of them large."""
    path = tmp_path / "table.csv"
    write_csv(path, rows(named=True))
    folder = tmp_path / "table_images"
    (folder / "3.png").write_bytes(b"no image")
    (folder / "7.png").write_bytes(ENCODED[7][:60])
    large = np.zeros((40, 20, 3), np.uint8)
    large[:20] = 200
    Image.fromarray(large).save(folder / "0.png")
    return f"csv:{path}"


def prepared(table, target, **options):
    return command.run(table, target, max_corrupt_fraction=0.2, **options)


def contents(directory):
    return {
        path.name: path.read_bytes()
        for path in pathlib.Path(directory).rglob("*")
        if path.is_file()
    }


def test_plain_tfds_reads_what_was_prepared(table, tmp_path):
    report = prepared(
        table, str(tmp_path / "out/birds"), short_side=10, processes=1
    )
    assert report["splits"]["train"]["examples"] == 10
    left_out = [row["image"] for row in report["corrupt"]]
    assert [name[-5:] for name in left_out] == ["3.png", "7.png"]
    assert all(row["reason"] for row in report["corrupt"])
    for builder in (
        tfds.builder("birds", data_dir=tmp_path / "out"),
        tfds.builder_from_directory(tmp_path / "out/birds"),
        tfds.builder_from_directory(tmp_path / "out/birds/1.0.0"),
    ):
        assert builder.info.features["label"].names == list(NAMES)
        read = list(builder.as_dataset(split="train"))
        assert len(read) == 10
        sizes = sorted(tuple(e["image"].shape[:2]) for e in read)
        assert sizes == [(9, 7)] * 9 + [(20, 10)]  # never made larger
        labels = sorted(int(e["label"]) for e in read)
        assert labels == sorted(np.delete(LABELS, [3, 7]).tolist())


def test_prepared_images_are_the_ones_given(tmp_path):
    write_npz(tmp_path / "a.npz", rows())
    target = str(tmp_path / "out")
    command.run(
        f"npz:{tmp_path}/a.npz", target, image_format="png", processes=1
    )
    given = sources.open_source(f"npz:{tmp_path}/a.npz")
    source = sources.open_source(target)  # the directory as a data set's name
    read, held = source.reader(), {}
    for index in range(source.num_examples):
        image, label = read(index)
        held[np.rint(image * 255).astype(np.uint8).tobytes()] = int(label)
    expected = zip(given.storage.array, given.labels, strict=True)
    assert held == {image.tobytes(): label for image, label in expected}
    order = [int(y) for y in source.labels]
    assert order != given.labels.tolist()  # shuffled


@pytest.mark.parametrize(
    "processes", [1, pytest.param(2, marks=pytest.mark.slow)]
)
def test_the_same_bytes_from_the_same_seed(table, tmp_path, processes):
    targets = [str(tmp_path / name / "set") for name in "abc"]
    prepared(table, targets[0], processes=1)
    prepared(table, targets[1], processes=processes)
    prepared(table, targets[2], processes=1, seed=1)
    one, two, other = (contents(target) for target in targets)
    assert one == two
    assert len([n for n in one if "tfrecord" in n]) == 8
    assert one.keys() == other.keys()
    assert one != other


def test_going_on_after_a_kill(table, tmp_path, monkeypatch):
    whole, cut = str(tmp_path / "whole/set"), str(tmp_path / "cut/set")
    prepared(table, whole, processes=1)
    done = []

    def dying(*arguments):
        if len(done) == 3:
            tf.io.gfile.GFile(f"{arguments[1]}.tmp", "w").write("half")
            raise KeyboardInterrupt
        done.append(arguments[1])
        return recipe.write_shard(*arguments)

    monkeypatch.setattr(shards, "write_shard", dying)
    with pytest.raises(KeyboardInterrupt):
        prepared(table, cut, processes=1)
    again = []
    monkeypatch.setattr(
        shards,
        "write_shard",
        lambda *a: again.append(a[1]) or recipe.write_shard(*a),
    )
    with pytest.raises(ValueError, match="prepared with other quality"):
        prepared(table, cut, processes=1, quality=50)
    prepared(table, cut, processes=1)
    assert len(again) == 8 - 3
    assert not set(again) & set(done)
    assert contents(whole) == contents(cut)
    again.clear()
    report = prepared(table, cut, processes=1)  # nothing left to do
    assert report["splits"]["train"]["examples"] == 10
    assert not again


def _prepare_slowly(table, target):
    write = recipe.write_shard
    shards.write_shard = lambda *a: time.sleep(0.2) or write(*a)
    prepared(table, target, processes=1)


@pytest.mark.slow
def test_a_real_kill_leaves_nothing_half_written(table, tmp_path):
    whole, cut = str(tmp_path / "whole/set"), tmp_path / "cut/set"
    prepared(table, whole, processes=1)
    context = multiprocessing.get_context("spawn")
    victim = context.Process(target=_prepare_slowly, args=(table, str(cut)))
    victim.start()
    state = cut / "1.0.0" / job_state.STATE
    while not list(state.glob("*-0000*.json")) and victim.is_alive():
        time.sleep(0.05)
    victim.kill()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    prepared(table, str(cut), processes=1)
    assert contents(whole) == contents(cut)


def test_quality_and_jpegs_that_stay_as_they_are(tmp_path):
    smooth = np.zeros((64, 64, 3), np.uint8)
    smooth[...] = np.arange(0, 256, 4)[:, None, None]
    file = io.BytesIO()
    Image.fromarray(smooth).save(file, "JPEG", quality=70)
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    Image.fromarray(smooth).save(tmp_path / "b.png")
    source = sources.open_source(f"folder:{tmp_path}")
    assert (
        recipe.prepare_image(source, 0, recipe.ImageEncoding())
        == file.getvalue()
    )
    sizes = [
        len(recipe.prepare_image(source, 1, recipe.ImageEncoding(0, quality)))
        for quality in (20, 95)
    ]
    assert sizes[0] < sizes[1]
    small = recipe.prepare_image(source, 0, recipe.ImageEncoding(16))
    with Image.open(io.BytesIO(small)) as image:
        assert image.size == (16, 16)
        middle = np.asarray(image)[:, 8, 0].astype(int)
    expected = smooth[:, 0, 0].reshape(16, 4).mean(axis=1)
    assert np.abs(middle - expected).max() <= 4  # averaged, not picked


def test_splits_and_joint_classes(tmp_path):
    write_csv(tmp_path / "all.csv", rows(named=True))
    report = command.run(
        f"csv:{tmp_path}/all.csv",
        str(tmp_path / "out"),
        splits="train=train[:75%],validation=train[75%:]",
        processes=1,
    )
    assert {k: v["examples"] for k, v in report["splits"].items()} == {
        "train": 9,
        "validation": 3,
    }
    held_out = sources.open_source(str(tmp_path / "out"), "validation")
    assert held_out.class_names == NAMES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": 0}, "`quality` must be from 1 to 100"),
        ({"short_side": -1}, "`short_side` must be 0 or more"),
        ({"image_format": "gif"}, "`image_format` must be one of"),
        ({"seed": -1}, "`seed` must be 0 or more"),
        ({"splits": "test"}, "has the splits train"),
        (
            {"max_corrupt_fraction": 1.5},
            r"`max_corrupt_fraction` must be in \[0, 1\]. Received: .*=1.5",
        ),
    ],
)
def test_messages(tmp_path, options, message):
    write_csv(tmp_path / "all.csv", rows())
    with pytest.raises(ValueError, match=message):
        command.run(f"csv:{tmp_path}/all.csv", str(tmp_path / "out"), **options)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_prepared(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((3, 4, 4, 5), np.uint8))
    name, target = f"npz:{tmp_path}/a.npz", tmp_path / "out"
    with pytest.raises(ValueError, match="1 or 3 channels.*5 channels"):
        command.run(name, str(target))
    (target / "1.0.0").mkdir(parents=True)
    (target / "1.0.0" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="must be new or empty"):
        command.run("digits", str(target))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="1.png cannot be read: .*1 of 1 im"):
        command.run(f"folder:{tmp_path}/bad", str(tmp_path / "x"), processes=1)


def test_the_report_is_a_file(table, tmp_path):
    prepared(table, str(tmp_path / "set/2.1.0"), processes=1)
    path = tmp_path / "set/2.1.0" / job_state.REPORT
    report = json.loads(path.read_text())
    assert len(report["corrupt"]) == 2
    assert not (path.parent / job_state.STATE).exists()
    builder = tfds.builder("set", data_dir=tmp_path)
    assert str(builder.version) == "2.1.0"


@pytest.mark.parametrize("short_side", [0, 6])
@pytest.mark.parametrize("image_format", ["jpeg", "png"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_applied_or_kept(
    tmp_path, kind, image_format, short_side, monkeypatch
):
    monkeypatch.setattr(shards, "FEWEST_SHARDS", 1)  # sooner opened than eight
    tagged, _ = write_folders(tmp_path, kind, per_class=8)
    written = {}
    for apply in (False, True):
        target = str(tmp_path / f"out{apply}")
        command.run(
            f"folder:{tagged}",
            target,
            short_side=short_side,
            image_format=image_format,
            quality=100,
            apply_orientation=apply,
            processes=1,
        )
        written[apply] = target
    read = {
        (prepared, training): sources.open_source(
            written[prepared], apply_orientation=training
        )
        for prepared in (False, True)
        for training in (False, True)
    }
    short = short_side or 12
    shape = (short, short * 20 // 12, 3)
    for index in range(16):
        pixels = {k: s.pixels()(index).numpy() for k, s in read.items()}
        first = pixels[True, False]  # turned once and for all
        assert first.shape == shape
        np.testing.assert_array_equal(pixels[True, True], first)
        late = pixels[False, True].astype(int)  # the tag came along
        assert late.shape == shape
        most = 12 if short_side else 6
        assert np.abs(late - first).mean() < most
    alone = read[False, False].pixels()
    assert len({tuple(alone(i).shape) for i in range(16)}) == 2


def test_a_directory_is_of_one_orientation(tmp_path):
    tagged, _ = write_folders(tmp_path, per_class=4)
    target = str(tmp_path / "out")
    command.run(f"folder:{tagged}", target, processes=1)
    with pytest.raises(ValueError, match="prepared with other sources"):
        command.run(
            f"folder:{tagged}", target, processes=1, apply_orientation=True
        )
