"""The flags of teacher and students, on each of the data sets.

Pretraining is flags/cifar10_cpu.cfg, with the crops and flips that suit the
signs (benchmarks/recipes.md); fine-tuning is the rules of
simclrv2_tf/recipes/recommend.py for 20 labels a class.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

LABELS = 20  # of each class
CIFAR10, SIGNS = "cifar10", "signs"
# Students, by name. A network that halves its images five times gets them at
# 64 pixels, of which it takes less time than a ResNet of those of 32.
STUDENTS: dict[str, dict[str, Any]] = {
    "ResNet-18, width 0.25": {"resnet_depth": 18, "width_multiplier": 0.25},
    "ResNet-18, width 0.125": {"resnet_depth": 18, "width_multiplier": 0.125},
    "MobileNetV3Small, alpha 1.0": {
        "student": "keras:MobileNetV3Small(alpha=1.0)",
        "image_size": 64,
    },
    "MobileNetV3Small, alpha 0.75": {
        "student": "keras:MobileNetV3Small(alpha=0.75)",
        "image_size": 64,
    },
}
TEACHER: dict[str, Any] = {
    "resnet_depth": 18,
    "width_multiplier": 0.5,
    "num_proj_layers": 3,
}
PRETRAIN_STEPS = {CIFAR10: 1500, SIGNS: 500}  # 38 and 78 epochs
FINETUNE_STEPS, BATCH = 100, 128
STEP_FILE, MEASURED_STEPS = "step.json", 20  # of `step_seconds`
RATES = (0.05, 0.2, 0.8)  # of distillation, times batch / 256
SPLITS: dict[str, dict[str, Any]] = {
    CIFAR10: {"train_split": "train[:10000]", "eval_split": "test"},
    SIGNS: {"holdout_fraction": 0.2, "eval_split": "holdout"},
}
# Where rates are chosen: images that no row learns from or is judged on.
VALIDATION: dict[str, Any] = {**SPLITS[CIFAR10], "eval_split": "train[90%:]"}
OF_SIGNS: dict[str, Any] = {"crop_area_min": 0.3, "random_flip": False}
SHARED: dict[str, Any] = {
    "image_size": 32,
    "mixed_precision": "bfloat16",
    "labels_per_class": LABELS,
    "eval_batch_size": 500,
    "keep_checkpoint_max": 1,
    "train_summary_steps": 200,
}


@dataclasses.dataclass(frozen=True)
class Data:
    """One of the data sets.

    Attributes:
      name: "cifar10" or "signs".
      dataset: As `--dataset` names it.
      scale: Times the steps of the teacher.
    """

    name: str
    dataset: str
    scale: float = 1.0

    def pretrain(self):
        """Of the teacher, without labels."""
        return {
            "flagfile": "flags/cifar10_cpu.cfg",
            **self._shared(),
            "mode": "train",
            "labels_per_class": 0,
            "learning_rate": 2.0,
            "train_steps": self._steps(PRETRAIN_STEPS[self.name]),
            "warmup_epochs": min(1.0, self.scale),
            "checkpoint_steps": 100,
            **TEACHER,
        }

    def finetune(self):
        """Of the teacher, on the labels."""
        return {
            **self._shared(),
            "mode": "train_then_eval",
            "train_mode": "finetune",
            "linear_probe_init": True,
            "optimizer": "momentum",
            "learning_rate": 0.002,  # 0.0005 after scaling
            "train_batch_size": 64,
            "train_steps": self._steps(FINETUNE_STEPS),
            "warmup_epochs": 0.0,
            "weight_decay": 0.0,
            "checkpoint_steps": FINETUNE_STEPS,
            **TEACHER,
        }

    def distill(self, student, rate, steps, splits=None):
        """Of a student, by equation 2 alone: from the teacher's answers."""
        return {
            **self._shared(),
            "mode": "train_then_eval",
            "train_mode": "distill",
            "optimizer": "momentum",
            "learning_rate": rate,
            "train_batch_size": BATCH,
            "train_steps": steps,
            "warmup_epochs": 0.0,
            "weight_decay": 1e-4,
            "proj_head_mode": "none",
            "checkpoint_steps": 200,
            **(splits or {}),
            **STUDENTS[student],
        }

    def measure(self, student):
        """Of a few steps, to be timed."""
        return {**self.distill(student, 0.0, MEASURED_STEPS), "mode": "train"}

    def export(self):
        """Of a student, which is timed and judged in int8 then."""
        return {
            **SPLITS[self.name],
            "mode": "export",
            "dataset": self.dataset,
            "eval_batch_size": 500,
            "export_formats": "litert,litert_int8",
            "export_benchmark": True,
        }

    def _shared(self):
        own = OF_SIGNS if self.name == SIGNS else {}
        return {**SHARED, "dataset": self.dataset, **own, **SPLITS[self.name]}

    def _steps(self, count):
        return max(1, round(self.scale * count))


def data_of(folder, name, scale):
    """A data set below the folder of data."""
    if name == CIFAR10:
        return Data(name, CIFAR10, scale)
    return Data(name, f"folder:{pathlib.Path(folder).resolve() / SIGNS}", scale)
