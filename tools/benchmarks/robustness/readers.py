"""Every reader of files from outside, with whole files to begin with.

A reader is a function of a path. It may return, or raise one of its errors;
anything else is a finding.
"""

import dataclasses
import io
import json
import os
import pathlib
import shutil
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Reader:
    """How one kind of file is read.

    Attributes:
      inputs: How many damaged files are tried.
      seeds: Function (directory) that writes whole files there and returns
        their paths; what lies beside them stays whole.
      read: Function (path).
      errors: Names of the exceptions that count as a clear refusal.
    """

    inputs: int
    seeds: Callable[[str], list[str]]
    read: Callable[[str], Any]
    errors: tuple = ("ValueError",)


def _network_files(directory, *suffixes):
    """A tiny network in several formats."""
    from simclrv2_tf.checkpoints import run_directory
    from simclrv2_tf.hub import conversion
    from simclrv2_tf.models.network import Network

    run = os.path.join(directory, "run")
    network = Network(
        resnet_depth=18,
        width_multiplier=1 / 32,
        image_size=8,
        num_classes=2,
        num_proj_layers=1,
        proj_out_dim=4,
    )
    prefix = run_directory.save(run, 1, network.named_variables())
    targets = [os.path.join(directory, f"model{s}") for s in suffixes]
    for target in targets:
        conversion.convert(prefix, target)
    return prefix, targets


def _weights(*suffixes):
    return lambda directory: _network_files(directory, *suffixes)[1]


def _run(part):
    def seeds(directory):
        prefix, _ = _network_files(directory)
        return [prefix + part]

    return seeds


def _tf1(part):
    def seeds(directory):
        return [_network_files(directory, ".ckpt-1")[1][0] + part]

    return seeds


def _find_weights(path):
    from simclrv2_tf.files.errors import file_errors
    from simclrv2_tf.hub import load

    weights = load.find_weights(path)
    with file_errors(path):
        for name in weights.arrays:
            weights.arrays[name]


def _latest_valid(path):
    """Damage must be told, and a sound answer be a readable one."""
    from simclrv2_tf.checkpoints import run_directory

    prefix = run_directory.latest_valid(os.path.dirname(path))
    if prefix is not None:
        run_directory.read_progress(prefix)
        for arrays in (run_directory.read(prefix),):
            for name in arrays:
                arrays[name]


def _json_file(name, values):
    def seeds(directory):
        path = os.path.join(directory, name)
        pathlib.Path(path).write_text(json.dumps(values, indent=2))
        return [path]

    return seeds


def _flags_seed(directory):
    import dataclasses as classes

    from simclrv2_tf.config import Config

    values = classes.asdict(Config(model_dir="d"))
    values |= {"num_classes": 10, "class_names": ["a", "b"]}
    return _json_file("flags.json", values)(directory)


def _read_flags(path):
    from simclrv2_tf.runs import model_dir

    model_dir.read_flags(os.path.dirname(path))


def _status(path):
    from simclrv2_tf.runs import status

    status.describe(os.path.dirname(path))


def _events_seed(directory):
    from simclrv2_tf.runs.journal import Journal

    _flags_seed(directory)
    log = Journal(directory)
    numbers = {"alignment": 0.5, "uniformity": -2.5}
    for step in range(0, 40, 10):
        log.note("start", step=step, command=["simclrv2"])
        log.note(
            "train",
            step=step,
            last_step=100,
            metrics={"train/contrast_loss": 3.5},
            images_per_second=100.5,
        )
        log.note("health", step=step, numbers=numbers, warnings=["w"])
        log.note("checkpoint", step=step, seconds=0.1)
    return [os.path.join(directory, "events.jsonl")]


def _status_seeds(directory):
    _events_seed(directory)
    _json_file(
        "environment.json",
        {"versions": {"tensorflow": "2"}, "hardware": {"processor": "x"}},
    )(directory)
    _json_file("result.json", {"eval/label_top_1_accuracy": 0.5})(directory)
    names = ("flags.json", "environment.json", "result.json")
    return [os.path.join(directory, name) for name in names]


def _flagfiles(directory):
    root = pathlib.Path(__file__).resolve().parents[3] / "flags"
    complete = [  # others want a teacher
        path for path in sorted(root.glob("*.cfg")) if "distil" not in path.name
    ]
    return [shutil.copy(path, directory) for path in complete]


def _read_flagfile(path):
    from simclrv2_tf import flags

    flags.parse(["simclrv2", f"--flagfile={path}"])


def _lock_seed(directory):
    owner = {"host": "h", "pid": 3, "since": "then", "beat": 4}
    return _json_file("lock", owner)(directory)


def _read_lock(path):
    from simclrv2_tf.files import lock

    lock.read(path)


