"""The sheet of images to label, and copies: one image in memory at a time."""

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
        np.arange(COUNT) % 2 == 0,
    )
    chosen = [Chosen(number, "typical", 1.0) for number in (5, 2, 7)]
    none = np.zeros(0)
    return Findings(pool, chosen, None, none, none, None)


def test_a_sheet_and_copies_of_what_is_no_file(tmp_path, found):
    copied = images_to_label.write(str(tmp_path), found)
    assert copied == {5: "next_labels/0001.png", 7: "next_labels/0003.png"}
    for number, path in copied.items():
        with Image.open(tmp_path / path) as copy:
            np.testing.assert_array_equal(np.asarray(copy), PIXELS[number])
    images = [(PIXELS[number] / 255).astype(np.float32) for number in (5, 2, 7)]
    write_sheet(str(tmp_path / "expected.png"), images, 10, list("123"))
    written = (tmp_path / "next_labels.png").read_bytes()
    assert written == (tmp_path / "expected.png").read_bytes()


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
