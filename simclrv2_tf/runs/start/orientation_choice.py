"""Takes `apply_orientation` from the weights that a config starts from."""

from __future__ import annotations

import dataclasses
import logging
import os

from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.export_beside import find_export

NAME = "apply_orientation"
_LOG = logging.getLogger("simclrv2_tf")


def trained_with(path: str | os.PathLike | None) -> bool | None:
    """Whether the images that weights were trained on were turned.

    Args:
      path: Directory of a run, or anything that `--checkpoint` accepts.

    Returns:
      None if nothing tells.
    """
    if not path:
        return None
    place = local(path)
    flags = model_dir.read_flags(place) or weights.flags_of(place)
    if flags:  # runs of earlier versions do not name it
        return flags.get(NAME, False)
    exported = find_export(place)
    return None if exported is None else export.applies_orientation(exported)


def resolve_orientation(config: Config) -> Config:
    """The config as its run, `--checkpoint` or the teacher was trained.

    The caller's value stays; a warning tells where it differs.
    """
    for path in (config.model_dir, config.checkpoint, *_teachers(config)):
        trained = trained_with(path)
        if trained is not None:
            return _as_trained(config, path, trained)
    return config


def _teachers(config):
    return teacher_sources.ours(config.teacher) if config.teacher else ()


def _as_trained(config, path, trained):
    if trained == config.apply_orientation:
        return config
    if NAME in config.given:
        _LOG.warning(
            "apply_orientation=%s, while %s was trained with %s",
            config.apply_orientation,
            path,
            trained,
        )
        return config
    _LOG.info("apply_orientation=%s, as %s was trained with", trained, path)
    return dataclasses.replace(config, apply_orientation=trained)


def agree(
    config: Config, *sources: Source | None
) -> tuple[Config, list[Source | None]]:
    """Config and sources, all of which turn images if one of them does."""
    given = [source for source in sources if source is not None]
    apply = config.apply_orientation or any(
        source.apply_orientation for source in given
    )
    if not apply:
        return config, list(sources)
    turned = [
        source and dataclasses.replace(source, apply_orientation=True)
        for source in sources
    ]
    return dataclasses.replace(config, apply_orientation=True), turned
