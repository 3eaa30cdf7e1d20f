"""The values in the options of probes, which are lists with commas."""

import math
from typing import Any
from typing import NamedTuple

FULL = "full"  # all labels


class Count(NamedTuple):
    """How many labels are drawn.

    Attributes:
      text: As it was given.
      fraction: Share of each class, 1 for all or where `per_class` says.
      per_class: Labels of each class, 0 for the share.
    """

    text: str
    fraction: float = 1.0
    per_class: int = 0

    @property
    def is_full(self) -> bool:
        """Whether these are all labels."""
        return self.fraction == 1 and not self.per_class


def words(name: str, config: Any) -> list[str]:
    """The parts of an option with commas, each once.

    Raises:
      ValueError: If there are none, or an empty one.
    """
    text = getattr(config, name)
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ValueError(
            f"`{name}` must name something between its commas. Received: "
            f"{name}={text!r}"
        )
    return list(dict.fromkeys(parts))


def label_counts(config: Any) -> list[Count]:
    """The counts that `label_counts` names; all labels if it is not given."""
    if config.label_counts is None:
        return [Count(FULL)]
    return [_count(w, config) for w in words("label_counts", config)]


def _count(word, config):
    if word == FULL:
        return Count(word)
    value = _number(word)
    if value >= 1 and value.is_integer() and word.isdecimal():
        return Count(word, per_class=int(value))
    if 0 < value < 1:
        return Count(word, fraction=value)
    raise ValueError(
        "`label_counts` must be whole numbers of labels a class, shares in "
        f"(0, 1), or full. Received: {word!r} in label_counts="
        f"{config.label_counts!r}"
    )


def neighbours(config: Any) -> list[int] | None:
    """The values of k in `probe_k`; None if it is not given."""
    if config.probe_k is None:
        return None
    numbers = words("probe_k", config)
    for word in numbers:
        if not word.isdecimal() or int(word) < 1:
            raise ValueError(
                "`probe_k` must be whole numbers above 0. Received: "
                f"{word!r} in probe_k={config.probe_k!r}"
            )
    return [int(word) for word in numbers]


def temperatures(config: Any) -> list[float]:
    """The temperatures in `probe_temperatures`."""
    values = [_number(word) for word in words("probe_temperatures", config)]
    if not all(value > 0 for value in values):
        raise ValueError(
            "`probe_temperatures` must be numbers above 0. Received: "
            f"probe_temperatures={config.probe_temperatures!r}"
        )
    return values


def _number(word):
    """A finite number, nan for another word."""
    try:
        value = float(word)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def check_probes(config: Any) -> None:
    """Raises a ValueError unless the options of probes can be read."""
    words("probe_endpoint", config)
    if config.compare is not None:
        words("compare", config)
    label_counts(config)
    neighbours(config)
    temperatures(config)
