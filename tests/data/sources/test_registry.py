"""Sources, labels, decoding and the pipeline."""

import io

import data_files
import numpy as np
import pytest
import tensorflow as tf
from data_files import slices
from PIL import Image

from simclrv2_tf.data import label_subset
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.decode import rgb
from simclrv2_tf.data.sources import registry
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.storage.in_memory import to_pixels

PIXELS = (np.random.default_rng(0).random((20, 30, 3)) * 255).astype(np.uint8)


def write_images(folder, count=3, size=12):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(str(folder)))
    for index in range(count):
        pixels = (rng.random((size, size, 3)) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "L"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("BMP", "RGB"),
        ("BMP", "P"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
    ],
)
def test_every_format_becomes_rgb(kind, mode):
    data = data_files.encoded(PIXELS, kind, mode)
    ours = rgb.decode_image(tf.constant(data)).numpy()
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    assert ours.shape == PIXELS.shape
    difference = np.abs(ours.astype(int) - expected).mean()
    assert difference <= (2.0 if kind == "JPEG" else 0.0)


def test_digits_have_their_fixed_split():
    train, test = (sources.open_digits(s) for s in ("train", "test"))
    assert (train.num_examples, test.num_examples) == (1437, 360)
    assert train.num_classes == 10
    assert np.bincount(test.labels).min() >= 34
    rows = {image.tobytes() for image in test.storage.array}
    shared = sum(image.tobytes() in rows for image in train.storage.array)
    assert shared <= 1  # two digits that look alike to the last pixel


def test_folder_of_classes(tmp_path):
    for name in ("cat", "dog"):
        write_images(tmp_path / name)
    source = sources.open_source(f"folder:{tmp_path}")
    assert source.class_names == ("cat", "dog")
    assert source.labels.tolist() == [0, 0, 0, 1, 1, 1]
    image, label = source.reader()(4)
    assert image.shape == (12, 12, 3)
    assert label == 1


def test_flat_folder_is_unlabelled(tmp_path):
    write_images(tmp_path)
    source = sources.open_source(f"folder:{tmp_path}")
    assert source.class_names is None
    assert source.labels.tolist() == [-1, -1, -1]


def test_folder_with_splits(tmp_path):
    write_images(tmp_path / "train" / "a", 4)
    write_images(tmp_path / "val" / "a", 2)
    name = f"folder:{tmp_path}"
    assert sources.open_source(name, "train").num_examples == 4
    assert sources.open_source(name, "validation").num_examples == 2
    assert sources.open_source(name, "train[:50%]").num_examples == 2


def test_kinds_list_their_splits(tmp_path):
    assert sources.split_names("digits") == ["train", "test"]
    for name in ("val", "train", "other"):
        write_images(tmp_path / "splits" / name)
    write_images(tmp_path / "plain" / "cat")
    for folder, names in (("splits", ["train", "val"]), ("plain", ["train"])):
        assert sources.split_names(f"folder:{tmp_path}/{folder}") == names
    with pytest.raises(ValueError, match="is no directory"):
        sources.split_names(f"folder:{tmp_path}/nowhere")
    with pytest.raises(ValueError, match="as in folder:PATH"):
        sources.split_names("folder:")
    with pytest.raises(ValueError, match="did you mean cifar10"):
        sources.split_names("cifar11")


def test_slices_of_a_folder_are_apart_and_complete(tmp_path):
    write_images(tmp_path, 10)
    name = f"folder:{tmp_path}"
    first = set(sources.open_source(name, "train[:70%]").storage.array)
    rest = set(sources.open_source(name, "train[70%:]").storage.array)
    assert (len(first), len(rest)) == (7, 3)
    assert not first & rest


def test_tf_data_datasets():
    images = np.random.default_rng(0).random((6, 8, 8, 3), np.float32)
    pairs = tf.data.Dataset.from_tensor_slices((images, [0, 1, 2] * 2))
    source = sources.from_dataset(pairs)
    assert source.num_classes == 3
    image, _ = source.reader()(2)
    np.testing.assert_array_equal(image, images[2])
    bare = sources.from_dataset(tf.data.Dataset.from_tensor_slices(images))
    assert bare.num_classes == 0


