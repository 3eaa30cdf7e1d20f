"""Images that cannot be read: replaced, counted, named once, or too many."""

import dataclasses
import logging
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import cache
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Decoded
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.data.unreadable import still_unreadable

COUNT, BATCH = 60, 12
BAD = (7, 31)


def make_encoded(bad=(), sizes=(12,)):
    """Images as PNG, those of the numbers in `bad` cut off."""
    rng = np.random.default_rng(0)
    encoded = []
    for number in range(COUNT):
        size = sizes[number % len(sizes)]
        pixels = rng.integers(0, 256, (size, size, 3)).astype(np.uint8)
        encoded.append(tf.io.encode_png(pixels).numpy())
    for number in bad:
        encoded[number] = encoded[number][:40]
    labels = np.arange(COUNT, dtype=np.int32)
    names = tuple(map(str, labels))
    return Source("a test", labels, Encoded(np.array(encoded, object)), names)


def make_source(bad=(), sizes=(12, 15)):
    """The same decoded: small graphs, which are built in no time."""
    source = make_encoded((), sizes)
    images = [tf.io.decode_png(data).numpy() for data in source.storage.array]
    for number in bad:
        images[number] = images[number][:0]
    return dataclasses.replace(source, storage=Decoded.of_images(images))


def small(source):
    """The same, known to be of one size: cropped as whole batches."""
    return dataclasses.replace(source, shape=(12, 12, 3))


def batches(source, steps=10, unreadable=None, **options):
    unreadable = unreadable or UnreadableImages(source, 0.1)
    dataset = pipeline.train_dataset(
        source, BATCH, 8, seed=3, unreadable=unreadable, **options
    )
    return [
        (np.stack(views), known.numpy()) for views, known in dataset.take(steps)
    ]


