"""The published models: what they are called, where they are, how good.

Locations, steps and accuracies: the original release's README and the papers
(arXiv 2006.10029, table 1 and 3; arXiv 2002.05709).
"""

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.checkpoints import layout

TF1_BUCKET = "simclr-checkpoints"
TF2_BUCKET = "simclr-checkpoints-tf2"
_STEPS = {
    "pretrained": 250228,
    "finetuned_1pct": 751,
    "finetuned_10pct": 3754,
    "finetuned_100pct": 37535,
    "supervised": 28151,
}
_CATEGORIES = (
    "finetuned_1pct",
    "finetuned_10pct",
    "finetuned_100pct",
    "pretrained",  # its accuracy is that of linear evaluation
    "supervised",
)
# ImageNet top-1 in the order of _CATEGORIES.
_TOP1 = {
    "r50_1x_sk0": (57.9, 68.4, 76.3, 71.7, 76.6),
    "r50_1x_sk1": (64.5, 72.1, 78.7, 74.6, 78.5),
    "r50_2x_sk0": (66.3, 73.9, 79.1, 75.6, 77.8),
    "r50_2x_sk1": (70.6, 77.0, 81.3, 77.7, 79.3),
    "r101_1x_sk0": (62.1, 71.4, 78.2, 73.6, 78.0),
    "r101_1x_sk1": (68.3, 75.1, 80.6, 76.3, 79.6),
    "r101_2x_sk0": (69.1, 75.8, 80.7, 77.0, 78.9),
    "r101_2x_sk1": (73.2, 78.8, 82.4, 79.0, 80.1),
    "r152_1x_sk0": (64.0, 73.0, 79.3, 74.5, 78.3),
    "r152_1x_sk1": (70.0, 76.5, 81.3, 77.2, 79.9),
    "r152_2x_sk0": (70.2, 76.6, 81.1, 77.4, 79.1),
    "r152_2x_sk1": (74.2, 79.4, 82.9, 79.4, 80.4),
    "r152_3x_sk1": (74.9, 80.1, 83.1, 79.8, 80.5),
}
_TEACHER = "r152_3x_sk1"
_DISTILLED = {
    "distill_1pct": {
        "r50_1x_sk0": 73.9,
        "r50_2x_sk1": 75.9,
        "r152_3x_sk1": 76.6,
    },
    "distill_10pct": {
        "r50_1x_sk0": 77.5,
        "r50_2x_sk1": 80.2,
        "r152_3x_sk1": 80.9,
    },
}
_WIDTHS = (1, 2, 4)
_FIRST = {  # in the order of _WIDTHS
    "pretrain": (69.1, 74.2, 76.6),
    "finetune_10pct": (65.8, 71.6, 74.5),
    "finetune_100pct": (75.6, 79.2, 80.8),
}
_FIRST_STEPS = {
    "pretrain": (225206, 225206, 225206),
    "finetune_10pct": (939, 939, 470),
    "finetune_100pct": (9384, 18768, 4692),
}
_GUESSED = "location by the pattern of the release, not confirmed"


@dataclasses.dataclass(frozen=True)
class Model:
    """One published model.

    Attributes:
      name: What `load_network` takes, "simclrv2/finetuned_1pct/r50_1x_sk1".
      architecture: "r50_1x_sk1".
      top1: Published ImageNet top-1 accuracy in percent.
      selector: The projection layer that its supervised head reads; None
        where it is not known.
      step: In the name of the TF1 checkpoint; None where it is not known.
      note: What to mind.
    """

    name: str
    architecture: str
    top1: float
    selector: int | None
    step: int | None = None
    note: str = ""

    @property
    def parameters(self) -> int:
        """Elements of the backbone, moving statistics counted."""
        layers = layout.backbone(arguments(self.architecture))
        shapes = [s for layer in layers for s in layer.shapes.values()]
        return sum(map(math.prod, shapes))

    @property
    def tf1(self) -> str:
        """Directory of the TF1 checkpoint, and of its `hub/` module."""
        return f"gs://{TF1_BUCKET}/{self.name}"

    @property
    def tf2(self) -> str:
        """Directory that holds `saved_model/` of the tf2 release."""
        return f"gs://{TF2_BUCKET}/{self.name}"


def published() -> list[Model]:
    """All published models, a list of `Model`."""
    return [*_second(), *_distilled(), *_first()]


def find(name: str) -> Model | None:
    """The `Model` of a name, or None if the name is no published one.

    Raises:
      ValueError: If the name begins like a published one and is none.
    """
    models = {model.name: model for model in published()}
    clean = name.strip("/")
    if clean in models or not re.match(r"simclrv[12]/", name):
        return models.get(clean)
    raise ValueError(
        "Expected the name of a published model, such as "
        "'simclrv2/finetuned_1pct/r50_1x_sk1' (simclrv2_tf.published() lists "
        f"all {len(models)}). Received: {name!r}"
    )


def arguments(architecture: str) -> dict[str, Any]:
    """The arguments of `Network` behind a name such as r50_1x_sk1."""
    depth, width, selective = re.findall(r"\d+", architecture)
    return {
        "resnet_depth": int(depth),
        "width_multiplier": int(width),
        "sk_ratio": 0.0625 * int(selective),
    }


def table(models: Sequence[Model] | None = None) -> str:
    """The published models as text, one line each."""
    head = ("name", "parameters", "top-1", "selector", "TF1", "TF2")
    rows = [_row(model) for model in models or published()]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        for row in [head, *rows]
    )


def _row(model):
    unknown = "?" if model.selector is None else str(model.selector)
    return (
        model.name,
        f"{model.parameters / 1e6:.1f} M",
        f"{model.top1:.1f}",
        unknown,
        model.tf1,
        f"{model.tf2}{f'  ({model.note})' if model.note else ''}",
    )


def _second():
    for place, category in enumerate(_CATEGORIES):
        selector = int(category in ("finetuned_1pct", "finetuned_10pct"))
        for architecture, top1 in _TOP1.items():
            yield Model(
                f"simclrv2/{category}/{architecture}",
                architecture,
                top1[place],
                selector,
                _STEPS[category],
            )


def _distilled():
    for category, students in _DISTILLED.items():
        for student, top1 in students.items():
            yield Model(
                f"simclrv2/{category}/{_TEACHER}/{student}",
                student,
                top1,
                None,
                note="" if student == _TEACHER else _GUESSED,
            )


def _first():
    for category, accuracies in _FIRST.items():
        steps = _FIRST_STEPS[category]
        for width, top1, step in zip(_WIDTHS, accuracies, steps, strict=True):
            yield Model(
                f"simclrv1/{category}/{width}x",
                f"r50_{width}x_sk0",
                top1,
                0,
                step,
            )
