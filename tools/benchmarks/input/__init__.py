"""Images/s of the input pipeline against a plain one, two views each.

Both read the same files and end with float32 views, colour and blur done.
They take turns, and each case reports the fastest round of each. `host` is
what `tf.data` does: for ours decoding, crops and flips; for the plain one all
but the blur. `compiled` is the rest: for ours colour and blur in one XLA
function, which runs on the accelerator where there is one.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

ROUNDS = 5
# Data, image size, batch, strength of the colours, batches in a round.
SMALL: dict[str, Any] = {
    "image_size": 32,
    "batch": 256,
    "strength": 0.5,
    "batches": 20,
}
LARGE: dict[str, Any] = {
    "image_size": 224,
    "batch": 32,
    "strength": 1.0,
    "batches": 20,
}
WARM_UP = 20  # batches: empties what was prepared meanwhile
ROOT = pathlib.Path(__file__).resolve().parents[3]
# Other forms of what another case reads.
FORMS = {
    "cifar10 in memory, 32 px": "cifar10, 32 px",
    "prepared photos, 224 px": "photos, 224 px",
}
RECORDS = 100_000  # of the measurement of memory


def run(arguments):
    options = parse_arguments(arguments)
    if options.memory:
        return {"what": "peak memory", **measure_memory(options)}
    if options.checksums:
        return measure_checksums(options)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.cores)
    tf.config.threading.set_inter_op_parallelism_threads(options.cores)
    report: dict[str, Any] = {
        "what": "images/s with two views each, the fastest of "
        f"{options.rounds} rounds",
        "load_before": os.getloadavg()[0],
        "cases": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(options, folder).items():
            report["cases"][name] = measure(case, options.rounds)
            print(name, json.dumps(report["cases"][name]), flush=True)
    for name, original in FORMS.items():
        rate = report["cases"][name]["ours"]["finished"]
        plain = report["cases"][original]["plain"]["finished"]
        times = round(rate / plain, 2)
        report["cases"][name]["times plain on originals"] = times
    report["memory"] = memory_in_a_process(options)
    return {**report, **measure_checksums(options)}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        required=True,
        help="a folder that holds tfds/ with CIFAR-10 and photos/, a folder of "
        "class folders",
    )
    parser.add_argument("--rounds", type=at_least(1), default=ROUNDS)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument(
        "--memory", action="store_true", help="measure memory, here"
    )
    parser.add_argument(
        "--checksums", action="store_true", help="measure checksums alone"
    )
    parser.add_argument(
        "--memory_images", type=int, default=3000, help="that are gone through"
    )
    return parser.parse_args(arguments)


def cases(options, folder):
    """name -> (plain examples, our source, sizes)."""
    from simclrv2_tf.data import sources
    from simclrv2_tf.data.cache import cached

    tfds_dir = str(options.data / "tfds")
    cifar = sources.open_source("cifar10", "train", tfds_dir)
    photos = options.data / "photos"
    prepared = prepare(photos, folder)
    return {
        "cifar10, 32 px": (lambda: plain_cifar(tfds_dir), lambda: cifar, SMALL),
        "cifar10 in memory, 32 px": (
            lambda: plain_in_memory(plain_cifar(tfds_dir)),
            lambda: cached(cifar),
            SMALL,
        ),
        "photos, 224 px": (
            lambda: plain_files(photos),
            lambda: sources.open_source(f"folder:{photos}"),
            LARGE,
        ),
        "prepared photos, 224 px": (
            lambda: plain_prepared(prepared),
            lambda: sources.open_source(prepared),
            LARGE,
        ),
    }


def plain_cifar(data_dir):
    import tensorflow_datasets as tfds

    dataset = tfds.load(
        "cifar10", split="train", data_dir=data_dir, shuffle_files=True
    )
    return dataset.map(lambda example: example["image"])


def plain_in_memory(examples):
    """The plain pipeline's own cache, filled."""
    cached = examples.cache()
    for _ in cached.batch(1000):
        pass
    return cached


def plain_files(folder):
    import tensorflow as tf

    files = sorted(str(path) for path in folder.glob("*/*"))
    dataset = tf.data.Dataset.from_tensor_slices(files)
    return dataset.map(
        lambda path: tf.io.decode_image(
            tf.io.read_file(path), channels=3, expand_animations=False
        ),
        tf.data.AUTOTUNE,
    )


def plain_prepared(directory):
    import tensorflow_datasets as tfds

    dataset = tfds.builder_from_directory(directory).as_dataset(split="train")
    return dataset.map(lambda example: example["image"])


