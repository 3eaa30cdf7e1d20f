"""The sheet of images to label, and copies: one image in memory at a time."""

import dataclasses
import hashlib
import weakref

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.curation import images_to_label
from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.curation.next_labels import Chosen
from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.data.prepare.contact_sheet import write_sheet
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory

COUNT = 8
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, 120, 150, 3))


@pytest.fixture
def found():
    """Images of which three are chosen; every second is a file."""
    source = Source(
        "some",
        np.full(COUNT, -1, np.int32),
        InMemory(PIXELS.astype(np.uint8)),
    )
    pool = Pool(
        source,
        np.full(COUNT, "train", object),
        "train",
        np.array([f"{n}.png" for n in range(COUNT)], object),
        np.array(["" if n % 2 else f"{n}.png" for n in range(COUNT)], object),
    )
    chosen = [Chosen(number, "typical", 1.0) for number in (5, 2, 7)]
    none = np.zeros(0)
    return Findings(pool, chosen, None, none, none, None)


def name_of(rank, number):
    """A copy's name from the checksum of shape and pixels."""
    data = b"(120, 150, 3)" + PIXELS[number].astype(np.uint8).tobytes()
    return f"next_labels/{rank:04d}-{hashlib.sha256(data).hexdigest()[:12]}.png"


def test_a_sheet_and_copies_of_what_is_no_file(tmp_path, found):
    copied = images_to_label.write(str(tmp_path), found)
    assert copied == {5: name_of(1, 5), 7: name_of(3, 7)}
    for number, path in copied.items():
        with Image.open(tmp_path / path) as copy:
            np.testing.assert_array_equal(np.asarray(copy), PIXELS[number])
    images = [(PIXELS[number] / 255).astype(np.float32) for number in (5, 2, 7)]
    write_sheet(str(tmp_path / "expected.png"), images, 10, list("123"))
    written = (tmp_path / "next_labels.png").read_bytes()
    assert written == (tmp_path / "expected.png").read_bytes()


def in_folder(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_later_round_replaces_no_copy(tmp_path, found):
    """The first round's table goes on naming its images."""
    folder = tmp_path / "next_labels"
    first = images_to_label.write(str(tmp_path), found)
    before = in_folder(folder)
    assert images_to_label.write(str(tmp_path), found) == first
    assert in_folder(folder) == before
    chosen = [Chosen(number, "typical", 1.0) for number in (1, 3, 7)]
    images_to_label.write(str(tmp_path), found._replace(chosen=chosen))
    after = in_folder(folder)
    assert after.items() > before.items() and len(after) == len(before) + 2


def test_a_copy_that_was_changed_by_hand_stays(tmp_path, found):
    copied = images_to_label.write(str(tmp_path), found)
    (tmp_path / copied[5]).write_bytes(b"turned")
    images_to_label.write(str(tmp_path), found)
    assert (tmp_path / copied[5]).read_bytes() == b"turned"


@pytest.mark.parametrize(
    ("array", "which"),
    [
        (PIXELS[..., :2].astype(np.uint8), "uint8 with 2 channels"),
        ((PIXELS / 255).astype(np.float32), "float32 with 3 channels"),
    ],
)
def test_what_a_png_would_lose_is_not_copied(
    tmp_path, found, caplog, array, which
):
    source = Source("some", found.pool.source.labels, InMemory(array))
    pool = dataclasses.replace(found.pool, source=source)
    assert not images_to_label.write(str(tmp_path), found._replace(pool=pool))
    assert [path.name for path in tmp_path.iterdir()] == ["next_labels.png"]
    assert f"does not hold {which} as they are in some. Put" in caplog.text


def test_nothing_is_written_where_nothing_is_chosen(tmp_path, found):
    assert images_to_label.write(str(tmp_path), found._replace(chosen=[])) == {}
    assert not list(tmp_path.iterdir())


def test_images_are_not_kept(tmp_path, found, monkeypatch):
    """One is drawn while the next is read."""
    seen, most = [], 0

    def draw(path, images, *_):
        nonlocal most
        for image in images:
            seen.append(weakref.ref(image))
            most = max(most, sum(one() is not None for one in seen))
        open(path, "wb").close()

    monkeypatch.setattr(images_to_label, "write_sheet", draw)
    images_to_label.write(str(tmp_path), found)
    assert len(seen) == 3
    assert most <= 2
