"""One line of the table of rules, see `recommend`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from simclrv2_tf.recipes.rules.facts import Facts


class Rule(NamedTuple):
    """What a rule chooses, for which stages, and why.

    Attributes:
      stages: The stages that it is for.
      option: The option that it chooses.
      value: Function of the `Facts` to the value, or the value.
      why: In words, with the facts' names in braces, or a function of the
        `Facts` to them.
      source: Paper, published recipe or measurement.
    """

    stages: tuple[str, ...]
    option: str
    value: Callable[[Facts], Any] | Any
    why: str | Callable[[Facts], str]
    source: str

    def chosen(self, facts: Facts) -> Any:
        """The value for these facts."""
        return self.value(facts) if callable(self.value) else self.value

    def reason(self, facts: Facts) -> str:
        """Why it has that value, in words."""
        if callable(self.why):
            return self.why(facts)
        return self.why.format(**vars(facts), per_class=facts.per_class)
