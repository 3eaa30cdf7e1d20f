"""Seconds to open a TFRecord file, with its checksums and without."""

import itertools
import pathlib
import tempfile
import time
from unittest import mock

ROUNDS = 3
RECORDS = 10_000


def measure(photos):
    """The fastest of `ROUNDS` rounds each; the file is in the page cache."""
    from simclrv2_tf.data.sources.record import records

    seconds: dict[str, list[float]] = {"compared": [], "not compared": []}
    with tempfile.TemporaryDirectory() as folder:
        path = write(photos, pathlib.Path(folder) / "photos.tfrecord")
        for _ in range(ROUNDS):
            seconds["compared"].append(seconds_to_open(path))
            with mock.patch.object(records, "damaged_records", lambda *_: []):
                seconds["not compared"].append(seconds_to_open(path))
        gigabytes = path.stat().st_size / 1e9
    return {
        "records": RECORDS,
        "GB": round(gigabytes, 3),
        "seconds": {k: round(min(v), 3) for k, v in seconds.items()},
    }


def write(photos, path):
    """The photographs over and over, as records with labels."""
    import tensorflow as tf

    from simclrv2_tf.data.prepare.recipe import example

    images = [file.read_bytes() for file in sorted(photos.glob("*/*"))]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, image in zip(
            range(RECORDS), itertools.cycle(images), strict=False
        ):
            writer.write(example(image, number % 10))
    return path


def seconds_to_open(path):
    from simclrv2_tf.data import sources

    start = time.perf_counter()
    sources.open_source(f"tfrecord:{path}")
    return time.perf_counter() - start
