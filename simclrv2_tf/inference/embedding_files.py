"""Embeddings in files: NumPy archives and TFRecord shards."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.files import atomic
from simclrv2_tf.inference import result_shards

FORMATS = ("npz", "tfrecord")
_MANIFEST = "manifest"


def write_arrays(path: str, **arrays: np.ndarray) -> None:
    """Writes a NumPy archive to any place that TensorFlow can write to."""
    memory = io.BytesIO()
    np.savez(memory, **arrays)  # type: ignore[arg-type]
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(memory.getvalue())


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of a NumPy archive, {name: array}."""
    with tf.io.gfile.GFile(path, "rb") as file:
        with np.load(io.BytesIO(file.read()), allow_pickle=False) as arrays:
            return dict(arrays)


def read_joined(paths: Sequence[str], name: str) -> np.ndarray:
    """One array of many NumPy archives, their rows one after another."""
    return np.concatenate([read_arrays(path)[name] for path in paths])


def write_records(
    path: str,
    embeddings: np.ndarray,
    labels: np.ndarray,
    files: Sequence[str],
    class_names: Sequence[str],
) -> None:
    """Writes a TFRecord file of `tf.train.Example`.

    Each has `embedding` (float, flattened), `label` (int64, -1 for
    unlabelled), `class_name` (bytes, empty for unlabelled) and `file` (bytes).
    """
    with tf.io.TFRecordWriter(path) as writer:
        for row, label, file in zip(embeddings, labels, files, strict=True):
            name = class_names[label] if label >= 0 else ""
            writer.write(_example(row, int(label), name, file))


def _example(row, label, name, file):
    def text(value):
        return tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[value.encode()])
        )

    features = {
        "embedding": tf.train.Feature(
            float_list=tf.train.FloatList(value=row.ravel())
        ),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "class_name": text(name),
        "file": text(file),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString()


def join(
    path: str,
    parts: Sequence[str],
    name: str,
    rows: int,
    manifest: dict,
    **arrays: np.ndarray,
) -> None:
    """Writes one NumPy archive from many; holds one part at a time.

    Args:
      path: Of the archive, on this machine's file system.
      parts: Paths of archives with the array `name`, in order.
      name: Of the array whose rows are joined.
      rows: How many there are in all.
      manifest: Dictionary for JSON that is kept in it.
      **arrays: Further arrays.
    """
    arrays[_MANIFEST] = np.array(json.dumps(manifest))

    with (
        atomic.beside(path) as staged,
        zipfile.ZipFile(staged, "w") as archive,
    ):
        with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            _write_joined(file, parts, name, rows)
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array))


def _write_joined(file, parts, name, rows):
    for number, part in enumerate(parts):
        array = read_arrays(part)[name]
        if number == 0:
            header = np.lib.format.header_data_from_array_1_0(array)
            header["shape"] = (rows, *array.shape[1:])
            np.lib.format.write_array_header_2_0(file, header)
        file.write(np.ascontiguousarray(array).tobytes())


def manifest_of(path: str) -> dict | None:
    """The manifest in an archive that `join` wrote; None if it has none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return json.loads(str(arrays[_MANIFEST]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def read_embeddings(path: str) -> dict[str, np.ndarray]:
    """Reads what `--mode=embed` wrote.

    Args:
      path: The `.npz` file, or the directory of TFRecord shards.

    Returns:
      Dictionary of `embeddings` float32 (examples, features), or (examples,
      height, width, channels) of a feature map; `labels` int32 (examples,),
      -1 for unlabelled; `files`, names (examples,); `class_names`, of the
      labels (classes,).
    """
    if tf.io.gfile.isdir(path):
        return _read_records(path)
    return {k: v for k, v in read_arrays(path).items() if k != _MANIFEST}


def _read_records(directory):
    manifest = result_shards.read_manifest(directory)
    if manifest is None:
        raise ValueError(
            f"Expected the directory of embeddings that --mode=embed wrote. "
            f"Received: {directory!r}, which has no {result_shards.MANIFEST}"
        )
    shape = manifest["shape"]
    spec = {
        "embedding": tf.io.FixedLenFeature(shape, tf.float32),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "file": tf.io.FixedLenFeature([], tf.string),
    }
    names = sorted(n for n in tf.io.gfile.listdir(directory) if "-of-" in n)
    paths = [os.path.join(directory, name) for name in names]
    records = tf.data.TFRecordDataset(paths).batch(1024)
    read = [tf.io.parse_example(batch, spec) for batch in records]
    rows = {key: np.concatenate([b[key] for b in read]) for key in spec}
    return {
        "embeddings": rows["embedding"],
        "labels": rows["label"].astype(np.int32),
        "files": np.array([file.decode() for file in rows["file"]]),
        "class_names": np.array(manifest["class_names"]),
    }
