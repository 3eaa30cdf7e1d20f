"""The dtype policy that layers are built with, as a context."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def dtype_policy(
    policy: str | keras.dtype_policies.DTypePolicy,
) -> Iterator[None]:
    """A context in which layers are built for a policy; the former comes back.

    Args:
      policy: A policy of Keras, or its name: "float32", "mixed_bfloat16".
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
