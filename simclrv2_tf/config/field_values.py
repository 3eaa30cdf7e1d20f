"""What each field may hold: its type, its choices, its range."""

import dataclasses
import math
import numbers
import os
from typing import Any

from simclrv2_tf.config import stage_options

# The type of a field: what is taken for it, and its words.
_TYPES = {
    bool: (bool, "True or False"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a finite number"),
    str: ((str, os.PathLike), "text"),
}


def settle_types(config: Any) -> None:
    """Gives every field its type: flags have theirs, Python callers may not."""
    if isinstance(config.stage_options, dict):
        text = stage_options.write(config.stage_options)
        object.__setattr__(config, "stage_options", text)
    for field in dataclasses.fields(config):
        value = _settled(field, getattr(config, field.name))
        object.__setattr__(config, field.name, value)
    width = config.width_multiplier
    if width.is_integer():  # users write 2, and 2 is in the names of networks
        object.__setattr__(config, "width_multiplier", int(width))


def _settled(field, value):
    if value is None and field.default is None:
        return None
    kind, also = field.metadata["kind"], field.metadata["also"]
    if also and isinstance(value, also.taken) and not isinstance(value, bool):
        value = also.converted(value)
    taken, words = _TYPES[kind]
    fits = isinstance(value, taken) and isinstance(value, bool) == (
        kind is bool
    )
    if not fits or (kind is float and not math.isfinite(value)):
        raise ValueError(
            f"`{field.name}` must be {words}. Received: {field.name}={value!r}"
        )
    return os.fspath(value) if kind is str else kind(value)


def check_choices(config):
    for field in dataclasses.fields(config):
        choices = field.metadata["choices"]
        value = getattr(config, field.name)
        if choices and value not in choices:
            raise ValueError(
                f"`{field.name}` must be one of {list(choices)}. "
                f"Received: {field.name}={value!r}"
            )


def check_ranges(config):
    for field in dataclasses.fields(config):
        allowed = field.metadata["range"]
        value = getattr(config, field.name)
        if allowed and not allowed.holds(value):
            raise ValueError(
                f"`{field.name}` must be {allowed.words}. "
                f"Received: {field.name}={value}"
            )
