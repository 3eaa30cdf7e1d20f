"""Time and memory of NT-Xent, forward and backward, dense and in tiles.

Each row is a process of its own, so that its peak memory is its own. The
curve over all sizes is drawn beside the figures, benchmarks/nt_xent.png.
"""

import argparse
import json
import os
import statistics
import time

from tools import own_process
from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

DIM = 128
TEMPERATURE = 0.1
SIZES = (1024, 2048, 4096, 8192, 16384, 32768)
LARGEST_DENSE = 8192  # the next would take 17 GB
FORMS = ("original", "dense", "tiled")


def run(arguments):
    options = parse_arguments(arguments)
    rows = []
    for pairs in options.sizes:
        for form in options.forms:
            if pairs > LARGEST_DENSE and form in ("original", "dense"):
                continue
            few = 1 + options.repeat // 4
            repeat = options.repeat if pairs <= LARGEST_DENSE else few
            rows.append(in_a_process(form, pairs, repeat))
            print(
                "{form:>9} {pairs:>6} {seconds:8.3f} s "
                "{peak_mib:7.0f} MiB".format(**rows[-1]),
                flush=True,
            )
    return {
        "what": "NT-Xent, forward and backward, one device",
        "dim": DIM,
        "temperature": TEMPERATURE,
        "load_before": os.getloadavg()[0],
        "rows": rows,
        "tiled as a share of the original": shares(rows),
        "bytes_per_replica_and_step": wire_table(),
    }


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--forms", choices=FORMS, nargs="+", default=FORMS)
    parser.add_argument("--repeat", type=at_least(1), default=5)
    parser.add_argument("--form", choices=FORMS, help="one row, here")
    parser.add_argument("--pairs", type=int, default=8192)
    return parser.parse_args(arguments)


def in_a_process(form, pairs, repeat):
    arguments = "--form", form, "--pairs", pairs, "--repeat", repeat
    return own_process.last_json(
        "tools.benchmarks.nt_xent", *arguments, env=own_process.QUIET
    )


def measure(form, pairs, repeat):
    """Seconds of a step, and peak memory above that before the first."""
    import tensorflow as tf

    views = tf.random.stateless_normal((2, pairs, DIM), seed=(0, 1))
    views = tf.unstack(views + 0.5 * views[::-1])
    step = tf.function(step_of(form))
    tf.matmul(views[0][:64], views[1][:64], transpose_b=True).numpy()
    before = peak_mib()
    seconds = [timed(step, *views) for _ in range(repeat + 1)][1:]
    return {
        "form": form,
        "pairs": pairs,
        "seconds": round(statistics.median(seconds), 4),
        "fastest": round(min(seconds), 4),
        "peak_mib": round(peak_mib() - before, 1),
    }


def step_of(form):
    """Loss and gradient of two views, by one of `FORMS`."""
    import tensorflow as tf

    loss = {
        "original": as_the_original,
        "dense": lambda a, b: ours(a, b, tile=0),
        "tiled": lambda a, b: ours(a, b, tile="auto"),
    }[form]

    def step(a, b):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            value = loss(a, b)
        return value, *tape.gradient(value, [a, b])

    return step


def ours(a, b, tile):
    import tensorflow as tf

    from simclrv2_tf import losses

    if tile == "auto" and a.shape[0] <= losses.DENSE_PAIRS:
        tile = losses.nt_xent_tiled.TILE
    pairs = losses.compare(a, b, TEMPERATURE, tile=tile)
    return tf.reduce_mean(pairs.loss)


def as_the_original(a, b):
    """The formula term by term, with one-hot labels and masks."""
    import tensorflow as tf

    a, b = tf.nn.l2_normalize(a, -1), tf.nn.l2_normalize(b, -1)
    count = a.shape[0]
    labels = tf.one_hot(tf.range(count), 2 * count)
    masks = 1e9 * tf.one_hot(tf.range(count), count)
    aa = tf.matmul(a, a, transpose_b=True) / TEMPERATURE - masks
    bb = tf.matmul(b, b, transpose_b=True) / TEMPERATURE - masks
    ab = tf.matmul(a, b, transpose_b=True) / TEMPERATURE
    ba = tf.matmul(b, a, transpose_b=True) / TEMPERATURE
    entropy = tf.nn.softmax_cross_entropy_with_logits
    one = entropy(labels, tf.concat([ab, aa], 1))
    return tf.reduce_mean(one + entropy(labels, tf.concat([ba, bb], 1)))


def shares(rows):
    """Memory and time of the tiles beside the original's, by pairs."""
    by_form = {(row["form"], row["pairs"]): row for row in rows}
    return {
        str(pairs): {
            key: round(
                by_form["tiled", pairs][key] / by_form["original", pairs][key],
                4,
            )
            for key in ("peak_mib", "seconds")
        }
        for form, pairs in by_form
        if form == "original" and ("tiled", pairs) in by_form
    }


def show(report, folder):
    """Memory and time over the number of pairs, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = {
        "original": "dense, as the original writes it",
        "dense": "dense, ours",
        "tiled": "in tiles",
    }
    figure, both = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axes, key, label in zip(
        both,
        ("peak_mib", "seconds"),
        ("peak above the baseline, MiB", "forward and backward, s"),
        strict=True,
    ):
        for form, name in names.items():
            mine = [row for row in report["rows"] if row["form"] == form]
            sizes = [row["pairs"] for row in mine]
            axes.plot(sizes, [row[key] for row in mine], "o-", label=name)
        axes.set(xscale="log", yscale="log", xlabel="pairs", ylabel=label)
        axes.grid(alpha=0.3)
    both[0].legend(fontsize=8)
    figure.savefig(folder / "nt_xent.png", dpi=120)


def timed(step, *arguments):
    start = time.perf_counter()
    float(step(*arguments)[0])
    return time.perf_counter() - start


def peak_mib():
    return peak_bytes() / 2**20


def wire_table(batch=4096):
    """Bytes that one replica sends in a step, by how views are gathered.

    Rings: a gather of n shares sends n - 1 of them on, a sum of the whole
    twice (n - 1) / n of it. The original pads each share with zeros to the
    whole and sums; its backward pass sums the whole again. In tiles the
    backward pass gathers three numbers a pair.
    """
    table = []
    for replicas in (2, 8, 32, 128):
        whole = batch * 2 * DIM * 4
        gather = whole * (replicas - 1) // replicas
        numbers = batch * 3 * 4 * (replicas - 1) // replicas
        table.append(
            {
                "replicas": replicas,
                "global_batch": batch,
                "padded_sum": 4 * gather,
                "gather_dense": 3 * gather,
                "gather_tiled": gather + numbers,
            }
        )
    return table


if __name__ == "__main__":  # one row, in a process of its own
    options = parse_arguments()
    print(json.dumps(measure(options.form, options.pairs, options.repeat)))
