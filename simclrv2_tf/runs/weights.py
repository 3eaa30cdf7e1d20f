"""The trained weights that a config means, and what their run says of them."""

from __future__ import annotations

import dataclasses
import os

from simclrv2_tf import export
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.data.source import Source
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import precision
from simclrv2_tf.runs import resolve

_DECAY = ("optimizer", "weight_decay")  # what the loss of decay depends on


def newest(config: Config) -> str:
    """Prefix of the run's newest checkpoint, or of `--checkpoint`."""
    prefix = run_directory.latest_valid(config.model_dir) or config.checkpoint
    if prefix is None:
        raise ValueError(
            "Expected a trained run: `model_dir` "
            f"{config.model_dir!r} holds no checkpoint, and --checkpoint "
            "gives none."
        )
    return prefix


def load(config: Config, prefix: str) -> Network:
    """The network that weights belong to."""
    with precision.policy(config.mixed_precision):
        return hub.load_network(prefix, **_options(config, prefix))


def load_backbone(config: Config, prefix: str, endpoint: str) -> Backbone:
    """The network up to an endpoint, not to be trained."""
    options = _options(config, prefix)
    with precision.policy(config.mixed_precision):
        return hub.load_backbone(prefix, endpoint, False, **options)


def _options(config, prefix):
    """What to load weights with; flags that were given must agree with them."""
    wanted = resolve.given(config, describing(config))
    if prefix == config.checkpoint:  # in a run's own nothing is left open
        wanted["ema"] = config.checkpoint_ema
        wanted["ignore"] = config.checkpoint_ignore
    return wanted


def flags_of(source: str | os.PathLike) -> dict:
    """The flags of the run that weights are of, {} for those of no run.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    prefix = tf1.find(os.fspath(source))
    return model_dir.read_flags(os.path.dirname(prefix)) if prefix else {}


def resolve_decay(config: Config) -> Config:
    """The config with the decay that the run in `model_dir` trains with.

    What the caller gave stays.
    """
    before = model_dir.read_flags(config.model_dir)
    names = [n for n in _DECAY if n in before and n not in config.given]
    return dataclasses.replace(config, **{n: before[n] for n in names})


def has_classifier(source: str | os.PathLike) -> bool:
    """Whether the supervised head that weights have was trained at all.

    Pretraining without `lineareval_while_pretraining` leaves it as it was
    initialised.
    """
    flags = flags_of(source)
    pretrained = flags.get("train_mode") == "pretrain"
    return not pretrained or flags.get("lineareval_while_pretraining", True)


def check_classifier(source: str | os.PathLike) -> None:
    """Raises a ValueError if there is no trained classifier.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    if not has_classifier(source):
        raise ValueError(
            f"Expected a trained classifier. Received: {source!r}, which was "
            "pretrained without one (lineareval_while_pretraining=False): "
            "fine-tune it first, or embed with --mode=embed."
        )


def class_names(source: str | os.PathLike) -> list[str] | None:
    """Names of a network's classes, as its run or its export has them.

    Args:
      source: Anything that `--checkpoint` accepts.

    Returns:
      List of names, None if they are not known.
    """
    path = os.fspath(source)
    prefix, directory = tf1.find(path), saved_model.find(path)
    if prefix is not None:
        return flags_of(prefix).get("class_names")
    return None if directory is None else export.read_labels(directory)


def check_classes(known: list[str] | None, data: Source, who: str) -> None:
    """Raises a ValueError if data has other classes than a network.

    Args:
      known: Names of the network's classes, None if they are not known.
      data: A `Source`; without labels anything goes.
      who: The network, in words.
    """
    if not known or not data.class_names or _numbers(known, data.class_names):
        return
    pairs = zip(known, data.class_names, strict=False)
    different = [i for i, (a, b) in enumerate(pairs) if a != b]
    if different:
        index = different[0]
        raise ValueError(
            f"{who} and the data must have the same classes in the same "
            f"order. Received: class {index} is {known[index]!r} for the "
            f"former and {data.class_names[index]!r} in {data.name}"
        )


def _numbers(*lists):
    """Whether one of the lists only counts, as where names are unknown."""
    return any(list(n) == [str(i) for i in range(len(n))] for n in lists)
