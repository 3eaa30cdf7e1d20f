"""What a summary says of data whose contents are known."""

import io

import numpy as np
import pytest
from data_files import ENCODED
from oriented_images import write_folders
from PIL import Image

from simclrv2_tf.data import sources
from simclrv2_tf.data.prepare import contact_sheet
from simclrv2_tf.data.prepare import summary


@pytest.fixture
def folder(tmp_path):
    """Images whose formats, damage and repetitions are known."""
    for name in ("train/ant", "train/bee", "val/ant", "val/bee"):
        (tmp_path / name).mkdir(parents=True)
    for index in range(5):
        (tmp_path / f"train/ant/{index}.png").write_bytes(ENCODED[index])
    (tmp_path / "train/ant/again.png").write_bytes(ENCODED[0])
    (tmp_path / "train/bee/bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    Image.fromarray(np.zeros((50, 40), np.uint8)).save(
        tmp_path / "train/bee/large.jpg"
    )
    (tmp_path / "val/ant/seen.png").write_bytes(ENCODED[4])
    (tmp_path / "val/ant/new.png").write_bytes(ENCODED[9])
    (tmp_path / "val/bee/bad.png").write_bytes(ENCODED[9][:40])
    return tmp_path


def summed(name, splits=("train", "validation")):
    opened = {split: sources.open_source(name, split) for split in splits}
    return summary.summarize(
        {k: (s, summary.examine(s, shown=False)) for k, s in opened.items()}
    )


def test_what_is_in_a_folder(folder):
    found = summed(f"folder:{folder}")
    train, held_out = found["splits"]["train"], found["splits"]["validation"]
    assert (train["images"], train["labelled"]) == (8, 8)
    assert train["classes"] == {"ant": 6, "bee": 2}
    assert train["formats"] == {"PNG": 6, "JPEG": 1}
    assert train["modes"] == {"RGB": 6, "L": 1}
    assert train["shorter_side"] == [7, 7, 40]
    assert train["longer_side"] == [9, 9, 50]
    assert [p[-7:] for p in train["corrupt"]] == ["bad.jpg"]
    assert [p[-7:] for p in held_out["corrupt"]] == ["bad.png"]
    assert all(train["corrupt"].values())
    (pair,) = found["duplicates"]
    assert pair[0].endswith("train/ant/4.png")
    assert pair[1].endswith("val/ant/seen.png")
    (pair,) = found["repeated"]
    assert {p.rsplit("/", 1)[1] for p in pair} == {"0.png", "again.png"}


def test_the_lines_name_what_matters(folder):
    text = "\n".join(summary.lines(summed(f"folder:{folder}")))
    for part in (
        "images   8 (0 without a label)",
        "classes  2, from 2 images (bee) to 6 (ant)",
        "corrupt  1",
        "bad.jpg: ",
        "in both splits: 1 image; train/test leakage",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"bee": 5, "birds": 5}, "classes  2, 5 images each"),
        ({"birds": 5}, "classes  1"),
        ({"a": 1, "b": 2}, "classes  2, from 1 image (a) to 2 (b)"),
        ({"a": 1, "b": 1}, "classes  2, 1 image each"),
    ],
)
def test_equal_classes_are_not_a_range(counts, line):
    split = {
        "images": sum(counts.values()),
        "labelled": sum(counts.values()),
        "classes": counts,
        "shorter_side": None,
        "tagged": 0,
        "corrupt": {},
        "notes": ["passed over: 1 file, .txt 1"],
    }
    found = {"splits": {"train": split}, "repeated": []}
    shown = summary.lines(found)
    assert f"  {line}" in shown
    assert "  note     passed over: 1 file, .txt 1" in shown


def test_arrays_have_no_files(tmp_path):
    images = np.zeros((6, 8, 8, 5), np.uint8)
    images[:, 0, 0, 0] = [0, 1, 2, 3, 4, 4]
    np.savez(tmp_path / "a.npz", images=images)
    found = summed(f"npz:{tmp_path}/a.npz", ("train",))
    train = found["splits"]["train"]
    assert train["formats"] == {"array of uint8": 6}
    assert train["modes"] == {"5 channels": 6}
    assert (train["labelled"], train["classes"]) == (0, {})
    assert len(found["repeated"]) == 1
    assert "without a label" in "".join(summary.lines(found))


def test_nothing_that_can_be_read(tmp_path):
    (tmp_path / "1.png").write_bytes(b"no image")
    found = summed(f"folder:{tmp_path}", ("train",))
    assert "corrupt  1" in "\n".join(summary.lines(found))


def test_contact_sheets_hold_each_image(tmp_path):
    images = [np.full((5, 5, 3), v) for v in (0.0, 0.5)]
    images.append(np.full((100, 50, 1), 0.25))
    path = str(tmp_path / "sheet.png")
    contact_sheet.write_sheet(path, images, 2, ["a", "b", "ü" * 99], tile=20)
    with Image.open(path) as sheet:
        held = np.asarray(sheet)
    step = 20 + contact_sheet.GAP
    assert held.shape[1] == 2 * step + contact_sheet.GAP
    middle = contact_sheet.GAP + 10
    lower = middle + step + contact_sheet.CAPTION
    assert held[middle, middle].tolist() == [0] * 3
    assert held[middle, middle + step].tolist() == [128] * 3
    assert held[lower, middle].tolist() == [64] * 3
    assert held[lower, 5].tolist() == [255] * 3  # half as wide as high
    assert io.BytesIO(open(path, "rb").read()).getvalue()[:4] == b"\x89PNG"


def test_orientation_tags_are_counted(tmp_path):
    tagged, upright = write_folders(tmp_path)
    found = summed(f"folder:{tagged}", ("train",))
    assert found["splits"]["train"]["tagged"] == 28
    text = "\n".join(summary.lines(found))
    assert "note     28 images carry an EXIF orientation tag other" in text
    plain = summed(f"folder:{upright}", ("train",))["splits"]["train"]
    assert (plain["tagged"], plain["notes"]) == (0, [])
