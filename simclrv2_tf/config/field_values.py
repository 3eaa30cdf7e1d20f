"""What each field may hold: its type, its choices, its range."""

import dataclasses
import math
import numbers
import os
from typing import Any

from simclrv2_tf.config import stage_overrides
from simclrv2_tf.config.home_paths import from_home
from simclrv2_tf.config.option import MODEL

# The type of a field: what is taken for it, and its words.
_TYPES = {
    bool: (bool, "True or False"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a finite number"),
    str: ((str, os.PathLike), "text"),
}


def settle_types(config: Any) -> None:
    """Converts each field to its type; Python callers may give another one."""
    if isinstance(config.stage_options, dict):
        text = stage_overrides.write(_of_stages(config))
        object.__setattr__(config, "stage_options", text)
    for field in dataclasses.fields(config):
        value = _settled(field, getattr(config, field.name))
        value = from_home(field.name, value)
        object.__setattr__(config, field.name, value)
    width = config.width_multiplier
    if width.is_integer():  # users write 2, and 2 is in the names of networks
        object.__setattr__(config, "width_multiplier", int(width))


def _of_stages(config):
    """Options of single stages as text can tell them; None is the default."""
    fields = {field.name: field for field in dataclasses.fields(config)}
    return {
        stage: {
            name: _telling(fields[name], value, f"{stage}.{name}")
            if name in fields
            else value
            for name, value in options.items()
            if value is not None
        }
        for stage, options in config.stage_options.items()
    }


def _telling(field, value, name):
    """A value whose text is read as that value."""
    if isinstance(value, (str, int, float, os.PathLike)):
        return value
    return _settled(field, value, name)


def _settled(field, value, name=""):
    name = name or field.name
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
            f"`{name}` must be {words}{_for_all_stages(field, name)}. "
            f"Received: {name}={value!r}"
        )
    return os.fspath(value) if kind is str else kind(value)


def _for_all_stages(field, name):
    """A clause: which option takes a keras.Model for all stages; or ""."""
    if name == field.name or field.metadata["also"] is not MODEL:
        return ""
    return f"; a keras.Model is given for the whole job, as {field.name}="


def as_flag(name: str, value: Any) -> str:
    """An option as a command takes it, "" for None, which no flag says."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={value}"


def check_choices(config: Any) -> None:
    """Checks that each option is one of its choices.

    Raises:
      ValueError: If one is not.
    """
    _each(config, _check_choice)


def check_ranges(config: Any) -> None:
    """Checks that each option is in its range.

    Raises:
      ValueError: If one is not.
    """
    _each(config, _check_range)


def _each(config, check):
    for field in dataclasses.fields(config):
        check(field, getattr(config, field.name), field.name)


def check_stages(config: Any) -> None:
    """Checks the options of single stages like the same options of a run."""
    fields = {field.name: field for field in dataclasses.fields(config)}
    own = stage_overrides.read(config.stage_options, config)
    for stage, options in own.items():
        for option, value in options.items():
            name, field = f"{stage}.{option}", fields[option]
            _settled(field, value, name)
            _check_choice(field, value, name)
            _check_range(field, value, name)


def _check_choice(field, value, name):
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise ValueError(
            f"`{name}` must be one of {list(choices)}. "
            f"Received: {name}={value!r}"
        )


def _check_range(field, value, name):
    allowed = field.metadata["range"]
    if allowed and not allowed.holds(value):
        raise ValueError(
            f"`{name}` must be {allowed.words}. Received: {name}={value}"
        )
