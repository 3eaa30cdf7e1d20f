"""The trained weights that a config means: which they are, and loaded."""

from __future__ import annotations

import dataclasses
import logging
import os
from typing import Any

from simclrv2_tf import distribution
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import resolve
from simclrv2_tf.runs import weights_given
from simclrv2_tf.runs.hardware import precision
from simclrv2_tf.runs.weights_of_chief import of_chief

_LOG = logging.getLogger("simclrv2_tf")
_DECAY = ("optimizer", "weight_decay")  # what the loss of decay depends on


def newest(config: Config) -> str:
    """Prefix of the run's newest checkpoint, or of `--checkpoint`.

    Of a run whose `--checkpoint` names one of its own it is that one, unless
    the run is trained; a warning tells of one of elsewhere that is not used.
    Of several workers each must call this; all get the first one's.
    """
    own = weights_given.of_the_run(config)
    if own is not None:
        return own
    directory = config.model_dir
    of_run = of_chief(directory, run_directory.latest_valid(directory))
    if of_run is not None:
        weights_given.warn_if_unused(config, of_run)
        return of_run
    if config.checkpoint is None:
        raise ValueError(
            "Expected a trained run: `model_dir` "
            f"{config.model_dir!r} holds no checkpoint, and --checkpoint "
            "gives none."
        )
    return config.checkpoint


def best(config: Config) -> str:
    """Prefix of the run's best checkpoint, or of the newest if it is lost.

    Of several workers each must call this.

    Raises:
      ValueError: If the run has compared none, or by another metric than
        `export_best`.
    """
    best_one = best_checkpoint.read(config.model_dir)
    if best_one is None:
        raise ValueError(
            "`export_best` exports the best of a run's checkpoints, which are "
            "compared in fine-tuning and distillation with that option. "
            f"Received: {config.model_dir!r}, whose checkpoints were not "
            "compared: leave --export_best out to export the newest"
        )
    _check_metric(config, best_one.metric)
    prefix = run_directory.prefix_of(config.directory, best_one.step)
    reason = run_directory.verify(prefix)
    if distribution.from_chief(reason is None):
        return prefix
    _LOG.error("THE BEST CHECKPOINT CANNOT BE READ (%s): %s", prefix, reason)
    return newest(config)


def _check_metric(config, metric):
    """Raises a ValueError if a run's checkpoints were compared by another."""
    if config.export_best in (None, metric):
        return
    raise ValueError(
        "`export_best` must name the metric that the run's checkpoints were "
        f"compared by, {metric!r} in {config.model_dir!r}. Received: "
        f"export_best={config.export_best!r}: give --export_best={metric}, or "
        "train with the other one in another --model_dir."
    )


def load(
    config: Config, prefix: str, ema: bool | None = None, **arguments: Any
) -> Network:
    """The network that weights belong to.

    Args:
      config: A `Config`.
      prefix: Of a checkpoint, or any that `load_network` takes.
      ema: Take the average of the weights; as `eval_ema` says unless given.
      **arguments: Of `Network`, in place of those that the weights tell.
    """
    options = _options(config, prefix, ema) | arguments
    with precision.policy(config.mixed_precision):
        return hub.load_network(prefix, **options)


def takes_average(config: Config, prefix: str, ema: bool | None = None) -> bool:
    """Whether `load` takes the average of the weights.

    Args:
      config: See `load`.
      prefix: See there.
      ema: See there.
    """
    average = config.eval_ema if ema is None else ema
    # In a run's own checkpoint `checkpoint_ema` says what training began with.
    return average or (prefix == config.checkpoint and config.checkpoint_ema)


def load_backbone(config: Config, prefix: str, endpoint: str) -> Backbone:
    """The network up to an endpoint, not to be trained."""
    options = _options(config, prefix)
    with precision.policy(config.mixed_precision):
        return hub.load_backbone(prefix, endpoint, False, **options)


def with_endpoints(
    config: Config, source: str, endpoints: list[str], own: bool = True
) -> tuple[Network, Backbone]:
    """A network, and as far as it is needed for some endpoints.

    Args:
      config: A `Config`.
      source: Anything that `--checkpoint` accepts.
      endpoints: Names.
      own: Whether it is the network that the flags describe.
    """
    options = _options(config, source) if own else {}
    with precision.policy(config.mixed_precision):
        network = hub.load_network(source, **options)
        return network, Backbone(endpoints, network)


def _options(config, prefix, ema=None):
    """What to load weights with; flags that were given must agree with them."""
    names = set(describing(config))
    if config.train_mode == "distill" and config.student:
        names -= set(resolve.OF_KERAS)  # those of the stages before
    wanted = resolve.given(config, names)
    wanted["ema"] = takes_average(config, prefix, ema)
    if prefix == config.checkpoint:  # in a run's own nothing is left open
        wanted["ignore"] = config.checkpoint_ignore
    return wanted


def flags_of(source: str | os.PathLike) -> dict:
    """The flags of the run that weights are of, {} for those of no run.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    prefix = tf1.find(local(source))
    return model_dir.read_flags(os.path.dirname(prefix)) if prefix else {}


def resolve_decay(config: Config) -> Config:
    """The config with the decay that the run in `model_dir` trains with.

    What the caller gave stays.
    """
    before = model_dir.read_flags(config.model_dir)
    names = [n for n in _DECAY if n in before and n not in config.given]
    return dataclasses.replace(config, **{n: before[n] for n in names})
