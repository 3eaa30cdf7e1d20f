"""The same few images in every form that a data set may have, always alike."""

import io
import json
import os
import subprocess
import sys
import tarfile
from typing import Any

import numpy as np
import tensorflow as tf

from tools.benchmarks.golden import ROOT

NAMES = ("ant", "bee", "cat")
COUNTS = {"train": 24, "validation": 13}
EVEN = (28, 24)  # height and width of images of one size
MANY = 120  # images one of which may be unreadable


def write_all(folder):
    """Writes each form into a folder, as `data.CASES` names them."""
    mixed = {split: rows(split, mixed_sizes(split)) for split in COUNTS}
    even = {split: rows(split, [EVEN] * n) for split, n in COUNTS.items()}
    write_folder(folder / "mixed", mixed)
    write_folder(folder / "even", even)
    write_folder(folder / "damaged", {"train": rows("train", [EVEN] * MANY)})
    damage(folder / "damaged" / "train" / NAMES[0] / "000.png")
    write_csv(folder / "table.csv", "mixed", mixed)
    for split, of_split in mixed.items():
        write_tfrecord(folder / f"mixed-{split}.tfrecord", of_split)
        write_tar(folder / f"mixed-{split}.tar", of_split)
        write_parquet(folder / f"mixed-{split}.parquet", of_split)
        write_tfrecord(folder / f"even-{split}.tfrecord", even[split])
    for channels in (1, 3, 4):
        write_npz(folder / f"arrays{channels}.npz", channels)
    write_npz(folder / "floats.npz", 3, np.float32(255))
    write_label_maps(folder)


def generator(*key):
    return np.random.default_rng([2020, *key])


def mixed_sizes(split):
    draw = generator(0, len(split))
    return draw.integers(20, 49, (COUNTS[split], 2)).tolist()


def rows(split, sizes):
    """(encoded image, number of its class) of each example of a split."""
    draw = generator(1, len(split))
    return [
        (png(pixels(draw, (*size, 3))), number % len(NAMES))
        for number, size in enumerate(sizes)
    ]


def pixels(draw, shape):
    """Smooth colours and some noise, uint8."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    slopes = draw.integers(-4, 5, (2, shape[2]))
    wave = y[..., None] * slopes[0] + x[..., None] * slopes[1]
    noise = draw.integers(0, 64, shape)
    return np.clip(wave + noise + 96, 0, 255).astype(np.uint8)


def png(image):
    return tf.io.encode_png(image).numpy()


def write_folder(folder, splits):
    """Class folders in folders of splits."""
    for split, examples in splits.items():
        for number, (image, label) in enumerate(examples):
            path = folder / split / NAMES[label] / f"{number:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image)


def damage(path):
    """Cuts a file off in its middle."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def write_csv(path, folder, splits):
    """A table of the images of `write_folder`, with a column of splits."""
    lines = ["path,label,split"]
    for split, examples in splits.items():
        for number, (_, label) in enumerate(examples):
            name = NAMES[label]
            file = f"{folder}/{split}/{name}/{number:03d}.png"
            lines.append(f"{file},{name},{split}")
    path.write_text("\n".join(lines) + "\n")


def write_tfrecord(path, examples):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for image, label in examples:
            writer.write(example(image, label))


def example(image, label):
    data = tf.train.BytesList(value=[image])
    number = tf.train.Int64List(value=[label])
    features = {
        "image": tf.train.Feature(bytes_list=data),
        "label": tf.train.Feature(int64_list=number),
    }
    whole = tf.train.Example(features=tf.train.Features(feature=features))
    return whole.SerializeToString(deterministic=True)


def write_tar(path, examples):
    with tarfile.open(path, "w") as tar:
        for number, (image, label) in enumerate(examples):
            add(tar, f"{number:04d}.png", image)
            add(tar, f"{number:04d}.cls", str(label).encode())


def add(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write_parquet(path, examples):
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [{"bytes": image, "path": None} for image, _ in examples]
    labels = [label for _, label in examples]
    pq.write_table(pa.table({"image": images, "label": labels}), path)


def write_npz(path, channels, white=None):
    """Images of one size; floats in [0, 1] where `white` says what 1 is."""
    arrays: dict[str, Any] = {}
    for split, count in COUNTS.items():
        draw = generator(2, len(split), channels)
        images = np.stack(
            [pixels(draw, (*EVEN, channels)) for _ in range(count)]
        )
        arrays[f"x_{split}"] = images if white is None else images / white
        arrays[f"y_{split}"] = np.arange(count) % len(NAMES)
    np.savez(path, **arrays)


def write_label_maps(folder):
    lines = ["ant,insect", "bee,insect", "cat,mammal"]
    (folder / "joined.csv").write_text("\n".join(lines) + "\n")
    turned = {"ant": 1, "bee": None, "cat": 0}
    (folder / "turned.json").write_text(json.dumps(turned))


def prepare(source, target):
    """Shards by tools/prepare_dataset.py."""
    command = [sys.executable, "tools/prepare_dataset.py", f"folder:{source}"]
    command += [str(target), "--short_side=32", "--processes=1"]
    words = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    subprocess.run(
        command,
        check=True,
        cwd=ROOT,
        env={**os.environ, **words},
        stdout=subprocess.DEVNULL,
    )