class _Lines(logging.Handler):
    """What is logged, line by line."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture(scope="module")
def mended():
    """Twenty batches of `make_source(BAD)`, what was counted and logged."""
    source, handler = make_source(BAD), _Lines()
    unreadable = UnreadableImages(source, 0.1)
    log = logging.getLogger("simclrv2_tf")
    log.addHandler(handler)
    try:
        made = batches(source, 20, unreadable)
    finally:
        log.removeHandler(handler)
    return made, unreadable, handler.lines


def assert_same(first, second):
    for (views, known), (others, labels) in zip(first, second, strict=True):
        np.testing.assert_array_equal(views, others)
        np.testing.assert_array_equal(known, labels)


def test_another_image_stands_in_and_all_else_stays(mended):
    made, unreadable, _ = mended
    check_mended(batches(make_source()), made[:10], unreadable)


@pytest.mark.slow
def test_another_image_stands_in_among_images_of_one_size():
    source = small(make_encoded(BAD))
    unreadable = UnreadableImages(source, 0.1)
    made = batches(source, unreadable=unreadable)
    check_mended(batches(small(make_encoded())), made, unreadable)


def check_mended(whole, made, unreadable):
    for (views, known), (others, labels) in zip(whole, made, strict=True):
        bad = np.isin(known, BAD)
        np.testing.assert_array_equal(known[~bad], labels[~bad])
        np.testing.assert_array_equal(views[:, ~bad], others[:, ~bad])
        assert not np.isin(labels, BAD).any()
        assert (others[:, bad].std(axis=(0, 2, 3, 4)) > 0).all()
    assert unreadable.numbers == set(BAD)
    assert unreadable.summary().startswith("2 of 60 images could not be read")


@pytest.mark.slow
def test_batches_depend_on_seed_and_step_alone(mended):
    source, whole = make_source(BAD), mended[0][:10]
    assert_same(whole, batches(source))
    assert_same(whole[4:], batches(source, 6, start_step=4))
    parts = [batches(source, workers=2, worker=i) for i in range(2)]
    for step, (views, known) in enumerate(whole):
        views_of = [part[step][0] for part in parts]
        np.testing.assert_array_equal(np.concatenate(views_of, 1), views)
        labels_of = [part[step][1] for part in parts]
        np.testing.assert_array_equal(np.concatenate(labels_of), known)


@pytest.mark.slow
def test_the_cache_gives_the_same_batches():
    source = make_encoded(BAD, (12, 15))
    held = cache.cached(source)
    assert isinstance(held.storage, Decoded)
    assert_same(batches(source), batches(held))


def decoded(source):
    """The images one by one; of one that cannot be read (0, 0, 3)."""
    read = source.pixels()
    bad = np.zeros((0, 0, 3), np.uint8)
    numbers = range(source.num_examples)
    return [bad if n in BAD else read(n).numpy() for n in numbers]


@pytest.mark.parametrize(
    "sizes",
    [
        (12,),
        pytest.param((12, 15), marks=pytest.mark.slow),
        pytest.param((4, 9, 30), marks=pytest.mark.slow),
    ],
)
def test_a_cache_is_what_its_images_are_end_to_end(sizes, monkeypatch):
    source = make_encoded(BAD, sizes)
    monkeypatch.setattr(cache, "SAMPLE", 1)  # the array has to grow
    held, expected = cache.cached(source), Decoded.of_images(decoded(source))
    for name in ("pixels", "begin", "shapes"):
        found, wanted = (getattr(s, name) for s in (held.storage, expected))
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype


def test_a_cache_of_images_of_one_size_is_an_array():
    source = make_encoded()
    held = cache.cached(source)
    assert held.storage.array.shape == (COUNT, 12, 12, 3)
    read = source.pixels()
    stacked = np.stack([read(number).numpy() for number in range(COUNT)])
    np.testing.assert_array_equal(held.storage.array, stacked)
    assert cache.cached(held) is held


@pytest.mark.slow
def test_a_cache_has_its_pixels_once():
    count, shape = 40, (100, 100, 3)
    png = tf.io.encode_png(np.ones(shape, np.uint8)).numpy()
    files = Encoded(np.array([png] * count, object))
    source = Source("grey", np.zeros(count, np.int32), files, ("a",))
    tracemalloc.start()
    cache.cached(source)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.5 * count * np.prod(shape)


def test_what_does_not_fit_stays_encoded(caplog):
    source = make_encoded()
    assert cache.cached(source, limit=1000) is source
    assert "decoded when they are needed" in caplog.text


@pytest.mark.parametrize(("times", "fits"), [(3.5, False), (4.1, True)])
def test_a_cache_leaves_memory_for_the_network(monkeypatch, times, fits):
    """A process grows by 3.2 times the pixels: a third was too much."""
    pixels = COUNT * 12 * 12 * 3
    monkeypatch.setattr(cache, "free_memory", lambda: times * pixels)
    source = make_encoded()
    assert (cache.cached(source) is not source) == fits


def test_a_file_of_numbers_that_does_not_fit_stays_where_it_is(
    tmp_path, caplog
):
    """It was said of encoded images alone."""
    pixels = np.ones((4, 5, 5, 3), np.uint8)
    np.save(tmp_path / "a.npy", pixels)
    mapped = Mapped(np.load(tmp_path / "a.npy", mmap_mode="r"))
    source = Source("ones", np.zeros(4, np.int32), mapped, ("a",))
    assert cache.cached(source, limit=299) is source
    assert "ones takes about 3e-07 GB read and 3e-07 GB are" in caplog.text
    assert "its images are read when they are needed" in caplog.text
    caplog.clear()
    held = cache.cached(source, limit=300).storage
    np.testing.assert_array_equal(held.array, pixels)
    assert not caplog.messages


def test_a_cache_of_many_sizes_can_be_cut():
    held = make_source()
    few = held.subset(np.array([3, 2]))
    pixels, whole = few.pixels(), held.pixels()
    np.testing.assert_array_equal(pixels(0), whole(3))
    assert pixels(0).shape == (15, 15, 3)


def test_each_is_named_once(mended):
    text = "\n".join(mended[2])
    for number in BAD:
        assert text.count(f"example {number} of a test") == 1


def test_too_many_stop_the_run():
    source = make_source(bad=range(0, 60, 7))  # nine
    unreadable = UnreadableImages(source, 0.1)
    with (
        pytest.raises(ValueError, match=r"Unreadable so far: 7 of 60 .*allows"),
        unreadable.explained(),
    ):
        batches(source, 40, unreadable)
    assert len(unreadable.numbers) == 7


@pytest.mark.slow
def test_none_allowed_stops_at_the_first():
    source = make_encoded(BAD)
    unreadable = UnreadableImages(source, 0.0)
    with (
        pytest.raises(ValueError, match="of a test is none, or is damaged"),
        unreadable.explained(),
    ):
        batches(source, 40, unreadable)
    assert len(unreadable.numbers) == 1


@pytest.mark.slow
def test_a_set_without_any_image_ends():
    source = make_source(bad=range(60))
    unreadable = UnreadableImages(source, 0.5)
    with (
        pytest.raises(ValueError, match="Unreadable so far: 31 of 60"),
        unreadable.explained(),
    ):
        batches(source, 1, unreadable)


def test_files_that_vanish_are_named(tmp_path):
    paths = []
    for number, data in enumerate(make_encoded().storage.array):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(data)
    labels = np.zeros(COUNT, np.int32)
    source = Source("files", labels, Files(np.array(paths, str)), ("a",))
    paths[5].unlink()
    unreadable = UnreadableImages(source, 0.0)
    dataset = pipeline.eval_dataset(source, COUNT, 8, unreadable=unreadable)
    with (
        pytest.raises(ValueError, match=r"5\.png' is not there, though"),
        unreadable.explained(),
    ):
        list(dataset)


def test_evaluation_leaves_them_out():
    source = make_source(BAD)
    unreadable = UnreadableImages(source, 0.1)
    dataset = pipeline.eval_dataset(source, 16, 8, unreadable=unreadable)
    pairs = list(dataset.as_numpy_iterator())
    known = np.concatenate([numbers for _, numbers in pairs])
    np.testing.assert_array_equal(known, np.delete(np.arange(COUNT), BAD))
    clean = pipeline.eval_dataset(make_source(), COUNT, 8)
    images, _ = next(clean.as_numpy_iterator())
    np.testing.assert_array_equal(
        np.concatenate([images for images, _ in pairs]),
        np.delete(images, BAD, axis=0),
    )
    assert unreadable.numbers == set(BAD)


def test_a_batch_of_evaluation_without_any_image_is_left_out():
    source = make_source(bad=range(16))
    unreadable = UnreadableImages(source, 0.5)
    dataset = pipeline.eval_dataset(source, 16, 8, unreadable=unreadable)
    assert [len(numbers) for _, numbers in dataset] == [16, 16, 12]
    assert len(unreadable.numbers) == 16


def test_floats_outside_the_unit_interval_are_refused():
    images = np.full((4, 8, 8, 3), 3.0, np.float32)
    source = Source("floats", np.zeros(4, np.int32), InMemory(images), ("a",))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\].*from 3 to 3"):
        pipeline.train_dataset(source, 2, 8, 0)


def test_the_batch_that_each_was_met_in_first_is_known(mended):
    """However far batches are read ahead."""
    _, unreadable, _ = mended
    numbers = pipeline.batches_of_numbers(
        COUNT, BATCH, pipeline.fold(3, pipeline.ORDER), 0
    )
    order = [set(n.tolist()) for n in numbers.take(10).as_numpy_iterator()]
    for number in range(11):
        met = {bad for bad in BAD if any(bad in n for n in order[:number])}
        assert set(unreadable.found_before(number)) >= met
    assert unreadable.found_before(0) == []
    assert unreadable.found_before(10) == sorted(BAD)
    first = [n for n in range(10) if set(BAD) & order[n]][0]
    assert unreadable.found_before(first) == []


def test_what_was_found_earlier_is_counted_on(caplog):
    source = make_source(BAD)
    unreadable = UnreadableImages(source, 0.05)
    unreadable.restore([7, 31, COUNT, -1])
    assert unreadable.numbers == {7, 31}
    assert unreadable.found_before(1) == [7, 31]
    unreadable.report([7])
    assert not caplog.text  # named when it was found
    unreadable.report([8])
    with pytest.raises(ValueError, match="so far: 4 of 60"):
        unreadable.report([9])
    fewer = UnreadableImages(source, 0.02)
    fewer.restore([7, 31])
    assert not fewer.numbers


def test_what_can_be_read_by_now_is_no_longer_unreadable():
    source = make_encoded(BAD, (12, 15))
    tried = [0, *BAD, COUNT, -1]
    assert still_unreadable(source, tried) == sorted(BAD)
    assert still_unreadable(make_encoded(sizes=(12, 15)), tried) == []
    assert still_unreadable(source, []) == []
    assert still_unreadable(make_source(BAD), BAD) == sorted(BAD)


def test_a_subset_is_judged_by_the_data_set_that_it_was_taken_from():
    """However few it has, and by whatever steps they were taken."""
    source = make_source()
    few = source.subset(np.arange(30)).subset(np.arange(5))
    assert few.taken_from == COUNT
    unreadable = UnreadableImages(few, 0.05)
    assert unreadable.allowed == 3  # of 60
    unreadable.report([0, 1, 2])
    message = "so far: 4 of 5 images, .*=0.05 allows 3, of 60 that these are"
    with pytest.raises(ValueError, match=message):
        unreadable.report([3])


def test_a_slice_is_a_data_set_of_its_own():
    some = make_source().part(np.arange(20))
    assert some.num_examples == 20 and not some.taken_from
    assert UnreadableImages(some, 0.1).allowed == 2


@pytest.mark.parametrize(
    ("count", "share", "allowed"),
    [
        (60, 0.01, 1),  # one may always be
        (60, 0.0, 0),  # where any may
        (1, 0.5, 0),  # but never all
        (2, 0.99, 1),
        (60, 0.1, 6),
        (60, 1.0, 60),  # which is no limit
    ],
)
def test_how_many_may_be_unreadable(count, share, allowed):
    source = make_source().part(np.arange(count))
    assert UnreadableImages(source, share).allowed == allowed


def test_of_few_images_one_is_left_out_and_told(caplog):
    source = make_source([3]).part(np.arange(20))
    unreadable = UnreadableImages(source, 0.01)
    dataset = pipeline.eval_dataset(source, 16, 8, unreadable=unreadable)
    assert sum(len(numbers) for _, numbers in dataset) == 19
    assert caplog.text.count("example 3 of a test") == 1
    assert unreadable.summary().startswith("1 of 20 images could not be read")


@pytest.mark.slow
def test_none_that_can_be_read_is_too_few():
    """Whatever share they are of the data set."""
    source = make_source(range(12)).subset(np.arange(12))
    unreadable = UnreadableImages(source, 0.5)  # 30 of 60
    message = "so far: 12 of 12 images.*allows 11, of 60"
    with (
        pytest.raises(ValueError, match=message),
        unreadable.explained(),
    ):
        batches(source, 1, unreadable)


@pytest.mark.parametrize(
    ("names", "told"), [(("ant", "bee"), "'bee'"), (None, "1")]
)
def test_a_class_that_is_lost_is_told(caplog, names, told):
    labels = np.array([0, 0, 1, 1, -1] * 12, np.int32)
    source = dataclasses.replace(
        make_source(), labels=labels, class_names=names
    ).subset(np.arange(10))
    unreadable = UnreadableImages(source, 0.1)
    unreadable.report([0, 2, 3, 4, 7])
    lost = f"no image can be read that is labelled {told}"
    assert lost not in caplog.text
    assert lost not in unreadable.summary()
    unreadable.report([8])
    assert caplog.text.count(lost) == 1
    assert unreadable.summary() == (
        f"6 of 10 images could not be read and were left out: {lost}"
    )
