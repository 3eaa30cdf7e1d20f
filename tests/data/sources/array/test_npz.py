"""Arrays: which is what, in what range, and what is refused."""

import pickle

import numpy as np
import pytest
from data_files import LABELS
from data_files import NAMES
from data_files import PIXELS

from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.array import npy
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped


def saved(tmp_path, save=np.savez, **arrays):
    save(tmp_path / "a.npz", **arrays)
    return f"npz:{tmp_path}/a.npz"


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("images", "labels"),
        ("x", "y"),
        ("arr_0", "arr_1"),
        ("data", "targets"),
    ],
)
def test_usual_names(tmp_path, images, labels):
    name = saved(tmp_path, **{images: PIXELS, labels: LABELS[:, None]})
    source = sources.open_source(name)
    np.testing.assert_array_equal(source.storage.array, PIXELS)
    assert source.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("form", ["x_{}", "{}_images", "images_{}"])
def test_splits_in_one_file(tmp_path, form):
    labels = form.replace("x", "y").replace("images", "labels")
    arrays = {
        form.format("train"): PIXELS[:9],
        labels.format("train"): LABELS[:9],
        form.format("test"): PIXELS[10:],
        labels.format("test"): LABELS[10:],
    }
    name = saved(tmp_path, **arrays)
    assert sources.open_source(name, "train").num_examples == 9
    test = sources.open_source(name, "test")
    assert test.class_names == ("0", "1", "2")
    assert test.labels.tolist() == LABELS[10:].tolist()


def test_names_of_classes_and_of_arrays(tmp_path):
    name = saved(
        tmp_path, pictures=PIXELS, kinds=LABELS, class_names=np.array(NAMES)
    )
    source = sources.open_source(
        name, image_feature="pictures", label_feature="kinds"
    )
    assert source.class_names == NAMES
    with pytest.raises(ValueError, match="must have the array 'nothing'"):
        sources.open_source(name, image_feature="nothing")


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (PIXELS, PIXELS / 255),
        (PIXELS / 255, PIXELS / 255),
        ((PIXELS / 255).astype(np.float16), PIXELS / 255),
        (PIXELS.astype(np.uint16) * 257, PIXELS / 255),
        (np.asfortranarray(PIXELS), PIXELS / 255),
    ],
)
def test_ranges(tmp_path, images, expected):
    source = sources.open_source(saved(tmp_path, images=images))
    read = source.reader()
    tolerance = 1e-3 if images.dtype == np.float16 else 1e-6
    for index in (0, 11):
        np.testing.assert_allclose(
            read(index)[0], expected[index], atol=tolerance
        )


@pytest.mark.parametrize(
    ("deep", "way"),
    [
        (PIXELS.astype(np.uint16), "multiply 8 bits by 257"),
        (PIXELS.astype(np.uint16) * 16, "multiply 12 bits by 16"),
    ],
)
def test_sixteen_bits_that_are_all_but_black(tmp_path, deep, way):
    with pytest.raises(ValueError, match=f"65,535 for white.*{way}"):
        sources.open_source(saved(tmp_path, images=deep))


def test_grey_without_a_channel_axis(tmp_path):
    source = sources.open_source(saved(tmp_path, images=PIXELS[..., 0]))
    assert source.storage.array.shape == (12, 9, 7, 1)


def test_a_large_array_stays_in_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(npy, "MEMORY_LIMIT", 100)
    name = saved(tmp_path, labels=LABELS, images=PIXELS)
    source = sources.open_source(name)
    assert isinstance(source.storage, Mapped)
    few = source.subset(np.array([7, 3, 3]))
    assert isinstance(few.storage, Mapped)
    for one in (few, pickle.loads(pickle.dumps(few))):
        assert len(one.storage) == 3
        assert one.image_shape == (9, 7, 3)
        image, _ = one.reader()(0)
        np.testing.assert_allclose(image, PIXELS[7] / 255, rtol=1e-6)
    assert len(pickle.dumps(few)) < len(pickle.dumps(PIXELS))
    batches = pipeline.eval_dataset(few, 2, 8)
    assert [len(y) for _, y in batches] == [2, 1]
    name = saved(tmp_path, np.savez_compressed, images=PIXELS)
    assert isinstance(sources.open_source(name).storage, InMemory)


