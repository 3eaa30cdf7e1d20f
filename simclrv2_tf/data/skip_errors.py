"""Reads the examples of a batch side by side, and finds which cannot be read.

TensorFlow has no way to catch an error within a graph but one: a data set
that leaves out the elements that failed. So the rows of each batch are a small
data set of their own, numbered, and blank rows take the place at its end of
those that are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Numbers of the rows that could be read come first; blank rows have this.
MISSING = -1


def load_rows(
    load: Callable,
    rows: Any,
    count: int | tf.Tensor,
    parallel: int | None = None,
) -> tuple[tf.Tensor, Any]:
    """Applies a function that may fail to each row.

    Args:
      load: Function from one row to a structure of tensors, all of whose
        shapes are known where `count` is a number.
      rows: Structure of tensors (count, …).
      count: Rows: int, or int scalar tensor.
      parallel: Rows that are worked on at once; None for one.

    Returns:
      Numbers int64 (count,) of the rows that could be read, in order, then
      `MISSING`; and what `load` gave for these, (count, …), then zeros.
    """
    numbered = tf.data.Dataset.from_tensor_slices(rows).enumerate()
    loaded = numbered.map(
        lambda number, row: (number, load(row)), num_parallel_calls=parallel
    )
    blank = tf.nest.map_structure(_blank, loaded.element_spec[1])
    missing = tf.constant(MISSING, tf.int64)
    blanks = tf.data.Dataset.from_tensors((missing, blank)).repeat()
    whole = loaded.ignore_errors().concatenate(blanks)
    count = tf.cast(count, tf.int64)
    return whole.batch(count, drop_remainder=True).take(1).get_single_element()


def _blank(spec):
    return tf.zeros(spec.shape, spec.dtype)


def missing_rows(numbers: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """The rows that are not among those read, int64 (missing,)."""
    read = numbers[numbers != MISSING]
    mask = tf.scatter_nd(read[:, None], tf.ones_like(read), [count])
    return tf.where(mask == 0)[:, 0]


def load_or_replace(
    load: Callable,
    rows: tuple[tf.Tensor, Any],
    count: int,
    substitute: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    report: Callable[[tf.Tensor, tf.Tensor], Any],
    parallel: int | None = None,
) -> tuple[tf.Tensor, Any]:
    """`load_rows`, with another example in the place of each unreadable one.

    Args:
      load: Function (example number, draws) to a structure of tensors.
      rows: Example numbers int64 (count,), and a structure of tensors
        (count, …), the draws.
      count: Rows, int.
      substitute: Function (row number, attempt) to the number of another
        example, which is tried next.
      report: Function (example number, whether it could be read).
      parallel: Rows that are worked on at once; None for one.

    Returns:
      The example numbers in the end, int64 (count,), and what `load` gave.
    """
    numbers, loaded = load_rows(lambda row: load(*row), rows, count, parallel)

    def replaced():
        def other(row, blank):
            return _first_readable(load, rows, row, blank, substitute, report)

        return _with_replacements(rows[0], numbers, loaded, other)

    complete = tf.reduce_all(numbers != MISSING)
    return tf.cond(complete, lambda: (rows[0], loaded), replaced)


def _with_replacements(examples, numbers, loaded, other):
    """All rows in their order, those that could not be read replaced.

    Args:
      examples: Example numbers int64 (count,).
      numbers: The rows that could be read, as `load_rows` gives them.
      loaded: What it gave for these, (count, …).
      other: Function (row number, blank row) to an example's number and what
        stands in for the row.
    """
    count = examples.shape[0]
    read, missing = numbers[numbers != MISSING], missing_rows(numbers, count)
    blank = tf.nest.map_structure(lambda x: tf.zeros_like(x[0]), loaded)
    others = tf.map_fn(
        lambda row: other(row, blank),
        missing,
        fn_output_signature=tf.nest.map_structure(
            lambda x: tf.TensorSpec(x.shape[1:], x.dtype), (examples, loaded)
        ),
    )
    kept = (tf.gather(examples, read), loaded)
    back = tf.argsort(tf.concat([read, missing], axis=0))
    return tf.nest.map_structure(
        lambda old, new: tf.ensure_shape(
            tf.gather(tf.concat([old[: tf.size(read)], new], 0), back),
            [count, *old.shape[1:]],
        ),
        kept,
        others,
    )


def _first_readable(load, rows, row, blank, substitute, report):
    """An example's number and what `load` gives, for a row that failed.

    The row's own example comes first once more: where reading fails now and
    then, batches stay what they are.
    """
    draws = tf.nest.map_structure(lambda x: x[row], rows[1])

    def attempt(_, tries, example, __):
        numbers, loaded = load_rows(
            lambda single: load(single, draws), example[None], 1
        )
        read = numbers[0] != MISSING
        with tf.control_dependencies([report(example, read)]):
            following = substitute(row, tries)
        loaded = tf.nest.map_structure(lambda x: x[0], loaded)
        return read, tries + 1, tf.where(read, example, following), loaded

    state = (tf.constant(False), tf.constant(0), rows[0][row], blank)
    _, _, example, loaded = tf.while_loop(
        lambda read, *_: ~read, attempt, state
    )
    return example, loaded
