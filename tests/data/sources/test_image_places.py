"""Shards that are written anew under their names hold other images."""

import shutil

import data_files
import numpy as np
import pytest
from data_files import ENCODED
from data_files import rows

from simclrv2_tf.data import image_checksum
from simclrv2_tf.data.sources import open_source
from simclrv2_tf.data.sources.image_places import place_checksum
from simclrv2_tf.data.sources.table import parquet
from simclrv2_tf.data.sources.table.parquet_rows import forget_groups


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """The first and the last image are looked at, rows are read in place."""
    monkeypatch.setattr(image_checksum, "LOOKED_AT", 2)
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", -1)


def with_another(number=5):
    """The rows, of which one that is not looked at is another image."""
    changed = rows()
    pixels = np.zeros((9, 7, 3), np.uint8)
    changed[number] = data_files.png(pixels), changed[number][1]
    return changed


def checked(name):
    forget_groups()
    source = open_source(name)
    return image_checksum.image_checksum(source), place_checksum(source)


@pytest.mark.parametrize("kind", ["tar", "tfrecord", "parquet"])
def test_images_in_larger_files(tmp_path, kind):
    write = getattr(data_files, f"write_{kind}")
    path = tmp_path / f"a.{kind}"
    write(path, rows())
    images, places = checked(f"{kind}:{path}")
    shutil.copy(path, tmp_path / f"b.{kind}")
    assert checked(f"{kind}:{tmp_path}/b.{kind}") == (images, places)
    write(path, with_another())
    now = checked(f"{kind}:{path}")
    assert now[0] == images and now[1] != places


def test_files_and_shards_that_are_joined(tmp_path):
    data_files.write_tar(tmp_path / "a.tar", rows(slice(4)))
    folder = tmp_path / "b"
    for number, image in enumerate(ENCODED):
        (folder / str(number % 3)).mkdir(parents=True, exist_ok=True)
        (folder / str(number % 3) / f"{number:02}.png").write_bytes(image)
    name = f"concat:tar:{tmp_path}/a.tar,folder:{folder}"
    images, places = checked(name)
    assert checked(name) == (images, places)
    (folder / "2" / "05.png").write_bytes(b"shorter")
    now = checked(name)
    assert now[0] == images and now[1] != places
    (folder / "2" / "05.png").write_bytes(ENCODED[5])
    assert checked(name) == (images, places)


def test_others_have_their_sizes_in_the_checksum_of_images(tmp_path):
    path = tmp_path / "a.npz"
    data_files.write_npz(path, rows())
    assert place_checksum(open_source("digits")) is None
    assert checked(f"npz:{path}")[1] is None
