"""A classifier takes whatever images come in."""

import os

import numpy as np
import pytest
import small_classifier
import tensorflow as tf
from PIL import Image

from simclrv2_tf.inference.classifier import Classifier
from simclrv2_tf.recipes.job_classifier import load_classifier


@pytest.fixture(scope="module")
def classifier():
    return Classifier(small_classifier.classifier(), None)


@pytest.fixture
def folder(tmp_path):
    return small_classifier.photographs(tmp_path / "photos")


def test_one_file_and_many(classifier, folder):
    files = sorted(str(p) for p in folder.rglob("*.*"))
    one = classifier.predict(files[0])
    many = classifier.predict(files)
    assert one.image == files[0]
    assert one.probabilities == pytest.approx(many[0].probabilities, abs=1e-5)
    assert one.class_name == max(one.probabilities, key=one.probabilities.get)
    assert one.probability == one.probabilities[one.class_name]
    assert sum(one.probabilities.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_a_folder_is_all_its_images(classifier, folder):
    files = sorted(str(p) for p in folder.rglob("*.*"))
    assert [p.image for p in classifier.predict(folder)] == files


def test_a_folder_holds_images_under_any_name(classifier, folder, caplog):
    (first, *_) = files = sorted(str(p) for p in folder.rglob("*.*"))
    plain = os.path.join(os.path.dirname(first), "no ending")
    os.rename(first, plain)
    (folder / "notes.txt").write_text("words")
    (folder / "._1.png").write_bytes(b"what macOS adds")
    predicted = [p.image for p in classifier.predict(folder)]
    assert predicted == sorted([plain, *files[1:]])
    (warning,) = caplog.messages
    assert "passed over: 2 files, .txt 1, hidden" in warning


def test_arrays_are_as_files(classifier, folder):
    file = sorted(folder.rglob("*.*"))[0]
    pixels = tf.io.decode_image(tf.io.read_file(str(file))).numpy()
    expected = classifier.predict(file).probabilities
    for image in (pixels, pixels.astype(np.float32) / 255):
        told = classifier.predict(image).probabilities
        assert told == pytest.approx(expected, abs=1e-5)
    both = classifier.predict([pixels, pixels[:-3]])  # of two sizes
    assert both[0].probabilities == pytest.approx(expected, abs=1e-5)
    assert len(classifier.predict(np.stack([pixels, pixels]))) == 2


# All but grey ones are made RGB in one way.
MODES = [
    mode if mode in ("L", "P") else pytest.param(mode, marks=pytest.mark.slow)
    for mode in ("RGB", "L", "P", "1", "RGBA", "LA")
]


@pytest.mark.parametrize("mode", MODES)
def test_images_of_pillow_are_as_their_files(classifier, tmp_path, mode):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (9, 11, 3), np.uint8)
    image = Image.fromarray(pixels).convert(mode)
    image.save(tmp_path / "image.png")
    expected = classifier.predict(tmp_path / "image.png").probabilities
    for given in (image, [image, image][:1]):
        (told,) = np.ravel(classifier.predict(given))
        assert told.probabilities == pytest.approx(expected, abs=1e-5)


def test_sixteen_bits_of_pillow_are_scaled(classifier):
    grey = np.random.default_rng(0).integers(0, 256, (9, 11), np.uint8)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    assert deep.mode == "I;16"
    expected = classifier.predict(grey[..., np.newaxis]).probabilities
    told = classifier.predict(deep).probabilities
    assert told == pytest.approx(expected, abs=1e-5)
    with pytest.raises(ValueError, match="of 8 or 16 bits.*32 bits"):
        classifier.predict(Image.fromarray(grey.astype(np.int32)))


def test_what_is_no_image(classifier, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    with pytest.raises(ValueError, match="must be readable.*bad.png"):
        classifier.predict(bad)
    with pytest.raises(ValueError, match="Expected a file.*gone.png"):
        classifier.predict(tmp_path / "gone.png")
    with pytest.raises(
        ValueError, match="empty' holds no image; expected files"
    ):
        (tmp_path / "empty").mkdir()
        classifier.predict(tmp_path / "empty")
    with pytest.raises(ValueError, match="of four axes.*shape"):
        classifier.predict(np.zeros((3, 3)))


def shares(predictions):
    return [tuple(p.probabilities.values()) for p in predictions]


@pytest.mark.slow
def test_a_list_of_anything_is_as_each_alone(classifier, folder):
    file = str(sorted(folder.rglob("*.*"))[0])
    pixels = tf.io.decode_image(tf.io.read_file(file)).numpy()
    floats = pixels[:-3].astype(np.float32) / 255
    grey = pixels[..., :1]
    mixed = [pixels, file, floats, Image.open(file), grey, pixels[:-3]]
    together = classifier.predict(mixed)
    alone = [classifier.predict(image) for image in mixed]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours.probabilities == pytest.approx(
            theirs.probabilities, abs=1e-5
        )
    assert [p.image for p in together][:3] == [
        "example 0 of the images given",
        file,
        "example 2 of the images given",
    ]
    assert shares(classifier.predict(iter(mixed))) == shares(together)


# Each alone is refused; so it is in a list, with others of its size or not.
RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (9, 9, 3), np.uint8)
WRONG = {
    "floats to 255": (BYTES.astype(np.float32), "must be in .0, 1."),
    "int64": (BYTES.astype(np.int64), "must be in .0, 1."),
    "int32": (BYTES.astype(np.int32), "must be in .0, 1."),
    "around 0": (BYTES / 127.5 - 1, "must be in .0, 1."),
    "not a number": (BYTES * np.nan, "must be in .0, 1."),
    "0 and 1": ((BYTES[1:] > 100).astype(np.uint8), "must have 255 for white"),
    "no channels": (BYTES[..., 0], "of four axes.*shape .9, 9.$"),
    "alpha": (
        np.dstack([BYTES, BYTES[..., :1]]),
        "must be of 1 or 3 channels.*shape .9, 9, 4.",
    ),
    "channels first": (BYTES.transpose(2, 0, 1), "of 1 or 3 channels"),
    "the bytes of a file": (b"\x89PNG", "must be files.*Received: bytes"),
    "nothing": (None, "must be files.*Received: NoneType"),
    "a number": (3, "of four axes.*shape .."),
    "text in an array": (np.array([["a"]]), "must be files.*ndarray"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_no_image_is_guessed_at(classifier, wrong):
    image, message = WRONG[wrong]
    lists = [[image], [image, image], [BYTES, image], [BYTES[:-2], image]]
    for given in [image, *lists, (image,)]:
        with pytest.raises(ValueError, match=message):
            classifier.predict(given)


@pytest.mark.parametrize("none", [[], (), np.zeros((0, 9, 9, 3), np.uint8)])
def test_no_image_at_all(classifier, none):
    with pytest.raises(ValueError, match="an image at least"):
        classifier.predict(none)


def test_a_run_holds_a_classifier(tmp_path):
    network = small_classifier.classifier()
    run = small_classifier.save_run(network, tmp_path / "run")
    loaded = load_classifier(run)
    image = np.random.default_rng(0).random((20, 20, 3), np.float32)
    told, expected = (
        c.predict(image).probabilities.values()
        for c in (loaded, Classifier(network))
    )
    assert list(told) == pytest.approx(list(expected), abs=1e-5)
