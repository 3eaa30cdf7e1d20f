"""A recipe: the options of each stage, and a reason for each number."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.config import stage_overrides

STAGES = stage_overrides.STAGES
OF_RESNETS = ("resnet_depth", "width_multiplier")  # void with a Keras backbone
_RATE = "learning_rate"
_FAILED = "starts of pretraining that failed"


# Not chosen where the other is given, which it would win over.
_WINS_OVER = {"checkpoint_steps": "checkpoint_epochs"}


def is_void(option: str, given: dict[str, Any]) -> bool:
    """Whether an option means nothing beside what was given for its stage."""
    return option in OF_RESNETS and bool(given.get("backbone"))


def halvings(attempts: Iterable[dict[str, Any]]) -> list[str]:
    """Sentences about starts of pretraining that failed.

    Args:
      attempts: {"rate", "why"} of each, as a job's record has them.
    """
    return [
        f"pretraining began again at learning rate {attempt['rate'] / 2:g}, "
        f"half of {attempt['rate']:g}: {attempt['why']}"
        for attempt in attempts
    ]


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why a stage has an option.

    Attributes:
      stage: Name of the stage.
      option: Name of the option.
      value: What was chosen.
      why: In words.
      source: Paper, published recipe or measurement.
    """

    stage: str
    option: str
    value: Any
    why: str
    source: str


@dataclasses.dataclass
class Recipe:
    """What was chosen, in the order in which it was.

    Attributes:
      given: {stage: {option: value}} of the user, which win.
      reasons: `Reason`s, one for each option of a stage.
      seconds: {part of the job: seconds that it is planned to take}.
      notes: Sentences about the job as a whole.
      left_out: Stages that the job does without.
      pilot_runs: How many short runs try an augmentation.
      trials: Whether short runs try how to fine-tune.
      from_labels_alone: Whether the teacher starts from nothing.
      self_distillation: Whether the student starts as its teacher.
      memory: Bytes that the job is expected to come to, 0 if not known.
      memory_before: Of these, what its process had before it began.
    """

    given: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    reasons: list[Reason] = dataclasses.field(default_factory=list)
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)
    pilot_runs: int = 0
    trials: bool = False
    from_labels_alone: bool = False
    self_distillation: bool = False
    memory: float = 0.0
    memory_before: float = 0.0

    def choose(
        self, stage: str, option: str, value: Any, why: str, source: str
    ) -> None:
        """Chooses an option of a stage, unless the user has given it.

        Nor is one chosen by which another that was given would be ignored.
        """
        given = self.given.get(stage, {})
        if option in given or _WINS_OVER.get(option) in given:
            return
        self.reasons = [
            reason
            for reason in self.reasons
            if (reason.stage, reason.option) != (stage, option)
        ]
        self.reasons.append(Reason(stage, option, value, why, source))

    def give(self, given: dict[str, dict[str, Any]]) -> None:
        """Takes the user's options in the place of those chosen."""
        self.given = given
        self.reasons = [
            reason
            for reason in self.reasons
            if reason.option not in given.get(reason.stage, {})
        ]

    def effective(self, stage: str) -> Iterator[Reason]:
        """The reasons of a stage that say something of it."""
        given = self.given.get(stage, {})
        return (r for r in self.of(stage) if not is_void(r.option, given))

    def of(self, stage: str) -> Iterator[Reason]:
        """The reasons of a stage."""
        return (reason for reason in self.reasons if reason.stage == stage)

    def options(self, stage: str) -> dict[str, Any]:
        """{option: value} of a stage, with what the user gave."""
        chosen = {reason.option: reason.value for reason in self.of(stage)}
        return {**chosen, **self.given.get(stage, {})}

    def halved(self, attempts: Sequence[dict[str, Any]]) -> Recipe:
        """A copy with the learning rate that pretraining came down to.

        It is told in the place of one that was given. A job goes on with
        the recipe itself, whose rate is halved as it pretrains.

        Args:
          attempts: See `halvings`; without any it is the same recipe.
        """
        if not attempts:
            return dataclasses.replace(self)
        given = dict(self.given.get("pretrain", {}))
        given.pop(_RATE, None)
        copy = dataclasses.replace(
            self, given={**self.given, "pretrain": given}
        )
        rate = attempts[-1]["rate"]
        why = f"half of {rate:g}, at which pretraining did not learn"
        copy.choose("pretrain", _RATE, rate / 2, why, _FAILED)
        return copy

    def to_json(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> Recipe:
        try:
            reasons = [Reason(**reason) for reason in values["reasons"]]
            return cls(**{**values, "reasons": reasons})
        except (KeyError, TypeError) as error:
            raise ValueError(
                "A job's recipe must be one that this version of simclrv2_tf "
                f"reads. Received: one of which it says: {error}; go on with "
                "the version that began the job, or give another --model_dir."
            ) from None
