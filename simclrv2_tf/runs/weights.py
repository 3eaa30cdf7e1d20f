"""The trained weights that a config means: a run's newest, or a checkpoint."""

import os

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import describing
from simclrv2_tf.runs import resolve
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import precision


def newest(config):
    """Prefix of the run's newest checkpoint, or of `--checkpoint`."""
    held = run_directory.newest_sound(config.model_dir)
    prefix = held or config.checkpoint
    if prefix is None:
        raise ValueError(
            "Expected a trained run: `model_dir` "
            f"{config.model_dir!r} holds no checkpoint, and --checkpoint "
            "gives none."
        )
    return prefix


def load(config, prefix):
    """The network that weights belong to."""
    with precision.policy(config.mixed_precision):
        return hub.load_network(prefix, **_options(config, prefix))


def load_backbone(config, prefix, endpoint):
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


def flags_of(source):
    """The flags of the run that weights are of, {} for those of no run.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    prefix = tf1.find(os.fspath(source))
    return model_dir.read_flags(os.path.dirname(prefix)) if prefix else {}


def has_classifier(source):
    """Whether the supervised head that weights have was trained at all.

    Pretraining without `lineareval_while_pretraining` leaves it as it was
    initialised.
    """
    flags = flags_of(source)
    pretrained = flags.get("train_mode") == "pretrain"
    return not pretrained or flags.get("lineareval_while_pretraining", True)


def check_classifier(source):
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