def _images(*formats):
    def seeds(directory):
        import numpy as np
        from PIL import Image

        rng = np.random.default_rng(0)
        paths = []
        for form in formats:
            for index, mode in enumerate(("RGB", "L")):
                shape = (17, 23, 3)[: 3 if mode == "RGB" else 2]
                pixels = rng.integers(0, 255, shape, np.uint8)
                path = os.path.join(directory, f"{index}.{form}")
                Image.fromarray(pixels).save(path)
                paths.append(path)
        return paths

    return seeds


def _decode(path):
    import tensorflow as tf

    from simclrv2_tf.data.decode.rgb import decode_image

    if "decode" not in _MADE:
        signature = [tf.TensorSpec([], tf.string)]
        _MADE["decode"] = tf.function(decode_image, input_signature=signature)
    _MADE["decode"](pathlib.Path(path).read_bytes())


_MADE: dict[str, Any] = {}


def _npz(directory):
    import numpy as np

    rng = np.random.default_rng(0)
    path = os.path.join(directory, "data.npz")
    images = rng.integers(0, 255, (6, 9, 9, 3), np.uint8)
    np.savez(path, images=images, labels=np.arange(6) % 2)
    return [path]


def _png():
    import numpy as np
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(stream, "png")
    return stream.getvalue()


def _csv(directory):
    pathlib.Path(directory, "a.png").write_bytes(_png())
    path = pathlib.Path(directory, "data.csv")
    path.write_text("path,label\na.png,dog\na.png,cat\na.png,dog\n")
    return [str(path)]


def _tar(directory):
    import tarfile

    path = os.path.join(directory, "data.tar")
    with tarfile.open(path, "w") as file:
        for index in range(3):
            for suffix, data in (("png", _png()), ("cls", b"%d" % index)):
                member = tarfile.TarInfo(f"{index}.{suffix}")
                member.size = len(data)
                file.addfile(member, io.BytesIO(data))
    return [path]


def _tfrecord(directory):
    import tensorflow as tf

    path = os.path.join(directory, "data.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for index in range(4):
            features = {
                "image": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[_png()])
                ),
                "label": tf.train.Feature(
                    int64_list=tf.train.Int64List(value=[index % 2])
                ),
            }
            example = tf.train.Example(
                features=tf.train.Features(feature=features)
            )
            writer.write(example.SerializeToString())
    return [path]


def _open(kind):
    """Opens a data set and reads its images."""

    def read(path):
        from simclrv2_tf.data import sources

        source = sources.open_source(f"{kind}:{path}", "train")
        fetch = source.reader()
        for index in range(min(2, source.num_examples)):
            fetch(index)

    return read


_DATA_ERRORS = ("ValueError", "InvalidArgumentError")
READERS = {
    "flagfile": Reader(12_000, _flagfiles, _read_flagfile),
    "status: events.jsonl": Reader(30_000, _events_seed, _status),
    "status: other files": Reader(30_000, _status_seeds, _status),
    "flags.json": Reader(15_000, _flags_seed, _read_flags),
    "lock": Reader(10_000, _lock_seed, _read_lock),
    **{
        f"image {form}": Reader(
            2_000, _images(form), _decode, ("InvalidArgumentError",)
        )
        for form in ("jpg", "png", "gif", "bmp", "webp", "tiff")
    },
    "npz": Reader(500, _npz, _open("npz"), _DATA_ERRORS),
    # An image that the table names and that is not there: a run counts it
    # among those that cannot be read.
    "csv": Reader(
        500,
        _csv,
        _open("csv"),
        (*_DATA_ERRORS, "NotFoundError", "FailedPreconditionError"),
    ),
    "tar": Reader(500, _tar, _open("tar"), _DATA_ERRORS),
    "TFRecord": Reader(500, _tfrecord, _open("tfrecord"), _DATA_ERRORS),
    "run: ckpt-N.index": Reader(500, _run(".index"), _latest_valid),
    "run: ckpt-N.data": Reader(
        500, _run(".data-00000-of-00001"), _latest_valid
    ),
    "run: ckpt-N.sha256": Reader(500, _run(".sha256"), _latest_valid),
    "TF1 checkpoint .index": Reader(500, _tf1(".index"), _find_weights),
    "TF1 checkpoint .data": Reader(
        500, _tf1(".data-00000-of-00001"), _find_weights
    ),
    "safetensors": Reader(2_000, _weights(".safetensors"), _find_weights),
    "PyTorch .pth": Reader(1_000, _weights(".pth"), _find_weights),
    "Keras .weights.h5": Reader(50, _weights(".weights.h5"), _find_weights),
    "Keras .keras": Reader(50, _weights(".keras"), _find_weights),
}
