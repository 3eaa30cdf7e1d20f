"""The text of `simclrv2 --help`: tasks first, then every flag."""

import dataclasses
import textwrap
from typing import NamedTuple

from simclrv2_tf.config import Config
from simclrv2_tf.config import groups


class Task(NamedTuple):
    """A task of a user, with its command and common flags.

    Attributes:
      title: In words.
      commands: The flags that do it, each without the program's name.
      common: Names of flags that are often given beside, in that order.
    """

    title: str
    commands: tuple[str, ...]
    common: tuple[str, ...]


TASKS = (
    Task(
        "From a folder of images to a classifier",
        (
            "--train_mode=semi_supervised --dataset=folder:PATH "
            "--labels_per_class=5 --model_dir=DIR",
            "--train_mode=semi_supervised --dataset=folder:PATH "
            "--labels_per_class=5 --mode=recommend",
        ),
        ("labels_per_class", "time_budget", "holdout_fraction", "checkpoint"),
    ),
    Task(
        "Look at images before training",
        ("--dataset_summary --dataset=folder:PATH",),
        ("dataset", "folder_classes", "apply_orientation"),
    ),
    Task(
        "Learn from images without labels",
        ("--train_mode=pretrain --dataset=folder:PATH --model_dir=DIR",),
        (
            "resnet_depth",
            "image_size",
            "train_batch_size",
            "train_epochs",
            "learning_rate",
            "temperature",
            "mixed_precision",
        ),
    ),
    Task(
        "Learn from a few labels",
        (
            "--train_mode=finetune --mode=train_then_eval --checkpoint=RUN "
            "--dataset=folder:PATH --model_dir=DIR",
        ),
        (
            "label_fraction",
            "fine_tune_after_block",
            "linear_probe_init",
            "ft_proj_selector",
        ),
    ),
    Task(
        "Teach a small network what a big one knows",
        (
            "--train_mode=distill --mode=train_then_eval --teacher=RUN "
            "--dataset=folder:PATH --model_dir=DIR",
        ),
        ("teacher", "width_multiplier", "distill_temperature"),
    ),
    Task(
        "Measure accuracy, and what features are worth",
        (
            "--mode=eval --model_dir=DIR",
            "--mode=probe --model_dir=DIR --label_counts=1,5,full",
        ),
        ("eval_split", "calibrate", "knn_k", "compare"),
    ),
    Task(
        "Embed or classify images",
        (
            "--mode=embed --model_dir=DIR --dataset=folder:PATH",
            "--mode=predict --model_dir=DIR --dataset=folder:PATH",
        ),
        ("split", "embed_endpoint", "embed_format"),
    ),
    Task(
        "Serve a model",
        (
            "--mode=export --model_dir=DIR",
            "--mode=export --checkpoint=WEIGHTS --export_dir=DIR",
        ),
        ("export_formats", "export_top_k"),
    ),
    Task(
        "Publish a network",
        (
            "--mode=publish --model_dir=DIR --target=DIRECTORY",
            "--mode=publish --model_dir=DIR --target=hf://USER/NAME",
        ),
        ("license", "intended_use", "private"),
    ),
    Task(
        "See how a run is doing, or was",
        ("--mode=status --model_dir=DIR", "--mode=report --model_dir=DIR"),
        ("verbosity",),
    ),
)
_OPENING = """\
SimCLRv2: pretrain, fine-tune, distil, evaluate, export, embed.

  simclrv2 --flagfile=simclrv2:digits_pretrain --model_dir=DIR

  python -m simclrv2_tf.hub lists the published models, names that
  --checkpoint and --teacher take like any file or directory.
  python -m simclrv2_tf.completion bash (or zsh) completes flags.
  A run that was stopped goes on with the same command.
"""
_COLUMNS = 79
_ALL = "ALL FLAGS, by what they are about"


def help_text() -> str:
    """Tasks with their commands and common flags, then all by group."""
    fields = {f.name: f for f in dataclasses.fields(Config)}
    lines = [_OPENING, "WHAT DO YOU WANT TO DO?"]
    for task in TASKS:
        lines += ["", task.title]
        lines += [_wrapped(f"  simclrv2 {c}", 4) for c in task.commands]
        lines += [_common(fields[name]) for name in task.common]
    lines += ["", "", _ALL]
    for group in groups():
        lines += ["", f"{group.__doc__}"]
        lines += [_line(field) for field in dataclasses.fields(group)]
    return "\n".join(lines)


def _common(field):
    return _wrapped(f"    --{field.name}: {field.metadata['help']}", 8)


def _wrapped(line, indent):
    """A line broken before column 80, a flag in one piece."""
    return textwrap.fill(
        line,
        _COLUMNS,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _line(field):
    choices = field.metadata["choices"]
    default = "unset" if field.default is None else field.default
    among = f" One of {', '.join(map(str, choices))}." if choices else ""
    text = field.metadata["help"]
    return f"  --{field.name}={default}\n      {text}{among}"
