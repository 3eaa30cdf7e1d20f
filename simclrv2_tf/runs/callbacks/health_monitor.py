"""The health line: how the network sees a few images that stay the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.not_compiled import not_compiled
from simclrv2_tf.runs.callbacks.every_step import EveryFew
from simclrv2_tf.runs.callbacks.learning_trend import LearningTrend
from simclrv2_tf.runs.callbacks.loggers import Loggers
from simclrv2_tf.runs.callbacks.report import Report
from simclrv2_tf.runs.callbacks.scalars import VIEWS
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.monitoring import health
from simclrv2_tf.stages.stage import Stage

SHOWN = 8  # images whose views go to TensorBoard
_LOG = logging.getLogger("simclrv2_tf")
_GROUPS = tuple(f"block_group{i}" for i in (1, 2, 3, 4))


class HealthMonitor(EveryFew):
    """Logs the health line and its warnings, each warning once until it ends.

    The line follows one of metrics, so there is one where that was printed.

    Args:
      every: Steps from one line to the next.
      last_step: The last step of training.
      probe: One element of the training set, see `Probe`.
      report: The `Report` of the same steps, which comes first.
      scalars: A `Loggers`.
      journal: A `Journal`.
      settled: Steps of the beginning, see `health.HealthChecks`.
      trend: A `LearningTrend` in pretraining, else None.
    """

    def __init__(
        self,
        every: int,
        last_step: int,
        probe: Probe,
        report: Report,
        scalars: Loggers,
        journal: Journal,
        settled: int,
        trend: LearningTrend | None = None,
    ):
        super().__init__(every, last_step)
        self.probe = probe
        self.report = report
        self.scalars = scalars
        self.journal = journal
        self.checks = health.HealthChecks(settled)
        self.trend = trend
        self._current: set[str] = set()  # kinds of warnings that go on
        self._skipped = 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        self._skipped = int(self.model.nonfinite.skipped.numpy())
        if self.trend:
            self.trend.begin(self.step, self.model)
        self.scalars.write(
            lambda: tf.summary.image(
                VIEWS, self.probe.pictures(self.model, SHOWN), max_outputs=1
            ),
            self.step,
        )

    def act(self, step: int, logs: dict | None) -> None:
        if self.trend:
            count = (step - 1) % self.every + 1  # since the last report
            self.trend.step(step, logs, count)
        super().act(step, logs)

    def act_now(self, step: int, logs: dict | None) -> None:
        numbers = {**self._of_steps(), **self.probe.numbers(self.model)}
        warnings = self.checks.warnings(step, numbers)
        if self.report.printed:
            _LOG.info("health  %s", _line(numbers))
        for warning in warnings:
            if warning.kind not in self._current:
                _LOG.warning("step %d: %s", step, warning.sentence)
        self._current = {warning.kind for warning in warnings}
        self.scalars(step, {f"health/{n}": v for n, v in numbers.items()})
        self.journal.note(
            "health",
            step=step,
            numbers=numbers,
            warnings=[warning.sentence for warning in warnings],
        )

    def _of_steps(self):
        """What the steps since the last report tell."""
        nonfinite = self.model.nonfinite
        skipped = int(nonfinite.skipped.numpy())
        numbers = {
            "gradient_norm": float(nonfinite.norm.numpy()),
            "largest_gradient_norm": float(nonfinite.largest.numpy()),
            "skipped_since": skipped - self._skipped,
        }
        nonfinite.restart()
        self._skipped = skipped
        if self.trend:
            numbers |= self.trend.numbers(self.model, self.report.last)
        return numbers


class Probe:
    """A few training images, and what a network makes of them.

    Everything runs without compiling, as it is done once in many steps, and
    without training: nothing of the run is changed by being watched.

    Args:
      views: float (batch, height, width, channels) in [0, 1], one for each
        view, before augmentation on the device.
    """

    def __init__(self, views: Sequence[tf.Tensor]):
        self.views = [tf.convert_to_tensor(view) for view in views]

    def numbers(self, stage: Stage) -> dict[str, float]:
        """Alignment, uniformity, effective rank and inactive channels.

        The last of a ResNet alone.

        {"not_finite": 1} where an answer holds NaN or infinity.
        """
        outputs = [self._embed(stage, i) for i in range(len(self.views))]
        arrays = [array for output in outputs for array in output.values()]
        if not all(np.isfinite(array).all() for array in arrays):
            return {"not_finite": 1}
        first = outputs[0]
        features = first["final_avg_pool"]
        numbers = {
            "effective_rank": health.effective_rank(features),
            "most_rank": min(features.shape[0] - 1, features.shape[1]),
        }
        if highest := [first[g] for g in _GROUPS if g in first]:
            numbers["dead_channels"] = health.inactive_share(highest)
        if len(outputs) > 1:
            both = [output["proj_head_output"] for output in outputs]
            numbers["alignment"] = health.alignment(*both)
            numbers["uniformity"] = health.uniformity(both[0])
        return numbers

    def _embed(self, stage, view):
        with not_compiled():
            images = stage.augmented(self.views[view], view)
        outputs = stage.network(images, training=False)
        kept = {
            name: outputs[name].numpy().astype(np.float32)
            for name in ("final_avg_pool", "proj_head_output")
        }
        highest = {
            name: tf.reduce_max(outputs[name], [0, 1, 2]).numpy()
            for name in _GROUPS
            if name in outputs  # behind ReLU, which a Keras backbone may lack
        }
        return {**kept, **highest}

    def pictures(self, stage: Stage, count: int) -> tf.Tensor:
        """The views side by side, float (1, height, width, channels)."""
        with not_compiled():
            seen = [
                stage.augmented(view[:count], i)
                for i, view in enumerate(self.views)
            ]
        rows = [tf.concat(tf.unstack(view), axis=1) for view in seen]
        return tf.concat(rows, axis=0)[None, ..., :3]


def _line(numbers):
    forms = {
        "loss_share_of_chance": ("loss {} of chance", "{:.0%}"),
        "positives_found": ("positives found {}", "{:.1%}"),
        "neighbours": ("neighbours of the same class {}", "{:.0%}"),
        "alignment": ("alignment {}", "{:.3f}"),
        "uniformity": ("uniformity {}", "{:.2f}"),
        "effective_rank": ("effective rank {}", "{:.1f}"),
        "dead_channels": ("inactive channels {}", "{:.1%}"),
        "gradient_norm": ("gradient norm {}", "{:.3g}"),
        "skipped_since": ("skipped {}", "{}"),
        "not_finite": ("ANSWERS ARE NOT FINITE", ""),
    }
    return "  ".join(
        words.format(_shown(numbers, name, form))
        for name, (words, form) in forms.items()
        if name in numbers
    )


def _shown(numbers, name, form):
    """A number, and what it was at the start where that is known."""
    start = numbers.get(f"{name}_at_start")
    at_first = "" if start is None else f" (at first {form.format(start)})"
    return form.format(numbers[name]) + at_first
