"""The plan of a run: steps, learning rate and checkpoints on its data."""

from __future__ import annotations

import dataclasses

from simclrv2_tf import optimizers
from simclrv2_tf.config import Config
from simclrv2_tf.stages import gradient_cache


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long a run trains, how fast, and what it writes when.

    Attributes:
      examples: Images that an epoch goes through.
      batch_size: Images in a step, over all replicas.
      train_steps: Steps in all; n * epochs // batch + 1 unless given, the
        original release's count.
      warmup_steps: Steps over which the learning rate rises from 0.
      learning_rate: The highest, after scaling by the batch size.
      checkpoint_steps: Steps from one checkpoint to the next.
      replicas: Devices that share a batch.
      labelled: Examples whose labels are used; None if it is not known.
    """

    examples: int
    batch_size: int
    train_steps: int
    warmup_steps: int
    learning_rate: float
    checkpoint_steps: int
    replicas: int = 1
    labelled: int | None = None

    def lines(self) -> list[str]:
        """The plan for a person to read, a list of lines."""
        epochs = self.train_steps * self.batch_size / max(1, self.examples)
        return [
            f"examples          {self._examples()}",
            f"global batch      {self.batch_size:,}"
            f" ({self.batch_size // self.replicas:,} on each of "
            f"{self.replicas} replica{'s' if self.replicas > 1 else ''})",
            f"steps             {self.train_steps:,} ({epochs:.1f} epochs)",
            f"warm-up steps     {self.warmup_steps:,}",
            f"learning rate     {self.learning_rate:g} after scaling",
            self._checkpoints(),
        ]

    def _examples(self):
        """How many, and of how many the labels are used."""
        if self.labelled in (None, self.examples):
            return f"{self.examples:,}"
        if not self.labelled:
            return f"{self.examples:,} (none labelled)"
        return f"{self.examples:,} ({self.labelled:,} labelled)"

    def _checkpoints(self):
        if self.checkpoint_steps < self.train_steps:
            return f"checkpoint every  {self.checkpoint_steps:,} steps"
        return "checkpoint        at the end"


def make_plan(
    config: Config,
    examples: int,
    replicas: int = 1,
    labelled: int | None = None,
) -> Plan:
    """Resolves a config against the number of examples.

    Args:
      config: A `Config`.
      examples: Images in the training set.
      replicas: Devices that share a batch.
      labelled: Those of the examples whose labels are used.

    Raises:
      ValueError: If there are fewer examples than a batch, the batch does not
        divide among the replicas or into micro-batches, or the warm-up is no
        shorter than training.
    """
    batch = config.train_batch_size
    kind = "labelled images" if config.train_mode == "finetune" else "images"
    _check_size(batch, examples, kind, replicas)
    _check_shares(examples, kind, replicas)
    _check_division(batch, replicas, config.gradient_cache_microbatch)
    steps = config.train_steps or optimizers.train_steps(
        examples, batch, config.train_epochs
    )
    warmup = optimizers.warmup_steps(examples, batch, config.warmup_epochs)
    _check_warmup(warmup, steps, config.warmup_epochs)
    epoch = max(1, round(examples / batch))
    return Plan(
        examples=examples,
        batch_size=batch,
        train_steps=steps,
        warmup_steps=warmup,
        learning_rate=optimizers.scale_learning_rate(
            config.learning_rate, batch, config.learning_rate_scaling
        ),
        checkpoint_steps=config.checkpoint_steps
        or max(1, config.checkpoint_epochs * epoch),
        replicas=replicas,
        labelled=labelled,
    )


def _check_size(batch, examples, kind, replicas):
    if examples < batch:
        raise ValueError(
            f"There must be at least as many {kind} as a batch holds. "
            f"Received: {examples} {kind} for --train_batch_size={batch}; "
            f"{_smaller_batch(examples, replicas)}, or add images."
        )


def _check_shares(examples, kind, replicas):
    """No batch could give each replica an image."""
    if examples < replicas:
        raise ValueError(
            f"There must be at least as many {kind} as replicas. Received: "
            f"{examples} {kind}; {_smaller_batch(examples, replicas)}, or add "
            "images."
        )


def _check_warmup(warmup, steps, epochs):
    if warmup >= steps:
        raise ValueError(
            f"The warm-up of {warmup} steps (--warmup_epochs="
            f"{epochs:g}) must be shorter than training, which "
            f"has {steps} steps: lower --warmup_epochs or train for longer."
        )


def _smaller_batch(examples, replicas):
    """What to give where there are so few images."""
    if examples < replicas:
        return f"that is fewer than {replicas} replicas: --strategy=one_device"
    most = examples // replicas * replicas
    return f"give --train_batch_size={most} or less"


def _check_division(batch, replicas, microbatch):
    if batch % replicas:
        raise ValueError(
            f"--train_batch_size must be a multiple of the {replicas} "
            f"replicas. Received: {batch}"
        )
    if microbatch:
        gradient_cache.check(microbatch, batch // replicas)
