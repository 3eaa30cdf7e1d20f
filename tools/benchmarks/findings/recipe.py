"""The flags of every run, and the values that are chosen among.

Fine-tuning is the paper's (all weights, a classifier that starts at zero, no
decay); pretraining is flags/cifar10_cpu.cfg. Rates are times batch / 256.
"""

from __future__ import annotations

import dataclasses

from tools.benchmarks.findings import cells

SEED_OF_CHOICES = 100  # of the labels; rows have 0, 1 and 2
TEST = {"train_split": "train", "eval_split": "test"}
VALIDATION = {"train_split": "train[:90%]", "eval_split": "train[90%:]"}
PRETRAIN_STEPS, PRETRAIN_BATCH = 2500, 256  # 13 epochs
DISTILL_STEPS, DISTILL_BATCH = 700, 128
SCRATCH_TIMES = 2  # as many steps from labels alone as in fine-tuning
# Labels of each class, at most: batch, steps.
LENGTHS = {
    10: (64, 100),  # 64 epochs, the paper's 60 for 1 %
    50: (128, 200),  # 51 epochs
    500: (128, 400),  # 10 epochs
    5000: (128, 1000),  # 3 epochs
}
# Rates after scaling by the batch.
FEW_RATES, MANY_RATES = (0.002, 0.01, 0.05), (0.01, 0.05, 0.2)
SCRATCH_RATES = (0.02, 0.1, 0.5)
DISTILL_RATES = (0.025, 0.1, 0.4)
ALPHAS = (0.5, 0.9)  # weight of distillation in equation 3


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Flags of runs.

    Attributes:
      dataset: Its name, of ten classes.
      image_size: Side of the images in pixels.
      counts: Labels of each class, the fewest first, 0 for all last.
      scale: Times the steps of every run.
    """

    dataset: str = "cifar10"
    image_size: int = 32
    counts: tuple[int, ...] = (10, 50, 500, cells.ALL)
    scale: float = 1.0

    def pretrain(self, width, head):
        """On all images, without labels."""
        return {
            "flagfile": "flags/cifar10_cpu.cfg",
            "mode": "train",
            "num_proj_layers": head,
            "train_split": "train",
            "train_batch_size": PRETRAIN_BATCH,
            "train_steps": self.steps(PRETRAIN_STEPS),
            "warmup_epochs": min(1.0, self.scale),
            "checkpoint_epochs": 1,
            **self._network(width),
        }

    def probe(self, width):
        """Logistic regression, its strength cross-validated on the labels."""
        counts = [str(count) if count else "full" for count in self.counts]
        return {
            "mode": "probe",
            "label_counts": ",".join(counts),
            "label_draws": cells.DRAWS,
            "label_seed": 0,
            "probe_k": "1",  # neighbours are not reported
            **self._shared(),
            **TEST,
        }

    def finetune(self, cell, rate, draw, splits):
        """From a pretrained network, all weights."""
        batch, _ = self.length(cell.labels)
        return {
            **self._supervised(cell, rate, batch, draw, splits),
            "train_steps": self.steps(self.length(cell.labels)[1]),
            "num_proj_layers": cell.head,
            "ft_proj_selector": cell.layer,
            "zero_init_logits_layer": True,
        }

    def scratch(self, cell, rate, draw, splits):
        """A student from labels alone."""
        batch, steps = self.length(cell.labels)
        return {
            **self._supervised(cell, rate, batch, draw, splits),
            "train_steps": self.steps(SCRATCH_TIMES * steps),
            "proj_head_mode": "none",
        }

    def distill(self, cell, rate, alpha, draw, splits):
        """A student by equation 3; by equation 2 with an alpha of 1."""
        return {
            **self._supervised(cell, rate, DISTILL_BATCH, draw, splits),
            "train_mode": "distill",
            "train_steps": self.steps(DISTILL_STEPS),
            "warmup_epochs": min(0.1, 0.1 * self.scale),
            "weight_decay": 1e-4,
            "proj_head_mode": "none",
            "distill_temperature": cell.temperature,
            "distill_alpha": alpha,
        }

    def length(self, labels):
        """Batch and steps of a training on labels."""
        known = [n for n in LENGTHS if labels and n >= labels]
        batch, steps = LENGTHS[min(known, default=max(LENGTHS))]
        return min(batch, 10 * labels) if labels else batch, steps

    def steps(self, count):
        return max(1, round(self.scale * count))

    def _supervised(self, cell, rate, batch, draw, splits):
        return {
            "mode": "train_then_eval",
            "train_mode": "finetune",
            "optimizer": "momentum",
            "learning_rate": round(rate * 256 / batch, 6),
            "train_batch_size": batch,
            "warmup_epochs": 0.0,
            "weight_decay": 0.0,
            "labels_per_class": cell.labels,
            "label_seed": draw,
            "seed": draw,
            "checkpoint_steps": 200,
            "train_summary_steps": 200,
            **splits,
            **self._network(cell.width),
        }

    def _network(self, width):
        return {
            "resnet_depth": 18,
            "width_multiplier": width,
            "keep_checkpoint_max": 1,
            **self._shared(),
        }

    def _shared(self):
        return {
            "dataset": self.dataset,
            "image_size": self.image_size,
            "mixed_precision": "bfloat16",
            "eval_batch_size": 500,
        }
