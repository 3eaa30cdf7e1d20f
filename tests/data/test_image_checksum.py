"""Images are told from others of the same names and shapes."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.data import image_checksum as module
from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import open_source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory


def source(storage, count):
    return Source("images", np.zeros(count, np.int32), storage)


@pytest.mark.parametrize("changed", [0, 77, 199])
def test_each_pixel_of_an_array_counts(changed):
    images = np.zeros((200, 4, 4, 3), np.uint8)
    images[0] = 200  # not dark
    before = image_checksum(source(InMemory(images), 200))
    assert image_checksum(source(InMemory(images.copy()), 200)) == before
    images = images.copy()
    images[changed, 3, 3, 2] += 1
    assert image_checksum(source(InMemory(images), 200)) != before


def test_of_many_files_some_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOKED_AT", 4)
    paths = [tmp_path / "a" / f"{number:02}.png" for number in range(10)]
    paths[0].parent.mkdir()
    for number, path in enumerate(paths):
        Image.new("RGB", (9, 9), (number, 0, 0)).save(path)
    opened = open_source(f"folder:{tmp_path}")
    before = image_checksum(opened)
    for number in (0, 3, 6, 9):
        kept = paths[number].read_bytes()
        Image.new("RGB", (9, 9), "white").save(paths[number])
        assert image_checksum(opened) != before, number
        paths[number].write_bytes(kept)
    assert image_checksum(opened) == before
    paths[4].write_bytes(b"shorter")  # which is not among those looked at
    assert image_checksum(opened) != before


def test_order_and_bytes_of_encoded_images_count():
    images = [b"first", b"second\x00", b"third"]
    sums = {
        image_checksum(source(Encoded(np.array(each, object)), 3))
        for each in (images, images[::-1], [images[0], b"second", images[2]])
    }
    assert len(sums) == 3


def test_files_that_are_gone_leave_the_others(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "c").mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / "c" / f"{name}.png")
    opened = open_source(f"folder:{tmp_path}")
    before = image_checksum(opened)
    (tmp_path / "c" / "b.png").unlink()
    assert image_checksum(opened) != before
