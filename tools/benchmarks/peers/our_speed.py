"""Measures the command `simclrv2` in this process; a line of JSON in the end.

    python -m tools.benchmarks.peers.our_speed --case=r18-b128 --npz=FILE

Training is that of the command with the flags that `our_flags` lists; a
callback notes when a step ends, and stops it. `--bare` takes the compiled step
of that training on one batch in memory, augmented before the clock starts, as
the peer's is.
"""

import argparse
import json
import tempfile

from tools.benchmarks.peers import original_flags
from tools.benchmarks.peers.our_flags import flags_of
from tools.peers import cases
from tools.peers.step_clock import StepClock


def main(arguments=None):
    options = parse_arguments(arguments)
    case = cases.ALL[options.case]
    clock = StepClock(case.batch, options.seconds, options.least)
    with tempfile.TemporaryDirectory(prefix="simclrv2_") as folder:
        config = config_of([*words_of(options, case), f"--model_dir={folder}"])
        measure = measure_bare if options.bare else measure_command
        parameters = measure(config, clock)
    print(json.dumps({**clock.figures(), "parameters": parameters}), flush=True)


def words_of(options, case):
    """The flags that the peer's loop or the original release are met with."""
    if not options.original_steps:
        return flags_of(case, options.precision, options.npz, options.photos)
    words = original_flags.flags_of(
        case, options.data_dir, options.original_steps
    )
    return [*words, f"--mixed_precision={options.precision}"]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cases.add_measurement(parser)
    parser.add_argument(
        "--precision", choices=cases.PRECISIONS, default=cases.FLOAT32
    )
    parser.add_argument(
        "--original_steps", type=int, default=0, help="with its flags"
    )
    parser.add_argument("--data_dir", help="TFDS data, with those flags")
    return parser.parse_args(arguments)


def config_of(words):
    from simclrv2_tf import flags

    return flags.parse(["simclrv2", *words])


def measure_command(config, clock):
    """Times training as the command does it; how many parameters it has."""
    import keras

    from simclrv2_tf.runs.train import train

    class Ticks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if clock.tick():
                self.model.stop_training = True

    return trainable(train(config, callbacks=[Ticks()]).network)


def measure_bare(config, clock):
    """Times the compiled step on one batch; how many parameters it has."""
    import tensorflow as tf

    from simclrv2_tf.data import pipeline
    from simclrv2_tf.runs import inputs
    from simclrv2_tf.runs.hardware import precision
    from tools.benchmarks.step import make_stage

    source = inputs.open_source(config)
    with precision.policy(config.mixed_precision):
        stage = make_stage(config, source)
    batches = pipeline.train_dataset(
        source, config.train_batch_size, config.image_size, seed=0
    )
    batch = augmented(stage, next(iter(batches)))
    step = tf.function(stage.train_step)
    while True:
        float(step(batch)["train/total_loss"])
        if clock.tick():
            return trainable(stage.network)


def augmented(stage, batch):
    """A batch with its views changed; the stage changes none from here on."""
    views, *labels = batch
    changed = [stage.augmented(view, i) for i, view in enumerate(views)]
    stage.augment = None
    return tuple(changed), *labels


def trainable(network):
    return sum(int(v.shape.num_elements()) for v in network.trainable_variables)


if __name__ == "__main__":
    main()
