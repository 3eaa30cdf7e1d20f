"""Damaged files of every kind: a sentence or an image, no crash and no hang."""

import faulthandler
import io
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import NAMES
from data_files import PIXELS
from data_files import WRITERS
from data_files import of_bytes
from data_files import rows
from PIL import Image
from tfds_files import image_and_label
from tfds_files import write_tfds

from simclrv2_tf.data import sources
from simclrv2_tf.data.decode import rgb

EACH = 80  # mutations of each format, 1,040 in all
HANG = 300  # seconds after which the whole test run is ended
ALLOWED = (ValueError, OSError, tf.errors.OpError)
IMAGES = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")


def mutated(data, rng):
    """The bytes with one to four changes of the kinds that happen."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        place = int(rng.integers(len(data) + 1))
        length = int(rng.integers(1, 33))
        kind = rng.integers(6)
        if kind == 0:
            del data[place:]  # cut short
        elif kind == 1:
            del data[place : place + length]
        elif kind == 2:
            data[place:place] = rng.bytes(length)
        elif kind == 3:
            data[place : place + length] = bytes(
                len(data[place : place + length])
            )
        elif kind == 4:
            data[place:place] = data[place // 2 : place // 2 + length]
        elif place < len(data):
            data[place] ^= 1 << int(rng.integers(8))
    return bytes(data)


@pytest.fixture(autouse=True)
def no_hang():
    yield
    faulthandler.cancel_dump_traceback_later()


def watch():
    faulthandler.dump_traceback_later(HANG, exit=True)


@pytest.fixture(scope="module")
def decoder():
    return of_bytes(rgb.decode_image)


def read_all(source, decoder):
    """Reads what can be read; returns how many images came out."""
    good = 0
    for index in range(source.num_examples):
        try:
            image = decoder(tf.constant(source.encoded_bytes(index)))
            good += image.shape[-1] == 3
        except ALLOWED as error:
            assert str(error)
    return good


def compressed(path, rows):
    np.savez_compressed(path, images=PIXELS, labels=[r[1] for r in rows])


KINDS = {**WRITERS, "compressed npz": compressed}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.slow)
        if kind == "tfrecord"
        else kind
        for kind in sorted(KINDS)
    ],
)
def test_files_of_many_images(kind, tmp_path, decoder):
    ending = kind.split()[-1]
    whole = tmp_path / f"whole.{ending}"
    KINDS[kind](whole, rows(slice(0, 4) if kind in WRITERS else slice(None)))
    data = whole.read_bytes()
    rng = np.random.default_rng(len(kind))
    opened = 0
    for number in range(EACH):
        watch()
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(mutated(data, rng))
        try:
            source = sources.open_source(f"{ending}:{path}")
        except ALLOWED as error:
            assert path.name in str(error)
            assert len(str(error).splitlines()) == 1
            continue
        opened += 1
        read_all(source, decoder)
    assert opened < EACH  # some damage must have been seen


@pytest.mark.parametrize("kind", IMAGES)
def test_images(kind, tmp_path, decoder):
    file = io.BytesIO()
    Image.fromarray(PIXELS[0]).resize((40, 30)).save(file, kind)
    rng = np.random.default_rng(len(kind))
    for number in range(EACH):
        watch()
        (tmp_path / f"{number}.{kind.lower()}").write_bytes(
            mutated(file.getvalue(), rng)
        )
    source = sources.open_source(f"folder:{tmp_path}")
    assert source.num_examples == EACH
    assert read_all(source, decoder) < EACH


def test_label_maps(tmp_path):
    npz = tmp_path / "all.npz"
    WRITERS["npz"](npz, rows())
    texts = {
        "csv": "0,ant\n1,bee\n2,cat\n",
        "json": '{"0": "ant", "1": "bee", "2": null}',
    }
    rng = np.random.default_rng(0)
    for number in range(EACH):
        watch()
        ending = ("csv", "json")[number % 2]
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(mutated(texts[ending].encode(), rng))
        try:
            sources.open_source(f"npz:{npz}", label_map=str(path))
        except ValueError as error:
            assert path.name in str(error)


@pytest.mark.slow
def test_tfds_directories(tmp_path, decoder):
    features = image_and_label((9, 7, 3), list(NAMES))
    train = {"image": PIXELS, "label": LABELS}
    name = write_tfds(tmp_path, features, {"train": train})
    directory = pathlib.Path(name) / "1.0.0"
    files = sorted(path for path in directory.iterdir() if path.is_file())
    rng = np.random.default_rng(0)
    for number in range(EACH):
        watch()
        path = files[number % len(files)]
        data = path.read_bytes()
        path.write_bytes(mutated(data, rng))
        try:
            read_all(sources.open_source(str(directory)), decoder)
        except ALLOWED as error:
            assert str(error)
        path.write_bytes(data)