def test_cifar_from_tfds(data_dir):
    source = sources.open_source(
        "cifar10", "test[:100]", data_dir=str(data_dir / "tfds")
    )
    assert source.num_examples == 100
    assert source.class_names[3] == "cat"


def test_photographs(data_dir):
    source = sources.open_source(f"folder:{data_dir / 'photos'}")
    assert (source.num_examples, source.num_classes) == (200, 200)
    batches = list(pipeline.eval_dataset(source.subset(range(5)), 2, 64))
    assert [len(numbers) for _, numbers in batches] == [2, 2, 1]


def test_dictionaries_and_labels_left_out_by_minus_one():
    images = np.zeros((3, 8, 8, 3), np.uint8)
    rows = {"image": images, "label": [0, 1, -1]}
    source = sources.from_dataset(tf.data.Dataset.from_tensor_slices(rows))
    assert source.labels.tolist() == [0, 1, -1]
    assert source.class_names == ("0", "1")
    rows = tf.data.Dataset.from_tensor_slices({"image": images})
    assert sources.from_dataset(rows).class_names is None


def test_labels_of_tf_data_may_be_names():
    images = np.zeros((4, 8, 8, 3), np.uint8)
    rows = slices(images, ["b", "a", "", "b"])
    source = sources.from_dataset(rows)
    assert source.class_names == ("a", "b")
    assert source.labels.tolist() == [1, 0, -1, 1]
    ordered = sources.from_dataset(rows, ["b", "a"])
    assert ordered.class_names == ("b", "a")
    assert ordered.labels.tolist() == [0, 1, -1, 0]
    whole = sources.from_dataset(slices(images, [2.0, 0.0, -1.0, 2.0]))
    assert whole.class_names == ("0", "1", "2")
    assert whole.labels.tolist() == [2, 0, -1, 2]
    padded = sources.from_dataset(slices(images, ["002", "001", "", "002"]))
    assert padded.class_names == ("001", "002")


@pytest.mark.parametrize(
    ("dataset", "names", "message"),
    [
        (slices(np.zeros((2, 4, 4, 3)), [0, 1]).repeat(), None, "to an end"),
        (slices(np.zeros((2, 4, 4, 3)), [0, 1]).batch(2), None, "unbatched"),
        (
            slices(np.zeros((2, 4, 4, 3)), np.eye(2)),
            None,
            r"Received: \[1.0, 0.0\] in element 0 of the data set given; give",
        ),
        (
            slices(np.zeros((2, 4, 4, 3)), [0, 2]),
            ("a", "b"),
            "2 in element 1 of",
        ),
        (slices(np.zeros((2, 4, 4, 3)), [0, -2]), None, "Received: -2 in el"),
        (slices(np.zeros((2, 4, 4, 3)), [0, 0.5]), None, "Received: 0.5 in el"),
        (slices(np.zeros((2, 4, 4, 3)), [0, 1]).take(0), None, "no example"),
        (slices(np.full((2, 4, 4, 3), 9.0), [0, 1]), None, "from 9 to 9"),
    ],
)
def test_messages_for_tf_data_datasets(dataset, names, message):
    with pytest.raises(ValueError, match=message):
        sources.from_dataset(dataset, names)


def test_images_of_many_sizes_are_not_for_tf_data_datasets():
    sizes = tf.data.Dataset.range(2).map(lambda i: tf.zeros([4 + i, 4, 3]))
    with pytest.raises(ValueError, match="must have one size"):
        sources.from_dataset(sizes)


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_first_frame_of_an_animation(kind):
    file = io.BytesIO()
    frame = Image.fromarray(PIXELS).quantize(64).convert("RGB")
    frame.save(
        file,
        kind,
        save_all=True,
        append_images=[frame.transpose(Image.Transpose.FLIP_TOP_BOTTOM)],
        lossless=True,
    )
    ours = rgb.decode_image(tf.constant(file.getvalue()))
    np.testing.assert_array_equal(ours, np.asarray(frame))