MIXED = [np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)]
OBJECTS = np.empty(2, object)
OBJECTS[:] = MIXED


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": OBJECTS}, "holds Python objects, as images of mixed sizes"),
        ({"a": MIXED[0], "b": MIXED[1]}, "be one array and so have one size"),
        ({"images": PIXELS[0, 0]}, "must be .examples, height, width"),
        ({"images": PIXELS.transpose(0, 3, 1, 2)}, "must have the channels"),
        ({"images": PIXELS, "labels": LABELS[:5]}, "one label for each image"),
        ({"images": PIXELS * 2.0}, r"must be in \[0, 1\]"),
        ({"images": PIXELS.astype(int)}, r"must be in \[0, 1\], or uint8"),
        ({"images": PIXELS.astype("U9")}, "must hold images as uint8"),
        ({"numbers": LABELS}, "must have an array called images.*numbers"),
        (
            {"images": PIXELS, "labels": LABELS, "classes": np.array(["a"])},
            "label 1 in row 1 of the array 'labels' of .* is outside the cl",
        ),
        ({"images": PIXELS, "labels": LABELS - 5}, "Received: -5 in row 0"),
        (
            {
                "images": PIXELS,
                "labels": LABELS,
                "classes": np.array(["a"] * 3),
            },
            "must differ.*Received: 'a' for 3 of 3 classes",
        ),
    ],
)
def test_messages(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message) as raised:
        sources.open_source(saved(tmp_path, **arrays))
    assert "a.npz" in str(raised.value)


WORDS = np.array([NAMES[label] for label in LABELS], object)


def test_objects_that_are_not_used(tmp_path):
    meta = np.array({"author": "x"}, object)
    name = saved(tmp_path, images=PIXELS, labels=LABELS, meta=meta)
    assert sources.open_source(name).labels.tolist() == LABELS.tolist()
    arrays = {"images": PIXELS, "labels": WORDS, "kinds": LABELS}
    name = saved(tmp_path, **arrays)
    source = sources.open_source(name, label_feature="kinds")
    assert source.num_classes == 3


@pytest.mark.parametrize("key", ["labels", "class_names"])
def test_objects_that_are_texts(tmp_path, key):
    arrays = {"images": PIXELS, "labels": LABELS, key: WORDS}
    message = f"The array '{key}' of .*a.npz' holds Python objects, which are"
    with pytest.raises(ValueError, match=rf"{message} .*array.astype\(str\)"):
        sources.open_source(saved(tmp_path, **arrays))
    name = saved(tmp_path, images=PIXELS, labels=WORDS.astype(str))
    assert sources.open_source(name).class_names == NAMES


@pytest.mark.parametrize(
    ("images", "labels"),
    [("train_images", "labels"), ("x_train", "y"), ("images", "train_labels")],
)
def test_labels_of_another_split_are_not_dropped(tmp_path, images, labels):
    name = saved(tmp_path, **{images: PIXELS, labels: LABELS})
    message = f"labels of the array '{images}'.*label_feature={labels}"
    with pytest.raises(ValueError, match=message):
        sources.open_source(name)
    source = sources.open_source(name, label_feature=labels)
    assert source.labels.tolist() == LABELS.tolist()


def test_a_split_may_lack_the_labels_that_others_have(tmp_path):
    name = saved(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS[:3])
    assert sources.open_source(name, "test").labels.tolist() == [-1] * 3


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("x_train", "y_train"),
        ("frames_train", "train_labels"),
        ("x_train", "labels"),  # of no split, as there is no other
        ("frames", "labels"),
    ],
)
def test_labels_of_images_that_are_named(tmp_path, images, labels):
    """Those of their split go before others, whatever the images are called."""
    arrays = {images: PIXELS, labels: LABELS, "y_test": LABELS[:3]}
    name = saved(tmp_path, **arrays, x_test=PIXELS[:3])
    source = sources.open_source(name, image_feature=images)
    assert source.labels.tolist() == LABELS.tolist()


