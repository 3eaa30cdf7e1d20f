"""How many steps a stage takes, and how often it saves and tells."""

from __future__ import annotations

from simclrv2_tf import optimizers
from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes.budget.stage_costs import CHECKPOINT
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.facts import Facts

# The paper's.
MOST_EPOCHS = {"pretrain": network_sizes.MOST_EPOCHS, "distill": 400}
MANY_LABELS = 100  # of a class on average
WARMUP = 0.05  # of the steps, the paper's
LEAST_CHECKPOINTS = 4  # where nobody knows how long a step takes
PAPER = "SimCLRv2, Chen et al. 2020"
MEASURED = "measured on this machine"


def choose_steps(
    recipe: Recipe, facts: Facts, costs: Costs, stage: str, steps: int
) -> None:
    """Chooses a stage's steps, its warm-up and its pace, and reckons its time.

    Args:
      recipe: A `Recipe`, to which they are added; what the user gave wins.
      facts: `Facts`.
      costs: `Costs`.
      stage: Name of the stage.
      steps: As many as there is time for.
    """
    batch = recipe.options(stage)["train_batch_size"]
    examples = facts.examples_of(stage)
    steps = _allowed(recipe, stage, steps, examples)
    epochs, each = steps * batch / examples, costs.step[stage]
    recipe.seconds[stage] = steps * costs.of_step(stage) + costs.of_runs(stage)
    if "train_epochs" not in recipe.given.get(stage, {}):
        plural = "" if f"{epochs:.0f}" == "1" else "s"
        why = f"{epochs:.0f} epoch{plural}, {each:.3f} s each step"
        recipe.choose(stage, "train_steps", steps, why, MEASURED)
    if stage in MOST_EPOCHS:
        warmup, why = round(WARMUP * epochs, 2), f"{WARMUP:.0%} of the steps"
        recipe.choose(stage, "warmup_epochs", warmup, why, PAPER)
    choose_pace(recipe, stage, steps, each if costs.measured else None)


def _allowed(recipe, stage, steps, examples):
    """Steps that the user gave, or else no more than are worth it."""
    options = recipe.options(stage)
    if stage in MOST_EPOCHS:
        most = MOST_EPOCHS[stage] * examples // options["train_batch_size"]
        steps = min(steps, most)
    return max(1, steps_given(options, examples) or steps)


def steps_given(options: dict, examples: int) -> int:
    """Steps that a stage's options say, 0 where they say none.

    Args:
      options: Of the stage, as `Recipe.options` has them.
      examples: Images that it goes through.
    """
    epochs = options.get("train_epochs") or 0
    in_epochs = epochs * examples // options["train_batch_size"]
    return options.get("train_steps") or in_epochs


def least_steps(options: dict, examples: int) -> int:
    """Steps of the shortest training that is longer than its warm-up.

    Args:
      options: Of the stage, as `Recipe.options` has them.
      examples: Images that it goes through.
    """
    batch, epochs = options["train_batch_size"], options.get("warmup_epochs", 0)
    return 1 + optimizers.warmup_steps(examples, batch, epochs)


def label_steps(facts: Facts, options: dict, stage: str) -> int:
    """Steps on the labels: 60 epochs for few, 30 for many.

    So the paper fine-tunes. The fewest labels make 100 steps of fine-tuning at
    a low rate, and 200 from scratch, which starts from nothing. At no rate
    there is nothing to do.
    """
    if not options["learning_rate"]:
        return 1
    epochs = 60 if facts.per_class < MANY_LABELS else 30
    least = 100 if stage == "finetune" else 200
    return max(least, epochs * facts.labelled // options["train_batch_size"])


def choose_pace(
    recipe: Recipe, stage: str, steps: int, each: float | None
) -> None:
    """Chooses how often a stage saves and tells.

    Args:
      recipe: A `Recipe`, to which it is added.
      stage: Name of the stage.
      steps: That it takes.
      each: Seconds of a step, None if not known.
    """
    if each is None:
        every = max(1, int(steps / LEAST_CHECKPOINTS))
        why, source = "how long a step takes is not known", "-"
    else:
        every = max(1, min(int(steps), round(CHECKPOINT / each)))
        why, source = f"a kill costs {duration(CHECKPOINT)} at most", MEASURED
    recipe.choose(stage, "checkpoint_steps", every, why, source)
    shown = max(1, min(100, steps // 10))
    recipe.choose(stage, "train_summary_steps", shown, "ten lines", "-")
    recipe.choose(stage, "keep_checkpoint_max", 2, "the last ones", "-")


def take_share(
    recipe: Recipe, stage: str, share: float, why: str, examples: int
) -> None:
    """Has a stage take a share of the steps that were planned.

    It takes more than its warm-up, which may be given.

    Args:
      recipe: A `Recipe` that is planned; what the user gave stays.
      stage: Name of the stage.
      share: Above 0.
      why: In words.
      examples: Images that the stage goes through.
    """
    options, given = recipe.options(stage), recipe.given.get(stage, {})
    warmup = {"warmup_epochs": round(share * options["warmup_epochs"], 2)}
    least = least_steps({**options, **warmup, **given}, examples)
    steps = max(least, round(share * options["train_steps"]))
    every = min(steps, options.get("checkpoint_steps", steps))
    changes = {"train_steps": steps, **warmup, "checkpoint_steps": every}
    for option, value in changes.items():
        recipe.choose(stage, option, value, why, MEASURED)
