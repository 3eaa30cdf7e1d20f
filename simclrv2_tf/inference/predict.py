"""`--mode=predict`: the best classes of every image, as a table."""

from __future__ import annotations

import csv
import logging
import os

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data.class_gaps import has_gaps
from simclrv2_tf.data.class_match import unknown_classes
from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.classes import names_or_numbers
from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.example_names import names_by_place
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import is_tfds
from simclrv2_tf.files import atomic
from simclrv2_tf.inference import embedding_files
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import result_shards
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order
from simclrv2_tf.runs import weights_temperature

NAME = "predictions"
SHARD_SIZE = 4096  # rows, the unit of resuming
_LOG = logging.getLogger("simclrv2_tf")


def predict(config: Config, source: Source | None = None) -> str:
    """Writes the classes that the network thinks most probable.

    A row holds `file`, `label` (the name of its class, empty if unlabelled),
    and then, from the best on, `class_1`, `probability_1`, `class_2`, …; an
    image that cannot be read is named, and these are empty. Probabilities are
    at the temperature that `--calibrate` found for these weights, if any.
    Classes that the weights do not name are numbers.

    Args:
      config: A `Config`.
      source: A `Source` in place of the one that the config names.

    Returns:
      The path of the CSV file.

    Raises:
      ValueError: If there is no trained classifier, too many images cannot
        be read, or the file is there and holds other rows.
    """
    prefix = weights.newest(config)
    output = _output(config, prefix)
    weights_classes.check_classifier(prefix)
    if tf.io.gfile.isdir(output):
        raise ValueError(
            "`predict_output` must name a file. Received: predict_output="
            f"{output!r}, which is a directory"
        )
    classifier = weights.load_backbone(config, prefix, "logits_sup")
    source = source or sweep.open_whole(config)
    source = weights_order.named_as(prefix, source)
    _compare(prefix, source)
    source = source.with_channels(classifier.input_shape[-1])
    files = example_names(source)
    places = names_by_place(source)
    _check_rows(output, files, places)
    count = classifier.output_shape[-1]
    names = _names(prefix, count, config, source)
    ema = weights.takes_average(config, prefix)
    temperature = weights_temperature.temperature(prefix, ema)
    shards = _shards(config, output, classifier, source, places, temperature)
    with shards.opened():
        _fill(config, shards, classifier, source, temperature)
        distribution.wait_for_workers()
        if distribution.is_chief():
            with atomic.beside(output) as path:
                _table(path, shards, source, files, names)
            shards.remove()
    if distribution.is_chief():
        print(f"wrote {len(files):,} predictions to {output}", flush=True)
    return output


def _names(prefix, count, config, source):
    """Names of the classes, numbers where the weights do not know them.

    Those of folders may be of other classes, or in another order; numbers of
    the data, and names of a TFDS data set, are what evaluation takes them for.
    """
    known = weights_classes.class_names(prefix)
    if not known:
        known = _of_the_data(config, source)
    if not known or len(known) != count:
        _LOG.warning(
            "%s does not name its classes: they are numbers, 0 to %d, in the "
            "predictions",
            prefix,
            count - 1,
        )
    return names_or_numbers(count, known)


def _of_the_data(config, source):
    """Names of the data that are safe to name classes by, None for none."""
    names = source.class_names or ()
    numbers = all(map(is_number, names)) and not has_gaps(source)
    known = is_tfds(config.dataset) and source.name.startswith(config.dataset)
    return names if numbers or known else None


def _compare(prefix, source):
    """Says which labels of the data the network cannot predict."""
    known, given = weights_classes.class_names(prefix), source.class_names or ()
    written = weights_classes.as_written(prefix)
    unknown = unknown_classes(given, known or given, written)
    if unknown:
        _LOG.warning(
            "%s has the classes %s, which the network does not know: it was "
            "trained on %s.",
            source.name,
            listed(unknown),
            listed(known),
        )


