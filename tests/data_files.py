"""The same few images in every form that a data set may have."""

import io
import json
import pathlib
import tarfile

import numpy as np
import tensorflow as tf
from PIL import Image

NAMES = ("ant", "bee", "cat")
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 9, 7, 3), np.uint8)
LABELS = np.arange(12) % 3


def encoded(pixels, kind="PNG", mode=None, **options):
    """Pixels in a file of this kind, of one of Pillow's modes; bytes."""
    image = Image.fromarray(pixels)
    image = image.convert(mode) if mode else image
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(pixels):
    return encoded(pixels)


ENCODED = [png(pixels) for pixels in PIXELS]


def rows(which=slice(None), named=False):
    """Encoded images with labels, numbers or names."""
    labels = [NAMES[i] for i in LABELS] if named else LABELS.tolist()
    return list(zip(ENCODED, labels, strict=True))[which]


def slices(*tensors):
    """A `tf.data.Dataset` of tuples of the tensors' rows."""
    return tf.data.Dataset.from_tensor_slices(tensors)


def of_bytes(function):
    """The function, compiled for one encoded image of any length."""
    return tf.function(function, input_signature=[tf.TensorSpec([], tf.string)])


def feature(value):
    """A `tf.train.Feature` of one value or a list of them."""
    values = value if isinstance(value, list) else [value]
    values = [v.encode() if isinstance(v, str) else v for v in values]
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def write_records(path, examples):
    """A TFRecord file of dictionaries of values."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for values in examples:
            features = {name: feature(v) for name, v in values.items()}
            example = tf.train.Example(
                features=tf.train.Features(feature=features)
            )
            writer.write(example.SerializeToString(deterministic=True))
    return str(path)


def flip_bit(path, place):
    """Turns one bit of a file, in the byte at a place."""
    data = bytearray(pathlib.Path(path).read_bytes())
    data[place] ^= 2
    pathlib.Path(path).write_bytes(data)


def write_tfrecord(path, rows):
    return write_records(path, [{"image": i, "label": v} for i, v in rows])


def write_tar(path, rows, ending="cls"):
    members = {}
    for number, (image, label) in enumerate(rows):
        members[f"{number:04d}.png"] = image
        members[f"{number:04d}.{ending}"] = str(label).encode()
    return write_members(path, members)


def write_members(path, members):
    """A tar file from names and bytes."""
    return write_pairs(path, members.items())


def write_pairs(path, pairs):
    """The same of pairs, of which several may have one name."""
    with tarfile.open(path, "w") as tar:
        for name, data in pairs:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return str(path)


def write_black(root, *names):
    """Black images at these places; the name of the folder as a data set."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(path)
    return f"folder:{root}"


def write_csv(path, rows):
    folder = path.parent / f"{path.stem}_images"
    folder.mkdir()
    lines = ["path,label"]
    for number, (image, label) in enumerate(rows):
        (folder / f"{number}.png").write_bytes(image)
        lines.append(f'{folder.name}/{number}.png,"{label}"')
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def write_parquet(path, rows, names=None, **options):
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [{"bytes": image, "path": None} for image, _ in rows]
    table = pa.table({"image": images, "label": [label for _, label in rows]})
    if names:
        described = {"label": {"names": names, "_type": "ClassLabel"}}
        text = json.dumps({"info": {"features": described}})
        table = table.replace_schema_metadata({"huggingface": text})
    pq.write_table(table, path, **options)
    return str(path)


def write_npz(path, rows):
    images = [np.asarray(Image.open(io.BytesIO(i))) for i, _ in rows]
    labels = np.array([label for _, label in rows])
    np.savez(path, images=np.array(images), labels=labels)
    return str(path)


# What each kind of source is written by.
WRITERS = {
    "csv": write_csv,
    "npz": write_npz,
    "parquet": write_parquet,
    "tar": write_tar,
    "tfrecord": write_tfrecord,
}
