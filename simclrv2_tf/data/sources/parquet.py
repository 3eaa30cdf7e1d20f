"""Parquet files with image bytes, as Hugging Face keeps them: `parquet:GLOB`.

A column of images holds bytes, or {"bytes": ..., "path": ...}.
"""

import dataclasses
import functools
import hashlib
import json
import logging
import math

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.places import OneByOne
from simclrv2_tf.data.sources.opening import Part
from simclrv2_tf.data.sources.opening import open_part
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.files.remote import open_binary

IMAGES = ("image", "img", "jpg", "images", "image_bytes", "bytes")
LABELS = ("label", "labels", "class", "cls", "fine_label", "target")
MEMORY_LIMIT = 2**29  # bytes of images that are held in memory
GROUPS_HELD = 2  # groups of rows that reading in place keeps at hand

_LOG = logging.getLogger("simclrv2_tf")


def open_parquet(where, split, options):
    """Parquet files of encoded images and perhaps labels.

    Up to `MEMORY_LIMIT` images are held in memory; of more a whole group of
    rows is read for each image that is asked for, which is slow.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice.
      options: `Options`, whose features are names of columns.

    Returns:
      A `Source`.

    Raises:
      ImportError: Without pyarrow.
      ValueError: If the files are damaged or hold something else.
    """
    _pyarrow()
    found = files_by_split(where, split, (".parquet",))
    parts = {
        name: lambda files=files: _part(files, options)
        for name, files in found.items()
    }
    return open_part(f"parquet:{where}", split, parts, options)


def _pyarrow():
    try:
        import pyarrow.parquet
    except ImportError:
        raise ImportError(
            "parquet:GLOB needs pyarrow: pip install 'simclrv2_tf[parquet]'"
        ) from None
    return pyarrow.parquet


def _guarded(path, function, *arguments):
    """Calls a function of an open file; damage becomes a sentence."""
    parquet = _pyarrow()
    import pyarrow

    try:
        with open_binary(path) as data, parquet.ParquetFile(data) as file:
            return function(file, *arguments)
    except (pyarrow.ArrowException, OSError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error)
        raise ValueError(
            f"The file {path!r} cannot be read as Parquet ({reason}): it is "
            "damaged, or was not copied to its end."
        ) from None


def _part(files, options):
    columns = _guarded(files[0], _columns, files[0], options)
    looks = [_guarded(path, _look, path, *columns) for path in files]
    rows = [
        (which, group, row)
        for which, (counts, _, _) in enumerate(looks)
        for group, count in enumerate(counts)
        for row in range(count)
    ]
    labels = np.concatenate([values for _, values, _ in looks])
    table = np.array(rows, np.int64).reshape(-1, 3)
    places = Rows(tuple(files), columns[0], table)
    size = sum(size for _, _, size in looks)
    if size <= MEMORY_LIMIT:
        images = places.read_all(range(len(places)))
        if not any(images):
            places.read(0)  # says what is wrong with all of them
        return Part({"encoded": images}, labels)
    _LOG.warning(
        "%s and others: %.1f GB in Parquet, where a group of rows is read for "
        "each image; tools/prepare_dataset.py makes shards that are read fast.",
        files[0],
        size / 1e9,
    )
    return Part({"places": places}, labels)


def _columns(file, path, options):
    """Names of the columns of images and labels, None for no labels."""
    names = file.schema_arrow.names
    for name in (options.image_feature, options.label_feature):
        if name and name not in names:
            raise ValueError(
                f"The file {path!r} must have the column {name!r}. Received: "
                f"{listed(names)}"
            )
    image = options.image_feature or _usual(IMAGES, names)
    if image is None:
        raise ValueError(
            f"The file {path!r} must have a column called {listed(IMAGES)}, or "
            f"--image_feature must name it. Received: {listed(names)}"
        )
    return image, options.label_feature or _usual(LABELS, names)


def _usual(usual, names):
    return next((name for name in usual if name in names), None)


def _look(file, path, image, label):
    """Rows of each group, labels, and the bytes of the images."""
    groups = [
        file.metadata.row_group(group) for group in range(file.num_row_groups)
    ]
    counts = [group.num_rows for group in groups]
    sizes = [
        group.column(column).total_uncompressed_size
        for group in groups
        for column in range(group.num_columns)
        if group.column(column).path_in_schema.split(".")[0] == image
    ]
    if label is None:
        return counts, np.full(sum(counts), -1), sum(sizes)
    values = file.read([label]).column(label).to_pylist()
    return counts, _labels(values, _class_names(file, label), path), sum(sizes)


def _class_names(file, label):
    """The names that Hugging Face's metadata gives the classes, or None."""
    text = (file.schema_arrow.metadata or {}).get(b"huggingface")
    try:
        held = json.loads(text)["info"]["features"][label]["names"]
        return [str(name) for name in held]
    except (TypeError, KeyError, ValueError):
        return None


def _whole(value):
    """Whole floats, as pandas writes some, as numbers; None for NaN."""
    if isinstance(value, float) and math.isnan(value):
        return None
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _labels(values, names, path):
    values = [_whole(value) for value in values]
    kinds = {type(value) for value in values if value is not None}
    if not kinds <= {int} and not kinds <= {str}:
        raise ValueError(
            f"The labels of {path!r} must be whole numbers or names. Received: "
            f"{listed(sorted(kind.__name__ for kind in kinds))}"
        )
    if not names or kinds == {str}:
        nothing = "" if kinds == {str} else -1
        return np.array([nothing if v is None else v for v in values])
    outside = [v for v in values if v is not None and not -1 <= v < len(names)]
    if outside:
        raise ValueError(
            f"The label {outside[0]} in {path!r} is outside the classes, "
            f"which are {listed(names)}"
        )
    names = [*names, ""]
    return np.array([names[-1 if v is None else v] for v in values])


@dataclasses.dataclass(frozen=True)
class Rows(OneByOne):
    """Images in rows of Parquet files, in the place of `Places`.

    Attributes:
      files: Names.
      column: Name of the column of images.
      rows: int64 (examples, 3): number of the file, of the group, of the row.
    """

    files: tuple
    column: str
    rows: np.ndarray

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, indices):
        return dataclasses.replace(self, rows=self.rows[indices])

    def fingerprint(self):
        """Text that differs for other rows."""
        digest = hashlib.sha256(repr((self.files, self.column)).encode())
        digest.update(self.rows.tobytes())
        return digest.hexdigest()

    def file(self, index):
        return self.files[self.rows[index, 0]]

    def read(self, index):
        """The bytes of one image.

        Raises:
          ValueError: If the row has none, or the file cannot be read.
        """
        _, group, row = (int(number) for number in self.rows[index])
        path = self.file(index)
        value = _group(path, group, self.column)[row].as_py()
        if isinstance(value, dict):
            value = value.get("bytes")
        if not isinstance(value, bytes):
            raise ValueError(
                f"The file {path!r} must hold encoded images. Received: none "
                f"in row {row} of group {group}"
            )
        return value


@functools.lru_cache(GROUPS_HELD)
def _group(path, group, column):
    """The column of images of one group of rows."""
    return _guarded(
        path, lambda file: file.read_row_group(group, [column]).column(0)
    )
