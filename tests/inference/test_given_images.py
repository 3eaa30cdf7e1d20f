"""Images handed in: what each is taken for, and what is said of others."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import PIXELS
from PIL import Image

from simclrv2_tf.inference import given_images


def pixels_of(images):
    given, _ = given_images.listed(images)
    return [
        source.reader()(row)[0].numpy()
        for source, places in given_images.sources(given)
        for row in range(len(places))
    ]


@pytest.mark.parametrize(
    "pairs",
    [
        tf.data.Dataset.from_tensor_slices((PIXELS, LABELS)),
        tf.data.Dataset.from_tensor_slices((PIXELS, np.eye(3)[LABELS])),
        tf.data.Dataset.from_tensor_slices((PIXELS, LABELS)).batch(4),
        list(zip(PIXELS, LABELS.tolist(), strict=True)),
    ],
)
def test_pairs_of_image_and_label_are_told(pairs):
    with pytest.raises(ValueError, match="a tuple of 2 .*lambda image, label"):
        given_images.listed(pairs)


def test_what_numpy_makes_no_array_of():
    with pytest.raises(ValueError, match="must be files.*Received: list"):
        given_images.listed([[[[1], [2]], [[3]]]])


def test_images_of_a_dataset():
    images = tf.data.Dataset.from_tensor_slices(PIXELS)
    np.testing.assert_allclose(pixels_of(images), PIXELS / 255, rtol=1e-6)


def test_channels_first_are_told_how_to_be_last():
    given, _ = given_images.listed(PIXELS.transpose(0, 3, 1, 2))
    with pytest.raises(ValueError, match="channels last, transpose.1, 2, 0"):
        given_images.check_channels(given, 3)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("most", [0, 1])
def test_images_of_pillow_are_no_masks(mode, most):
    """However dark: what is white is known by their mode."""
    dark = Image.fromarray(np.full((5, 6), most, np.uint8)).convert(mode)
    (pixels,) = pixels_of(dark)
    np.testing.assert_allclose(pixels, most / 255, rtol=1e-6)


def test_arrays_may_be_black_but_no_masks():
    black = np.zeros((5, 6, 1), np.uint8)
    assert not np.any(pixels_of(black))
    with pytest.raises(ValueError, match="255 for white.*this / 255"):
        pixels_of(black + np.eye(5, 6, dtype=np.uint8)[..., None])


def test_images_of_pillows_are_turned_as_files_are(tmp_path):
    path = str(tmp_path / "turned.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS[0]).save(path, exif=exif)
    upright = np.rot90(np.asarray(Image.open(path)), -1)
    one = given_images.turned(Image.open(path))
    first, second, third = given_images.turned([Image.open(path), path, 0])
    for image in (one, first):
        np.testing.assert_array_equal(np.asarray(image), upright)
    assert (second, third) == (path, 0)
    assert given_images.turned(path) == path
    assert given_images.turned(PIXELS) is PIXELS
