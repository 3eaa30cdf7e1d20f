"""Checks of batches on their way into a step that XLA compiles.

XLA leaves out what a step checks of its values: a label beyond the classes
would give NaN, and the step would be taken back in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SAMPLE = 64  # images of an array that are looked at; labels are all


class CheckedByHost(keras.Model):
    """A model whose batches are checked before XLA's step has them."""

    def elements(self, data: Any) -> tuple:
        """Images or views of a batch, and labels, as a step takes them.

        Raises:
          ValueError: If the batch is of another kind.
          InvalidArgumentError: If values are out of range; not under XLA.
        """
        raise NotImplementedError

    def fit(
        self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains as Keras does."""
        known: Any = kwargs.get("validation_data")
        if self.jit_compile:
            x = checked(self.elements, x, y)
            if _is_pair(known):  # of (x, y), as Keras takes it
                checked(self.elements, *known)
            elif known is not None:
                kwargs["validation_data"] = checked(self.elements, known)
        return super().fit(x, y, *args, **kwargs)

    def evaluate(
        self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Evaluates as Keras does."""
        of_fit = kwargs.get("_use_cached_eval_dataset")
        if self.jit_compile and not of_fit:
            x = checked(self.elements, x, y)
        return super().evaluate(x, y, *args, **kwargs)


def checked(check: Callable[[Any], tuple], x: Any, y: Any = None) -> Any:
    """The data of `fit`, with batches checked where that can be done.

    Args:
      check: Function from an element to the images, or views, and labels of a
        step, which raises an error for what is wrong with it.
      x: What Keras takes: a `tf.data.Dataset`, whose elements are checked as
        they come, or an array of images; others pass.
      y: Labels of an array of images.

    Raises:
      ValueError: If elements are of a kind that the step does not take.
      InvalidArgumentError: If values of arrays are out of range.
    """
    if isinstance(x, tf.data.Dataset):
        return _mapped(check, x)
    if isinstance(x, np.ndarray) and y is not None:
        check((x[:SAMPLE], y))
    return x


def _is_pair(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and len(x) == 2


def _mapped(check, dataset):
    @tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
    def checked_element(*parts):
        return tuple(check(parts))

    return dataset.map(checked_element, tf.data.AUTOTUNE, deterministic=True)