def prepare(photos, folder):
    """Photographs as `tools/prepare_dataset.py` writes them by default."""
    from simclrv2_tf.data.prepare import command

    target = pathlib.Path(folder) / "prepared"
    command.run(f"folder:{photos}", str(target))
    return str(target / "1.0.0")


def measure(case, rounds):
    plain_examples, our_source, sizes = case
    kinds = {
        "plain": plain_parts(plain_examples(), **sizes),
        "ours": our_parts(our_source(), **sizes),
    }
    rates: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    for _ in range(rounds):
        for kind, parts in kinds.items():
            for part, rate in round_of(parts, sizes).items():
                rates[kind][part] = max(rate, rates[kind].get(part, 0.0))
    result: dict[str, Any] = {
        kind: {part: round(rate, 1) for part, rate in parts.items()}
        for kind, parts in rates.items()
    }
    for part in ("finished", "host", "compiled"):
        ratio = rates["ours"][part] / rates["plain"][part]
        result[f"{part}: times plain"] = round(ratio, 2)
    host = 1000 / rates["ours"]["host"]
    result["ours, ms of all cores on the host per image"] = round(host, 3)
    return result


def plain_parts(examples, image_size, batch, strength, **_):
    """(iterator of batches, function that finishes a batch)."""
    from tools.benchmarks.input import reference

    dataset = reference.train_dataset(examples, batch, image_size, strength)
    return iter(dataset), reference.blur_views


def our_parts(source, image_size, batch, strength, **_):
    import tensorflow as tf

    from simclrv2_tf.data import pipeline
    from simclrv2_tf.data.augment import policy

    dataset = pipeline.train_dataset(source, batch, image_size, seed=0)
    steps = iter(range(10**9))

    @tf.function
    def finish(views, step):
        return [
            policy.augment_views(images, [view, step], strength=strength)
            for view, images in enumerate(views)
        ]

    def finish_batch(element):
        return finish(element[0], tf.constant(next(steps)))

    return iter(dataset), finish_batch


def round_of(parts, sizes):
    """images/s of all, of the host's part and of the compiled part."""
    iterator, finish = parts
    images = sizes["batch"] * sizes["batches"]

    def rate(act):
        for _ in range(WARM_UP):
            act()
        start = time.perf_counter()
        for _ in range(sizes["batches"]):
            last = act()
        wait_for(last)
        return images / (time.perf_counter() - start)

    batch = next(iterator)
    return {
        "finished": rate(lambda: finish(next(iterator))),
        "host": rate(lambda: next(iterator)),
        "compiled": rate(lambda: finish(batch)),
    }


def wait_for(result):
    import tensorflow as tf

    for tensor in tf.nest.flatten(result):
        tensor.numpy()


def measure_checksums(options):
    from tools.benchmarks.input import checksums

    return {"checksums": checksums.measure(options.data / "photos")}


def memory_in_a_process(options):
    command = [sys.executable, "-m", "tools.benchmark", "input", "--dry"]
    command += ["--memory", f"--data={options.data}"]
    command += [f"--memory_images={options.memory_images}"]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)["memory"]


def measure_memory(options):
    """Peak memory over photographs in one file, `RECORDS` ranges in it."""
    from simclrv2_tf.data import pipeline

    sizes = dict(LARGE)
    with tempfile.TemporaryDirectory() as folder:
        source = one_file(options.data / "photos", pathlib.Path(folder))
        dataset = pipeline.train_dataset(
            source, sizes["batch"], sizes["image_size"], seed=0
        )
        peaks, batches = {}, options.memory_images // sizes["batch"]
        for number, _ in enumerate(dataset.take(batches), 1):
            if number in (batches // 2, batches):
                peaks[number * sizes["batch"]] = round(peak_bytes() / 2**30, 3)
    return {
        "memory": {
            "records": source.num_examples,
            "bytes a record": int(source.storage.size.mean()),
            "batch": sizes["batch"],
            "peak GiB after so many images": peaks,
        }
    }


def one_file(photos, folder):
    """All photographs in one file; a `Source` of `RECORDS` ranges in it."""
    import numpy as np

    from simclrv2_tf.data.source import Source
    from simclrv2_tf.data.storage import ByteRanges

    target, rows = folder / "photos", []
    with target.open("wb") as file:
        for path in sorted(photos.glob("*/*")):
            rows.append((0, file.tell(), file.write(path.read_bytes())))
    which = np.arange(RECORDS) % len(rows)
    ranges = ByteRanges.of_rows([str(target)], rows).subset(which)
    unlabelled = np.full(RECORDS, -1, np.int32)
    return Source("photographs in one file", unlabelled, ranges)
