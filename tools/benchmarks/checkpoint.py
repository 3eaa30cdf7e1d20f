"""How long a checkpoint stops training, against writing it on the spot.

ResNet-50 and its momentum. In turn, so that both see the same machine: the
snapshot is taken and written in a thread (stop), or written before training
goes on (synchronous). What is put off to the next step is counted with the
stop: TensorFlow copies each variable that the snapshot still looks at.
"""

import argparse
import statistics
import tempfile
import time

ROUNDS = 5


def run(arguments):
    options = parse_arguments(arguments)
    from simclrv2_tf.models.network import Network
    from simclrv2_tf.optimizers import LARS

    network = Network(resnet_depth=options.depth, image_size=32)
    optimizer = LARS(0.1)
    optimizer.build(network.trainable_variables)
    with tempfile.TemporaryDirectory(dir=options.dir) as directory:
        times = measure(network, optimizer, directory)
    median = {name: statistics.median(values) for name, values in times.items()}
    stop = median["snapshot and start"] + median["copies in the next step"]
    return {
        "what": "seconds, medians of rounds in turn",
        "network": f"ResNet-{options.depth}, heads and momentum",
        "megabytes": round(size(network, optimizer) / 1e6, 1),
        "rounds": ROUNDS,
        "seconds": {name: round(v, 4) for name, v in median.items()},
        "stop": round(stop, 4),
        "stop as a share of the synchronous write": round(
            stop / median["synchronous write"], 4
        ),
        "target": "at most 0.1",
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--depth", type=int, default=50)
    parser.add_argument("--dir", help="where checkpoints are written")
    return parser.parse_args(arguments)


def size(network, optimizer):
    variables = [*network.variables, *optimizer.variables]
    return sum(4 * v.value.shape.num_elements() for v in variables)


def measure(network, optimizer, directory):
    """Seconds of every round, by what was measured."""
    from simclrv2_tf.checkpoints import run_directory
    from simclrv2_tf.runs.callbacks.save_checkpoint import BackgroundWriter

    update = make_update(network, optimizer)

    def snapshot():
        return run_directory.snapshot(
            network.named_variables(), optimizer.variables
        )

    def write(step, tensors):
        run_directory.write(directory, step, tensors, keep=1)

    names = (
        "synchronous write",
        "snapshot and start",
        "next step, held",
        "next step",
        "copies in the next step",
    )
    times: dict[str, list[float]] = {name: [] for name in names}
    update()  # compiles
    for step in range(1, 2 * ROUNDS, 2):
        times["synchronous write"].append(seconds(write, step, snapshot()))
        times["next step"].append(seconds(update))
        # The thread waits until the step is timed: what is measured is what
        # training is stopped for, not what it shares the processor with.
        gate = Gate()
        writer = BackgroundWriter(gate.before(write))
        start = time.perf_counter()
        writer.start(step + 1, snapshot())
        times["snapshot and start"].append(time.perf_counter() - start)
        times["next step, held"].append(seconds(update))
        gate.open()
        writer.wait()
        if writer.error is not None:
            raise writer.error
        copies = times["next step, held"][-1] - times["next step"][-1]
        times["copies in the next step"].append(max(0.0, copies))
    return times


class Gate:
    """Holds a function up until it is opened."""

    def __init__(self):
        import threading

        self._event = threading.Event()

    def before(self, function):
        def waiting(*args):
            self._event.wait()
            function(*args)

        return waiting

    def open(self):
        self._event.set()


def make_update(network, optimizer):
    """What a step does to the variables: each of them is written once."""
    import tensorflow as tf

    gradients = [tf.ones(v.shape) * 1e-6 for v in network.trainable_variables]

    @tf.function
    def update():
        optimizer.apply(gradients, network.trainable_variables)

    return update


def seconds(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start