def test_all_labels_are_kept_where_a_class_is_missing():
    known = np.array([0, 2, -1, 2])
    assert label_subset.choose_labels(known).tolist() == [0, 1, 3]
    with pytest.raises(ValueError, match="class 1 has 0 examples"):
        label_subset.choose_labels(known, fraction=0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: sources.open_source("cifar11"), "did you mean cifar10"),
        (
            lambda p: sources.open_source("cifar100", data_dir=str(p)),
            "point --data_dir at the directory",
        ),
        (lambda p: sources.open_digits("valid"), "has the splits train, test"),
        (lambda p: sources.open_digits("train[a]"), "A split must be a name"),
        (lambda p: sources.open_folder(str(p)), "holds no image"),
        (lambda p: sources.open_folder(str(p / "no")), "is no directory"),
        (
            lambda p: to_pixels(np.array([2.0])),
            r"must be in \[0, 1\].*from 2 to 2",
        ),
        (
            lambda p: to_pixels(np.eye(3, dtype=np.uint8)),
            "must have 255 for white: multiply by 255.*no value above 1",
        ),
    ],
)
def test_messages(make, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        make(tmp_path)


def test_folder_with_images_beside_classes(tmp_path):
    write_images(tmp_path)
    write_images(tmp_path / "cat")
    with pytest.raises(ValueError, match="both beside and inside"):
        sources.open_folder(str(tmp_path))


def test_label_choice_is_stratified_seeded_and_nested():
    known = np.repeat(np.arange(5), 20)
    few = label_subset.choose_labels(known, per_class=2, seed=3)
    more = label_subset.choose_labels(known, fraction=0.5, seed=3)
    assert np.bincount(known[few]).tolist() == [2] * 5
    assert np.bincount(known[more]).tolist() == [10] * 5
    assert set(few) <= set(more)
    again = label_subset.choose_labels(known, per_class=2, seed=3)
    np.testing.assert_array_equal(few, again)
    other = label_subset.choose_labels(known, per_class=2, seed=4)
    assert not np.array_equal(few, other)


def test_classes_that_are_numbered_anew_keep_their_examples():
    known = np.repeat(np.arange(3), 20)
    before = label_subset.choose_labels(known, per_class=2)
    anew = np.array([2, 0, 1])[known]
    same = label_subset.choose_labels(anew, per_class=2, drawn_as=[1, 2, 0])
    np.testing.assert_array_equal(same, before)
    other = label_subset.choose_labels(anew, per_class=2)
    assert not np.array_equal(other, before)


def test_a_choice_of_few_classes_takes_the_largest_and_spreads():
    known = np.array([2] * 30 + [-1] * 40 + [0] * 20 + [1] * 10)
    chosen = label_subset.choose_of_few_classes(known, 2, 20)
    assert np.bincount(known[chosen]).tolist() == [10, 0, 10]
    assert chosen[:10].tolist() == list(range(0, 30, 3))
    every = label_subset.choose_of_few_classes(known, 10, 1000)
    assert every.tolist() == np.flatnonzero(known >= 0).tolist()
    for one_class in (np.zeros(50, int), np.full(50, -1)):
        assert not len(label_subset.choose_of_few_classes(one_class, 10, 20))


def test_label_messages():
    known = np.array([0] * 50 + [1])
    with pytest.raises(ValueError, match="class 'b' has 1 examples"):
        label_subset.choose_labels(known, per_class=2, names=("a", "b"))
    with pytest.raises(ValueError, match="class 1 has 1 examples"):
        label_subset.choose_labels(known, fraction=0.1)
    with pytest.raises(ValueError, match="Labels are needed here"):
        label_subset.choose_labels(np.array([-1, -1]))


def batches(source, steps, **options):
    dataset = pipeline.train_dataset(source, 16, 8, **options)
    return [
        (np.concatenate(views), known.numpy())
        for views, known in dataset.take(steps)
    ]


def test_the_stream_is_the_same_again_and_goes_on_from_any_step():
    source = sources.open_digits("train[:50]")
    whole = batches(source, 5, seed=1)
    for first, second in zip(whole, batches(source, 5, seed=1), strict=True):
        np.testing.assert_array_equal(first[0], second[0])
    rest = batches(source, 2, seed=1, start_step=3)
    for first, second in zip(whole[3:], rest, strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(batches(source, 1, seed=2)[0][0], whole[0][0])


def test_two_views_differ():
    (views, _), *_ = batches(sources.open_digits("train[:50]"), 1, seed=1)
    assert not np.allclose(views[:16], views[16:])


def test_more_images_than_a_batch_are_needed():
    with pytest.raises(ValueError, match="at least as many images as a batch"):
        pipeline.train_dataset(sources.open_digits("train[:9]"), 16, 8, 0)


def test_evaluation_sees_each_example_once():
    source = sources.open_digits("test")
    seen = [n.numpy() for _, n in pipeline.eval_dataset(source, 100, 8)]
    assert [len(numbers) for numbers in seen] == [100, 100, 100, 60]
    np.testing.assert_array_equal(np.concatenate(seen), np.arange(360))


def test_evaluation_of_some_examples_keeps_their_numbers():
    source = sources.open_digits("test")
    wanted = np.array([5, 90, 91, 300, 17])
    whole = np.concatenate([x for x, _ in pipeline.eval_dataset(source, 90, 8)])
    shares = [
        pipeline.eval_dataset(source, 2, 8, 2, worker, numbers=wanted)
        for worker in range(2)
    ]
    pairs = [pair for share in shares for pair in share.as_numpy_iterator()]
    images, numbers = map(np.concatenate, zip(*pairs, strict=True))
    np.testing.assert_array_equal(numbers, wanted)
    np.testing.assert_array_equal(images, whole[wanted])


@pytest.mark.slow
def test_workers_share_every_batch():
    source = sources.open_digits("train[:50]")
    whole = batches(source, 3, seed=1, start_step=2)
    shares = [
        batches(source, 3, seed=1, start_step=2, workers=4, worker=i)
        for i in range(4)
    ]
    for step, (views, known) in enumerate(whole):
        first, second = np.split(views, 2)
        parts = [share[step] for share in shares]
        np.testing.assert_array_equal(
            np.concatenate([np.split(v, 2)[0] for v, _ in parts]), first
        )
        np.testing.assert_array_equal(
            np.concatenate([np.split(v, 2)[1] for v, _ in parts]), second
        )
        np.testing.assert_array_equal(
            np.concatenate([labels for _, labels in parts]), known
        )
    with pytest.raises(ValueError, match="multiple of the 3 workers"):
        pipeline.train_dataset(source, 16, 8, 0, workers=3)


@pytest.mark.parametrize(
    "workers", [1, 3, pytest.param(7, marks=pytest.mark.slow)]
)
def test_workers_share_the_examples_of_evaluation_in_order(workers):
    source = sources.open_digits("test").subset(np.arange(20))
    shares = [
        pipeline.eval_dataset(source, 8, 8, workers, worker)
        for worker in range(workers)
    ]
    seen = [numbers.numpy() for share in shares for _, numbers in share]
    np.testing.assert_array_equal(np.concatenate(seen), np.arange(20))


def test_options_may_be_given_as_one(tmp_path):
    for split in ("train", "test"):
        write_images(tmp_path / split / "ant" / "red")
        write_images(tmp_path / split / "bee")
    name, leaf = f"folder:{tmp_path}", SourceOptions(folder_classes="leaf")
    assert registry.splits_with(name, leaf) == ["test", "train"]
    source = registry.open_with(name, "train", leaf)
    same = sources.open_source(name, folder_classes="leaf")
    assert source.class_names == same.class_names
    assert source.fingerprint() == same.fingerprint()
    assert source.notes == same.notes
