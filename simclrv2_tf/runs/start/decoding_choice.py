"""Takes how images are decoded from the weights that a config starts from."""

from __future__ import annotations

import dataclasses
import logging
import os

from simclrv2_tf import export
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.export import Decoding
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.export_beside import find_export

_LOG = logging.getLogger("simclrv2_tf")


def trained_with(path: str | os.PathLike | None) -> Decoding | None:
    """How the images that weights were trained on were decoded.

    Args:
      path: Directory of a run, or anything that `--checkpoint` accepts.

    Returns:
      None if nothing tells.
    """
    if not path:
        return None
    place = local(path)
    flags = model_dir.read_flags(place) or weights.flags_of(place)
    if flags:  # runs of earlier versions do not name all options
        return Decoding(
            flags.get("apply_orientation", False),
            flags.get("resize_shorter_side"),
        )
    exported = find_export(place)
    return None if exported is None else export.read_decoding(exported)


def resolve_decoding(config: Config) -> Config:
    """The config as its run, `--checkpoint` or the teacher was trained.

    The caller's values stay; a warning tells where they differ.
    """
    for path in (config.model_dir, config.checkpoint, *_teachers(config)):
        trained = trained_with(path)
        if trained is not None:
            return _as_trained(config, path, trained)
    return config


def _teachers(config):
    return teacher_sources.ours(config.teacher) if config.teacher else ()


def _as_trained(config, path, trained):
    for name, value in trained._asdict().items():
        own = getattr(config, name)
        if value == own:
            continue
        if name in config.given:
            warning = "%s=%s, while %s was trained with %s"
            _LOG.warning(warning, name, own, path, value)
            continue
        _LOG.info("%s=%s, as %s was trained with", name, value, path)
        config = dataclasses.replace(config, **{name: value})
    return config


def agree(
    config: Config, *sources: Source | None
) -> tuple[Config, list[Source | None]]:
    """Config and sources, all of which decode as those that change something.

    Of several sides that larger images are reduced to it is the smallest.
    """
    given: list[Config | Source] = [config]
    given += [source for source in sources if source is not None]
    sides = [s for s in (each.resize_shorter_side for each in given) if s]
    decoding = Decoding(
        any(each.apply_orientation for each in given),
        min(sides, default=None),
    )
    if decoding == Decoding():
        return config, list(sources)
    changed = decoding._asdict()
    decoded = [
        source and dataclasses.replace(source, **changed) for source in sources
    ]
    return dataclasses.replace(config, **changed), decoded