def _output(config, prefix):
    if config.predict_output:
        return config.predict_output
    if not config.model_dir:
        raise ValueError(
            "`predict_output` must say where the table goes if there is no "
            "--model_dir. Received: predict_output=None"
        )
    step = exports.step_of(prefix)
    return os.path.join(config.model_dir, f"{NAME}-{step}.csv")


def _check_rows(output, files, places):
    """Raises a ValueError if the table is there and is of other images.

    Those of one by an earlier version may be named by their places.
    """
    if not tf.io.gfile.exists(output) or not tf.io.gfile.stat(output).length:
        return
    written = _files_of(output)
    if written == places:
        return
    if written is None:
        before, now = None, {"rows": len(files)}
    else:
        before, now = (
            _first_difference(written, files),
            _first_difference(files, written),
        )
    result_shards.check_same(
        "predict_output", output, before, now, "predictions"
    )


def _files_of(path):
    """The files that a table of predictions names; None for another table."""
    begin = _header(1)
    try:
        with tf.io.gfile.GFile(path) as file:
            header, *rows = csv.reader(file)
            return [r[0] for r in rows] if header[:4] == begin else None
    except (ValueError, IndexError, csv.Error):
        return None


def _first_difference(files, others):
    """How many files, and the first that is not the same among others."""
    pairs = enumerate(zip(files, others, strict=False), 1)
    odd = {f"row {n}": _end_of(a) for n, (a, b) in pairs if a != b}
    return {"rows": len(files), **dict(list(odd.items())[:1])}


def _end_of(file):
    """The end of a path, which tells files apart."""
    return file if len(file) < 48 else f"...{file[-48:]}"


def _shards(config, output, classifier, source, places, temperature):
    """`Shards` of best classes and their probabilities."""
    count = min(config.predict_top_k, classifier.output_shape[-1])
    contents = sweep.contents(config, source, classifier, places)
    contents |= sweep.settings(classifier)
    contents["top_k"] = count
    if temperature != 1.0:
        contents["temperature"] = temperature
    directory = f"{output}{result_shards.PARTS}"
    return result_shards.Shards(directory, NAME, SHARD_SIZE, contents)


def _fill(config, shards, classifier, source, temperature):
    """Makes the shards that are missing."""

    def function(images):
        logits = tf.cast(classifier(images, training=False), tf.float32)
        _, indices = tf.math.top_k(logits, shards.contents["top_k"])
        shares = tf.nn.softmax(logits / temperature)
        return indices, tf.gather(shares, indices, batch_dims=1)

    def write(path, numbers, arrays):
        indices, values = arrays
        embedding_files.write_arrays(
            path, numbers=numbers, classes=indices, scores=values
        )

    size = classifier.image_size
    sweep.run_shards(config, shards, function, source, size, write)


def _table(path, shards, source, files, names):
    """Writes the rows of all shards, in the order of the examples."""
    with tf.io.gfile.GFile(path, "w") as file:
        writer = csv.writer(file, lineterminator="\n")
        header = _header(shards.contents["top_k"])
        writer.writerow(header)
        for number in range(len(shards)):
            best = _best(shards.path(number))
            for index in range(*shards.bounds(number)):
                row = [files[index], source.class_of(index)]
                for place, score in best.get(index, ()):
                    row += [names[place], f"{score:.6g}"]
                writer.writerow(row + [""] * (len(header) - len(row)))


def _best(path):
    """{number of an example: its (class, probability) from the best on}."""
    arrays = embedding_files.read_arrays(path)
    return {
        number: list(zip(classes, scores, strict=True))
        for number, classes, scores in zip(
            arrays["numbers"], arrays["classes"], arrays["scores"], strict=True
        )
    }


def _header(count):
    places = range(1, count + 1)
    best = [[f"class_{place}", f"probability_{place}"] for place in places]
    return ["file", "label", *sum(best, [])]