def test_labels_of_the_split_go_before_those_of_none(tmp_path):
    arrays = {"x_train": PIXELS, "labels": 2 - LABELS, "y_train": LABELS}
    name = saved(tmp_path, **arrays)
    source = sources.open_source(name, image_feature="x_train")
    assert source.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("frames", "y_train"),
        ("x_train", "y_test"),
        ("frames_train", "test_labels"),
        ("frames", "validation_targets"),
    ],
)
def test_labels_of_no_images_are_not_dropped(tmp_path, images, labels):
    name = saved(tmp_path, **{images: PIXELS, labels: LABELS})
    message = f"labels of the array '{images}'.*label_feature={labels}"
    with pytest.raises(ValueError, match=message):
        sources.open_source(name, image_feature=images)
    source = sources.open_source(
        name, image_feature=images, label_feature=labels
    )
    assert source.labels.tolist() == LABELS.tolist()


def test_named_images_need_no_labels_that_are_of_others(tmp_path):
    name = saved(tmp_path, frames=PIXELS[:3], x_train=PIXELS, y_train=LABELS)
    source = sources.open_source(name, image_feature="frames")
    assert source.labels.tolist() == [-1] * 3


def of_two_splits(tmp_path, train=6, test=6, **more):
    """Images of two splits, and labels of two kinds for each."""
    arrays = {"x_train": PIXELS[:train], "x_test": PIXELS[-test:]}
    for kind, value in (("fine", 0), ("coarse", 1)):
        arrays[f"{kind}_train"] = np.full(train, value)
        arrays[f"{kind}_test"] = np.full(test, value)
    arrays["fine_train"][-1] = arrays["coarse_train"][-1] = 2
    arrays["fine_test"][0] = 2
    kept = {name: array for name, array in arrays.items() if name not in more}
    return saved(tmp_path, **kept, **{n: a for n, a in more.items() if len(a)})


@pytest.mark.parametrize("test", [4, 6])
@pytest.mark.parametrize("label", ["fine_train", "fine_test"])
def test_labels_that_are_named_are_of_their_split_alone(tmp_path, label, test):
    """Those of training were taken for the images of the test split."""
    name = of_two_splits(tmp_path, test=test, fine_train=np.arange(6) % 3)
    train, other = (
        sources.open_source(name, split, label_feature=label)
        for split in ("train", "test")
    )
    assert train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert other.labels.tolist() == [2] + [0] * (test - 1)


def test_a_split_without_labels_of_the_kind_that_is_named(tmp_path, caplog):
    name = of_two_splits(
        tmp_path, fine_train=np.arange(6) % 3, fine_test=[], y_test=[1] * 6
    )
    other = sources.open_source(name, "test", label_feature="fine_train")
    assert other.labels.tolist() == [1] * 6  # by their usual name
    name = of_two_splits(tmp_path, fine_train=np.arange(6) % 3, fine_test=[])
    other = sources.open_source(name, "test", label_feature="fine_train")
    assert other.labels.tolist() == [-1] * 6
    assert "without an array of labels such as 'fine_train'" in caplog.text
    name = of_two_splits(tmp_path, fine_train=[])
    with pytest.raises(ValueError, match="'fine_test', which are those of ano"):
        sources.open_source(name, "train", label_feature="fine_test")


def test_labels_whose_name_holds_no_split(tmp_path):
    """They are those of the only images that are as many."""
    name = of_two_splits(tmp_path, test=4, kinds=[0, 1, 2] * 2)
    train = sources.open_source(name, "train", label_feature="kinds")
    assert train.labels.tolist() == [0, 1, 2] * 2
    other = sources.open_source(name, "test", label_feature="kinds")
    assert other.labels.tolist() == [-1] * 4
    name = of_two_splits(tmp_path, kinds=[0, 1, 2] * 2)
    message = "'kinds' of .*a.npz' must say .* which images .* x_train, x_test"
    with pytest.raises(ValueError, match=message):
        sources.open_source(name, "train", label_feature="kinds")
