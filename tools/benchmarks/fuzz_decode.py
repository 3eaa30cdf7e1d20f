"""Mutated images through the preprocessing of an exported model.

Each is decoded by a process that is watched from outside: a crash, a hang or
memory beyond bounds is counted, with the number of the input.
"""

import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from typing import Any

from tools.peak_memory import peak_bytes

INPUTS = 12_000
HANG_SECONDS = 30  # without an answer
SERVED_EVERY = 20  # inputs; those go through the whole of serving_default
ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff", b"\xff\x7f")


def run(arguments):
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as directory:
        path = export_small(directory)
        counts: dict[str, Any] = {}
        failures: list[dict[str, int]] = []
        first = 0
        while first < options.inputs:
            first = watch(path, first, options, counts, failures)
    return {
        "what": "mutated images through an exported model's preprocessing",
        "seed": options.seed,
        "inputs": options.inputs,
        "formats": sorted(make_images()),
        **counts,
        "crashes and hangs": len(failures),
        "which": failures,
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def export_small(directory):
    from simclrv2_tf import export
    from simclrv2_tf.data.augment.crops import preprocess_for_eval
    from simclrv2_tf.data.decode.rgb import Limits
    from simclrv2_tf.data.decode.rgb import decode_in_graph
    from simclrv2_tf.data.decode.rgb import to_float
    from simclrv2_tf.models.network import Network

    network = Network(18, 0.0625, image_size=32, num_classes=3)
    limits = Limits(max_pixels=10_000_000)

    def prepare(encoded):
        pixels = decode_in_graph(encoded, limits)
        return preprocess_for_eval(to_float(pixels), 32)

    return export.export_network(network, directory, 0, prepare)


def watch(path, first, options, counts, failures):
    """Runs a process from an input on; returns the input to go on with."""
    command = [sys.executable, "-m", "tools.benchmarks.fuzz_decode", path]
    command += map(str, (first, options.inputs, options.seed))
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    last = first - 1
    while line := read_line(child):
        answer = json.loads(line)
        if "done" in answer:
            merge(counts, answer["done"])
            child.wait()
            return options.inputs
        last = answer["input"]
        merge(counts, answer["counts"])
    child.kill()
    failures.append({"input": last + 1, "status": child.wait()})
    print(f"input {last + 1}: status {child.returncode}", file=sys.stderr)
    return last + 2


def read_line(child):
    """The next line; none if the process ends, or says nothing for too long."""
    timer = threading.Timer(HANG_SECONDS, child.kill)
    timer.start()
    try:
        return child.stdout.readline()
    finally:
        timer.cancel()


def merge(counts, more):
    for name, value in more.items():
        kept = counts.get(name, 0)
        largest = name.startswith(("slowest", "peak"))
        counts[name] = max(kept, value) if largest else kept + value


def work(path, first, last, seed):
    """Decodes inputs, and tells of each before the next."""
    import time

    import numpy as np
    import tensorflow as tf

    model = tf.saved_model.load(path)
    serve = model.signatures["serving_default"]
    images = make_images()
    model.preprocess(tf.constant([next(iter(images.values()))]))
    serve(encoded=tf.constant([next(iter(images.values()))]))
    before = memory_mib()
    for number in range(first, last):
        data = mutated(images, np.random.default_rng([seed, number]))
        call = model.preprocess if number % SERVED_EVERY else serve
        counts: dict[str, float] = {
            "decoded": 0,
            "refused": 0,
            "errors of another kind": 0,
        }
        start = time.perf_counter()
        try:
            call(tf.constant([data]))
            counts["decoded"] = 1
        except tf.errors.InvalidArgumentError:
            counts["refused"] = 1
        except tf.errors.OpError:
            counts["errors of another kind"] = 1
        counts["slowest, seconds"] = round(time.perf_counter() - start, 3)
        counts["peak memory above the start, MiB"] = memory_mib() - before
        print(json.dumps({"input": number, "counts": counts}), flush=True)
    print(json.dumps({"done": {}}), flush=True)


def memory_mib():
    return peak_bytes() // 2**20


def make_images():
    """Small images of every kind, encoded."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    small = (rng.random((9, 12, 3)) * 255).astype(np.uint8)
    image = Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC)
    deep = (np.asarray(image.convert("L")).astype(np.uint16)) * 257
    later = {"save_all": True, "append_images": [image.rotate(180)]}
    kinds = {
        "jpeg": (image, "JPEG", {}),
        "jpeg progressive": (image, "JPEG", {"progressive": True}),
        "jpeg grey": (image.convert("L"), "JPEG", {}),
        "jpeg cmyk": (image.convert("CMYK"), "JPEG", {}),
        "png": (image, "PNG", {}),
        "png rgba": (image.convert("RGBA"), "PNG", {}),
        "png palette": (image.quantize(64), "PNG", {}),
        "png 16 bits": (Image.fromarray(deep), "PNG", {}),
        "gif": (image.quantize(64), "GIF", {}),
        "gif animated": (image, "GIF", later),
        "bmp": (image, "BMP", {}),
        "bmp palette": (image.quantize(64), "BMP", {}),
        "bmp bilevel": (image.convert("1"), "BMP", {}),
        "webp": (image, "WEBP", {}),
        "webp lossless": (image, "WEBP", {"lossless": True}),
        "webp animated": (image, "WEBP", later),
    }
    return {name: encoded(*kind) for name, kind in kinds.items()}


def encoded(image, kind, options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def mutated(images, rng):
    """An image with one to four mutations, half of them near its beginning."""
    values = list(images.values())
    data = bytearray(values[rng.integers(len(values))])
    for _ in range(rng.integers(1, 5)):
        reach = 64 if rng.random() < 0.5 else len(data)
        place = int(rng.integers(max(min(reach, len(data)), 1)))
        size = int(rng.integers(1, 64))
        kind = rng.integers(7)
        if kind == 0 and data:
            data[place % len(data)] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            data[place : place + 1] = rng.bytes(1)
        elif kind == 2:
            word = WORDS[rng.integers(len(WORDS))]
            data[place : place + len(word)] = word
        elif kind == 3:
            del data[place : place + size]
        elif kind == 4:
            data[place:place] = data[place : place + size]
        elif kind == 5:
            del data[int(rng.integers(len(data) + 1)) :]
        else:
            other = values[rng.integers(len(values))]
            data[place:] = other[place:]
    return bytes(data)


if __name__ == "__main__":  # decodes, in a process of its own
    work(sys.argv[1], *map(int, sys.argv[2:]))
