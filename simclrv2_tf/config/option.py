"""One option: its default, help line, type and range in one call."""

import dataclasses
import numbers
from collections.abc import Callable
from typing import Any
from typing import NamedTuple


class Range(NamedTuple):
    """The values that an option takes.

    Attributes:
      holds: Whether a value is one of them.
      words: What is expected, for the error.
    """

    holds: Callable[[Any], bool]
    words: str


def at_least(least: float, unit: str = "") -> Range:
    """`least` and all above."""
    words = f"at least {least}" if least else f"0 or more {unit}".strip()
    return Range(lambda value: value >= least, words)


def between(least: float, most: float, words: str = "") -> Range:
    """From `least` to `most`, both included."""
    words = words or f"from {least} to {most}"
    return Range(lambda value: least <= value <= most, words)


SHARE = Range(lambda value: 0 <= value <= 1, "in [0, 1]")
BELOW_ONE = Range(lambda value: 0 <= value < 1, "in [0, 1)")
UNSET_OR_BELOW_ONE = Range(lambda v: v is None or 0 <= v < 1, "in [0, 1)")
ABOVE_ZERO = Range(lambda value: value > 0, "above 0")


class Also(NamedTuple):
    """What Python callers may give in place of an option's own type.

    Attributes:
      taken: Types of such values.
      converted: Function from such a value to one of the option's type.
      words: The type as type checkers read it.
    """

    taken: tuple[type, ...]
    converted: Callable[[Any], Any]
    words: str


NUMBERS = Also(
    (list, tuple), lambda v: ",".join(map(str, v)), "Sequence[float]"
)
# A keras.Model, which the functions of `api` put into a file first.
MODEL = Also((), str, "object")
WHOLE_NUMBERS = Also(
    (list, tuple), lambda v: ",".join(map(str, v)), "Sequence[int]"
)
WHOLE_NUMBER = Also((numbers.Integral,), str, "int")


class Resumed(NamedTuple):
    """Whether an option may change when a run goes on.

    Attributes:
      fixed: Whether it must stay as it was.
      changes_training: Whether another value makes it another run, of which
        a warning tells.
      part: Function from a value to what must stay of it.
    """

    fixed: bool = False
    changes_training: bool = False
    part: Callable[[Any], Any] = lambda value: value


def fixed(part: Callable[[Any], Any]) -> Resumed:
    """A `Resumed` for an option of which only a part must stay as it was."""
    return Resumed(fixed=True, part=part)


FREE = Resumed()
FIXED = Resumed(fixed=True)
CHANGES_TRAINING = Resumed(changes_training=True)

# What of the network an option describes: NORMALIZATION weights do not show.
BACKBONE, HEADS, NORMALIZATION = "backbone", "heads", "normalization"


def option(
    default: Any,
    help: str,
    choices: tuple | None = None,
    kind: type | None = None,
    range: Range | None = None,
    describes: str | None = None,
    resumed: Resumed = FREE,
    also: Also | None = None,
) -> Any:
    """A config field, its flag, its help line and its checks.

    Args:
      default: Its value unless given; None for "not given".
      help: One line with unit and range.
      choices: The values allowed, None for any.
      kind: Its type where the default does not tell: bool, int, float or str.
      range: The values allowed where they cannot be listed.
      describes: The part of the network that it describes, None for none.
      resumed: What a run that goes on may do with it.
      also: What Python callers may give beside its type, None for nothing.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "kind": kind or type(default),
        "range": range,
        "describes": describes,
        "resumed": resumed,
        "also": also,
    }
    return dataclasses.field(default=default, metadata=metadata)


def describing(config: Any, *parts: str) -> tuple[str, ...]:
    """Names of the options that describe parts of the network.

    Args:
      config: A config, or its class.
      *parts: `BACKBONE`, `HEADS`, `NORMALIZATION`; all of them unless given.
    """
    parts = parts or (BACKBONE, HEADS, NORMALIZATION)
    fields = dataclasses.fields(config)
    return tuple(f.name for f in fields if f.metadata["describes"] in parts)
