"""From an exported version to a directory, or a repository, for others."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

import simclrv2_tf
from simclrv2_tf import export
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.config import Config
from simclrv2_tf.config.required import required
from simclrv2_tf.export import version_origin
from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.repositories import EXTRAS
from simclrv2_tf.files.repositories import parse_repository
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.files.run_files import LABELS
from simclrv2_tf.files.run_files import is_export
from simclrv2_tf.machine.extras import check_extra
from simclrv2_tf.publishing import card_facts
from simclrv2_tf.publishing import model_card
from simclrv2_tf.publishing import upload
from simclrv2_tf.recipes import record

CARD, CONFIG = "README.md", "config.json"
_OF_THE_CARD = ("license", "intended_use")
_NOT_FOR_OTHERS = shutil.ignore_patterns(version_origin.FILE)


def check(config: Config) -> None:
    """Raises a ValueError, before anything is computed, if it must fail."""
    target = required(config.target, "target")
    repository = parse_repository(target)
    if repository is None:
        atomic.check_vacant(target)
        _check_outside(config)
    else:
        package, extra = EXTRAS[repository.hub]
        check_extra(package, extra, f"Publishing to {repository}")
    if config.model_dir and is_remote(config.model_dir):
        raise ValueError(
            "A run is published from a local directory. Received: "
            f"model_dir={config.model_dir!r}; copy it to this machine."
        )
    if _has_card(config.model_dir):
        _check_written(config)


def _check_outside(config):
    """An export is copied as a whole: its copy cannot be within it."""
    version = exported_in(config.model_dir)
    if not version:
        return
    place = os.path.realpath(version)
    if os.path.commonpath([place, os.path.realpath(config.target)]) == place:
        raise ValueError(
            "`target` must be outside the export that is published. Received: "
            f"target={config.target!r}, within {version!r}"
        )


def exported_in(directory: str | None) -> str | None:
    """The exported version that a directory is or holds, None if it is none.

    A run and a job hold more than that and are exported anew.
    """
    marks = (FLAGS, record.JOB)
    if not directory or any(
        os.path.exists(os.path.join(directory, name)) for name in marks
    ):
        return None
    version = saved_model.find(directory)
    return version if version and is_export(version) else None


def _has_card(directory):
    """Whether a directory is one that was published, to be sent on."""
    version = exported_in(directory)
    return bool(version) and os.path.exists(os.path.join(version, CARD))


def _check_written(config):
    given = [name for name in _OF_THE_CARD if name in config.given]
    if given:
        raise ValueError(
            f"`{given[0]}` is for a model card that is still to be written: "
            f"edit {CARD} in {config.model_dir!r}, which is published as it "
            f"is. Received: {given[0]}={getattr(config, given[0])!r}"
        )


def publish(config: Config, version: str) -> str:
    """Publishes an exported version.

    Args:
      config: A `Config`: `target`, what the card says beside facts, and as
        `model_dir` the job, run or export that the version is of.
      version: Directory of the version.

    Returns:
      The path of the directory, or the address of the repository.

    Raises:
      ValueError: If it cannot be written, or sent.
    """
    target = required(config.target, "target")
    with _folder(target) as folder:
        shutil.copytree(
            version, folder, ignore=_NOT_FOR_OTHERS, dirs_exist_ok=True
        )
        repository = parse_repository(target)
        where = target
        if not _has_card(version):
            _describe(config, version, folder)
        elif repository is not None:
            _address_card(folder, version, target)
        if repository is not None:
            licence = _licence_in(folder)
            where = upload.upload(folder, repository, config.private, licence)
    print(f"published {where}", flush=True)
    return where


@contextlib.contextmanager
def _folder(target) -> Iterator[str]:
    """Where files are gathered: beside their place, or for a while."""
    if parse_repository(target) is None:
        with atomic.directory(target) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def _describe(config, version, folder):
    """Writes what an export lacks: labels, config, model card."""
    names = export.read_labels(version)
    if names:
        _write(folder, LABELS, "".join(f"{name}\n" for name in names))
    facts = card_facts.gather(config, version, names)
    described = {
        "library": f"simclrv2_tf {simclrv2_tf.__version__}",
        "network": facts.network,
        "class_names": names,
        "step": facts.step,
        "temperature": export.read_temperature(version),
        **export.read_decoding(version)._asdict(),
        "license": config.license,
        "stages": facts.settings,
    }
    write_json(os.path.join(folder, CONFIG), described)
    _write(folder, CARD, model_card.write(config, facts))


def _address_card(folder, directory, target):
    """Writes the card of a published directory for a repository.

    Bytes that are no UTF-8 stay as they are.
    """
    path = os.path.join(folder, CARD)
    with open(path, "rb") as file:
        card = file.read().decode("utf-8", "surrogateescape")
    card = model_card.for_repository(card, directory, target)
    with open(path, "wb") as file:
        file.write(card.encode("utf-8", "surrogateescape"))


def _licence_in(folder):
    """What `_describe` wrote of the licence, now or as it was published."""
    licence = read_dictionary(os.path.join(folder, CONFIG)).get("license")
    return licence if isinstance(licence, str) else None


def _write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
