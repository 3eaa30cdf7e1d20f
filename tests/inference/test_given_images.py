"""Images handed in: what each is taken for, and what is said of others."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import PIXELS
from PIL import Image

from simclrv2_tf.inference import given_images


class OfAnotherLibrary:
    """An array as those of PyTorch and JAX are, which numpy can read."""

    def __init__(self, array, error=None):
        self.array, self.error = np.asarray(array), error
        self.ndim, self.shape = self.array.ndim, self.array.shape

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (OfAnotherLibrary(row) for row in self.array)

    def __array__(self, dtype=None, copy=None):
        if self.error:
            raise self.error
        return np.asarray(self.array, dtype)


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


def test_arrays_of_other_libraries():
    given, single = given_images.listed(OfAnotherLibrary(PIXELS[0]))
    assert single
    np.testing.assert_array_equal(given[0], PIXELS[0])
    image = OfAnotherLibrary(PIXELS[0])
    assert given_images.turned(image) is image
    for many in (OfAnotherLibrary(PIXELS), list(map(OfAnotherLibrary, PIXELS))):
        given, single = given_images.listed(many)
        assert not single
        np.testing.assert_array_equal(given, PIXELS)
    with pytest.raises(ValueError, match="Received: shape .5, 6.$"):
        given_images.listed(OfAnotherLibrary(np.zeros((5, 6))))


def test_columns_of_paths_are_lists(tmp_path):
    paths = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for path in paths:
        Image.fromarray(PIXELS[0]).save(path)

    class Column(OfAnotherLibrary):
        def __iter__(self):
            return iter(self.array.tolist())

    assert given_images.listed(Column(paths)) == (paths, False)


@pytest.mark.parametrize("kind", [RuntimeError, TypeError])
def test_arrays_that_numpy_cannot_read(kind):
    """As PyTorch's with gradients or on a GPU, which say what to do."""
    image = OfAnotherLibrary(PIXELS[0], kind("Use tensor.detach()."))
    with pytest.raises(ValueError, match="OfAnother.*, Use tensor.detach"):
        given_images.listed(image)
    with pytest.raises(ValueError, match="OfAnother.*, Use tensor.detach"):
        given_images.listed([image])
