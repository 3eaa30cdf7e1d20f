"""Bytes that a worker sends in a step of NT-Xent, by how views are gathered.

Workers on this host train with real gRPC collectives, and the kernel says
how many bytes their connections have carried (TCP_INFO). Beside each figure
stands what a ring sends: a gather of n shares passes n - 1 of them on, a sum
twice (n - 1) / n of the whole.

- padded: every view is padded with zeros to the whole batch and summed, as
  the original release does, and its gradient is summed likewise;
- gather: ours in one piece, whose gradient is a sum;
- tiled: ours in tiles, whose backward pass gathers three numbers a pair.
"""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys

from tools.whole_numbers import multiple_of

DIM = 128
WORKERS = (2, 3)
FORMS = ("padded", "gather", "tiled")
STEPS = 10
ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(arguments):
    options = parse_arguments(arguments)
    rows = []
    for workers in WORKERS:
        for form in FORMS:
            row = {
                "workers": workers,
                "form": form,
                "sent": measured(workers, form, options.pairs),
                "by_the_formula": expected(workers, form, options.pairs),
            }
            print(json.dumps(row), flush=True)
            rows.append(row)
    return {
        "what": "bytes that a worker sends in a step, forward and backward",
        "global_batch": options.pairs,
        "dim": DIM,
        "rows": rows,
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--pairs", type=multiple_of(6), default=1536, help="a multiple of 6"
    )
    return parser.parse_args(arguments)


def expected(workers, form, pairs):
    """Bytes by the formula of a ring."""
    share = pairs * DIM * 4 * (workers - 1) // workers  # of one view
    numbers = pairs * 3 * 4 * (workers - 1) // workers
    forward = {"padded": 2 * 2 * share, "gather": 2 * share, "tiled": 2 * share}
    backward = {"padded": 2 * 2 * share, "gather": 2 * 2 * share}
    return forward[form] + backward.get(form, numbers)


def measured(workers, form, pairs):
    """The mean over workers and steps."""
    addresses = [f"localhost:{port}" for port in free_ports(workers)]
    processes = []
    for index in range(workers):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": addresses}, "task": task}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", __spec__.name, form, str(pairs)],
                env={**os.environ, "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
        )
    answers = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"A worker failed: {answers}")
    sent = [int(answer.splitlines()[-1]) for answer in answers]
    return round(sum(sent) / len(sent))


def free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def work(form, pairs):
    """One of the workers: bytes that it sends in a step."""
    import tensorflow as tf

    from simclrv2_tf import distribution

    strategy = distribution.make_strategy("multi_worker")
    if form == "padded":
        distribution.all_gather = padded_sum
    with strategy.scope():
        _, worker = distribution.worker_share()
    views = tf.random.stateless_normal((2, pairs, DIM), seed=(0, 1))
    share = pairs // strategy.num_replicas_in_sync
    views = tf.unstack(views[:, worker * share :][:, :share])
    step = step_of(tile=256 if form == "tiled" else 0)
    compiled = tf.function(lambda: strategy.run(step, views), autograph=False)
    compiled()
    before = bytes_sent()
    for _ in range(STEPS):
        compiled()
    sent = (bytes_sent() - before) // STEPS
    with strategy.scope():
        distribution.wait_for_workers()
    return sent


def step_of(tile):
    import tensorflow as tf

    from simclrv2_tf import losses

    def step(a, b):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            loss = tf.reduce_mean(losses.compare(a, b, tile=tile).loss)
        return loss, *tape.gradient(loss, [a, b])

    return step


def padded_sum(x):
    """The rows of all replicas: zeros but for one's own, summed."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    shape = [context.num_replicas_in_sync, *x.shape]
    place = [[context.replica_id_in_sync_group]]
    padded = tf.scatter_nd(place, x[tf.newaxis], shape)
    whole = context.all_reduce(tf.distribute.ReduceOp.SUM, padded)
    return tf.reshape(whole, [-1, *x.shape[1:]])


def bytes_sent():
    """What this process's connections have carried away, acknowledged."""
    total = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            with socket.socket(fileno=os.dup(int(name))) as connection:
                info = connection.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_INFO, 136
                )
        except OSError:  # no socket, or none of TCP
            continue
        total += int.from_bytes(info[120:128], sys.byteorder)
    return total


if __name__ == "__main__":  # one worker, in a process of its own
    print(work(sys.argv[1], int(sys.argv[2])))
