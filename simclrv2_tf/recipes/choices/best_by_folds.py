"""Which checkpoint is best, by labels that runs of their own did not see.

With few labels none can be spared for an evaluation split. So each part of
them is left out of a run in turn, which evaluates its checkpoints on that
part; the run on all labels then takes the mean of these for its own.
"""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference.evaluation.validation import Validation
from simclrv2_tf.models.network import Network
from simclrv2_tf.recipes import folds
from simclrv2_tf.recipes.choices.label_parts import divided
from simclrv2_tf.recipes.choices.label_parts import on_a_part
from simclrv2_tf.recipes.record import FOLDS
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import journal
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs.callbacks.evaluations import USUAL_METRIC
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.plan import make_plan
from simclrv2_tf.runs.train import train

# Options that are fitted to a part, whatever was given for all labels.
_COMPUTED = {"train_batch_size", "learning_rate", "warmup_epochs"}


class FoldMeans:
    """An `Evaluation` that knows what each step comes to.

    Args:
      metrics: {step: {name of a metric: number}}.
    """

    def __init__(self, metrics: dict[int, dict[str, float]]):
        self._metrics = metrics

    def __call__(self, network: Network, classes: dict, step: int) -> dict:
        """What the step came to in other runs, whatever the network.

        Of a step that one of them has not evaluated, the last one before.
        """
        if step in self._metrics:
            return self._metrics[step]
        before = [known for known in self._metrics if known < step]
        return self._metrics[max(before, default=min(self._metrics))]


def evaluation(
    config: Config,
    source: Source | None = None,
    interruption: Interruption | None = None,
) -> FoldMeans:
    """Fine-tunes once for each part of the labels, in `model_dir/folds`.

    Runs that have ended are not done again, and one that was killed goes on.

    Args:
      config: The `Config` of the run on all labels, with `best_folds`.
      source: A `Source` to train on, in place of the config's.
      interruption: An `Interruption` that has begun; None for none.

    Raises:
      ValueError: If a class has fewer labels than there are parts, or runs
        that are there are evaluated at other steps or of other parts.
    """
    source = source or inputs.open_source(config)
    labelled = source.subset(inputs.labelled_examples(config, source))
    replicas = devices.num_replicas(config)
    folds.check(config, labelled.labels)
    folds.check_parts(config, labelled.num_examples, replicas)
    _check_interval(config, labelled)
    _check_parts_begun(config, labelled)
    evaluations = []
    for number, (known, left_out) in enumerate(
        divided(labelled, config.best_folds)
    ):
        print(f"\n== {FOLDS}/{number} ==", flush=True)
        fold = _config_of(config, number, labelled, known)
        train(fold, known, interruption, evaluate=Validation(fold, left_out))
        evaluations.append(_evaluations(fold.model_dir))
    return FoldMeans(mean_metrics(evaluations))


def _check_parts_begun(config, labelled):
    """Raises a ValueError if parts have begun of another division."""
    plan = make_plan(config, labelled.num_examples)
    done = max(run_directory.steps(config.model_dir), default=0)
    if done >= plan.train_steps:
        return  # nothing is trained
    for number, (known, _) in enumerate(divided(labelled, config.best_folds)):
        directory = _directory(config, number)
        recorded_data.check_part(directory, known.num_examples)


def _check_interval(config, labelled):
    """Raises a ValueError if parts have begun with checkpoints elsewhere."""
    plan = make_plan(config, labelled.num_examples)
    done = max(run_directory.steps(config.model_dir), default=0)
    if max(done, plan.checkpoint_steps) >= plan.train_steps:
        return  # nothing is trained, or evaluated at the end alone
    for number in range(config.best_folds):
        directory = _directory(config, number)
        before = model_dir.read_flags(directory)
        every = before.get("checkpoint_steps") or plan.checkpoint_steps
        if plan.checkpoint_steps % every:
            flag = _interval_flag(config, labelled, before)
            raise ValueError(
                f"The run in {directory!r} is evaluated every {every:,} steps, "
                "and the run on all labels must be at the same ones. "
                f"Received: checkpoints every {plan.checkpoint_steps:,} steps; "
                f"give {flag}, or another --model_dir."
            )


def _interval_flag(config, labelled, before):
    """The flag with which the run on all labels has a part's steps."""
    epochs, every = before["checkpoint_epochs"], before["checkpoint_steps"]
    by_epochs = dataclasses.replace(
        config, checkpoint_epochs=epochs, checkpoint_steps=0
    )
    plan = make_plan(by_epochs, labelled.num_examples)
    if plan.checkpoint_steps == every:
        return f"--checkpoint_epochs={epochs}"
    return f"--checkpoint_steps={every}"


def _directory(config, number):
    return os.path.join(config.model_dir, FOLDS, str(number))


def _config_of(config, number, labelled, known):
    """The same run on a part of the labels: its steps are those of all."""
    plan = make_plan(config, labelled.num_examples)
    fold = on_a_part(
        config,
        known,
        model_dir=_directory(config, number),
        train_steps=plan.train_steps,
        checkpoint_steps=plan.checkpoint_steps,
        export_best=config.export_best or USUAL_METRIC,
        keep_checkpoint_max=1,
    )
    warmup = _epochs(plan.warmup_steps, fold.train_batch_size, known)
    return dataclasses.replace(
        fold, warmup_epochs=warmup, given=fold.given - _COMPUTED
    )


def _epochs(steps, batch, source):
    """What is rounded down to so many steps."""
    return (steps + 0.5) * batch / source.num_examples if steps else 0.0


def _evaluations(directory):
    """{step: metrics} of a run's journal, the newest of each step."""
    return {
        event["step"]: event["metrics"]
        for event in journal.read(directory, whole=True)
        if event["event"] == "evaluation"
    }


def mean_metrics(
    evaluations: list[dict[int, dict[str, float]]],
) -> dict[int, dict[str, float]]:
    """The mean of each metric over runs, for the steps that all have.

    Args:
      evaluations: {step: {name of a metric: number}} of each run.
    """
    steps = set.intersection(*(set(run) for run in evaluations))
    return {
        step: {
            name: float(np.mean([run[step][name] for run in evaluations]))
            for name in evaluations[0][step]
        }
        for step in sorted(steps)
    }
