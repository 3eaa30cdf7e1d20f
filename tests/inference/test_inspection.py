"""The flag --dataset_summary, and the picture of augmentations."""

import weakref

import numpy as np
import pytest
from data_files import ENCODED
from data_files import rows
from data_files import write_csv
from PIL import Image

from simclrv2_tf import run
from simclrv2_tf.config import Config
from simclrv2_tf.data.prepare.contact_sheet import write_sheet
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage.byte_ranges import DAMAGED
from simclrv2_tf.inference import inspection
from tools import preview_augmentations


def test_the_flag_prints_a_summary_and_writes_a_sheet(tmp_path, capsys):
    write_csv(tmp_path / "all.csv", rows(named=True))
    (tmp_path / "all_images" / "3.png").write_bytes(ENCODED[3][:50])
    run.main(
        [
            "simclrv2",
            "--dataset_summary",
            f"--dataset=csv:{tmp_path}/all.csv",
            f"--model_dir={tmp_path}/out",
            "--train_split=train[:50%]",
            "--eval_split=train[50%:]",
        ]
    )
    out = capsys.readouterr().out
    assert "classes  3" in out
    assert "3.png: " in out
    assert "in both splits: none" in out
    recommend = "--train_mode=semi_supervised --mode=recommend --dataset=csv:"
    assert f"{recommend}{tmp_path}/all.csv" in out
    with Image.open(tmp_path / "out" / inspection.SHEET) as sheet:
        assert sheet.size[0] > 8 * 96


@pytest.mark.slow
def test_views_of_images_in_a_picture(tmp_path, capsys):
    path = str(tmp_path / "views.png")
    status = preview_augmentations.main(
        [
            path,
            "--images=3",
            "--views=4",
            "--dataset=digits",
            "--image_size=32",
            "--color_jitter_strength=0",
            "--nouse_blur",
        ]
    )
    assert status == 0
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (3 * 100 + 4, 5 * 100 + 4, 3)


def test_rows_hold_views_of_their_own_image():
    """Each image is of one grey, which a crop of it keeps."""
    greys = np.array([40, 120, 200, 250], np.uint8)
    images = np.tile(greys[:, None, None, None], (1, 20, 20, 3))
    source = Source("greys", np.zeros(4, np.int32), InMemory(images))
    config = Config(image_size=16, color_jitter_strength=0, use_blur=False)
    views = inspection._views(config, source, [2, 0, 3], 4)
    assert views.shape == (12, 16, 16, 3)
    again = inspection._views(config, source, [2, 0, 3], 4)
    np.testing.assert_array_equal(views, again)
    expected = np.repeat(greys[[2, 0, 3]] / 255, 4)
    for view, grey in zip(views, expected, strict=True):
        np.testing.assert_allclose(view, grey, atol=1e-3)


def test_a_mistake_is_one_line(tmp_path, capsys):
    status = preview_augmentations.main(
        [str(tmp_path / "a.png"), "--dataset=folder:/nowhere"]
    )
    assert status == 1
    assert capsys.readouterr().err.startswith("error: folder:PATH must name")


def test_unreadable_images_are_passed_over(tmp_path):
    for index in range(4):
        (tmp_path / f"{index}.png").write_bytes(ENCODED[0])
    (tmp_path / "2.png").write_bytes(b"no image")
    config = Config(dataset=f"folder:{tmp_path}", image_size=8)
    source = inspection.open_source(config).with_channels(3)
    assert sorted(inspection._readable(source, 4, 0)) == [0, 1, 3]
    bad = source.subset(np.array([2]))
    with pytest.raises(ValueError, match="No image of .* can be read"):
        inspection._readable(bad, 1, 0)


def test_an_image_that_fails_later_is_left_off_the_sheet(
    tmp_path, caplog, monkeypatch
):
    drawn = []
    monkeypatch.setattr(
        inspection, "write_sheet", lambda _, images, *__: drawn.extend(images)
    )
    source = Source(
        "pictures",
        np.zeros(2, np.int32),
        Encoded(np.array([ENCODED[0], b"no image"], object)),
        ("a",),
    )
    config = Config(model_dir=str(tmp_path))
    inspection._sheet_of(config, source, [0, 1])
    assert len(drawn) == 1
    (line,) = caplog.messages
    assert "cannot be read: " in line and "\n" not in line


def test_a_damaged_record_is_passed_over(tmp_path, caplog):
    (tmp_path / "a.tfrecord").write_bytes(ENCODED[0])
    storage = ByteRanges.of_rows(
        [str(tmp_path / "a.tfrecord")],
        [(0, 0, len(ENCODED[0])), (0, 0, DAMAGED)],
    )
    source = Source("records", np.full(2, -1, np.int32), storage)
    assert inspection._readable(source, 2, 0) == [0]
    assert "does not match its checksum" in caplog.text


@pytest.mark.parametrize("model_dir", [None, "out"])
def test_no_sheet_is_written_among_the_images(
    tmp_path, monkeypatch, caplog, model_dir
):
    """It would be an image without a class from then on."""
    for name in ("a/0.png", "b/1.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(ENCODED[0])
    monkeypatch.chdir(tmp_path)
    totals = inspection.summarize(
        Config(dataset="folder:.", model_dir=model_dir)
    )
    assert "sheet" not in totals
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert "give --model_dir, a directory outside of them" in caplog.text


@pytest.fixture
def pictures():
    """Ten images of two classes, larger than they are shown."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 120, 150, 3))
    images = InMemory(pixels.astype(np.uint8))
    labels = np.arange(10, dtype=np.int32) % 2
    return Source("pictures", labels, images, ("ant", "bee"))


def test_the_sheet_shows_images_by_their_classes(tmp_path, pictures):
    config = Config(model_dir=str(tmp_path))
    path = inspection._sheet_of(config, pictures, list(range(10)))
    read, order = pictures.reader(), [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    images = [read(number)[0].numpy() for number in order]
    captions = ["ant"] * 5 + ["bee"] * 5
    write_sheet(str(tmp_path / "expected.png"), images, 8, captions)
    with open(path, "rb") as sheet:
        assert sheet.read() == (tmp_path / "expected.png").read_bytes()


def test_images_of_the_sheet_are_not_kept(tmp_path, pictures, monkeypatch):
    """One is drawn while the next is read."""
    seen, most = [], []

    def draw(_, images, *__):
        for image in images:
            seen.append(weakref.ref(image))
            most.append(sum(one() is not None for one in seen))

    monkeypatch.setattr(inspection, "write_sheet", draw)
    config = Config(model_dir=str(tmp_path))
    inspection._sheet_of(config, pictures, list(range(10)))
    assert len(seen) == 10
    assert max(most) <= 2
