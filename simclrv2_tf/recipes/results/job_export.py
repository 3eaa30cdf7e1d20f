"""What a job exports, in the directory that `--export_dir` names."""

from __future__ import annotations

import os

import tensorflow as tf

from simclrv2_tf.export import serving_config
from simclrv2_tf.export import version_origin
from simclrv2_tf.export import versions
from simclrv2_tf.inference import exports
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.recipes.record import read_json


def place(job, run: str) -> str | None:
    """The path of the model that a `Job` exports.

    It is a version of one of the job's runs: its copy in `--export_dir` where
    that is given, which is made unless the job's report names it already.
    The best checkpoint's version, if the run has one, is copied beside it.

    Args:
      job: A `Job`.
      run: Name of the run, "distilled" for one.

    Raises:
      ValueError: If the directory cannot be written to.
    """
    done, directory = job.record.done[run], job.config.export_dir
    version = _where_it_is(job.record, run, done.get("export"))
    if not version or not directory:
        return version
    reported = read_json(job.config.directory, REPORT).get("export")
    path = os.path.join(directory, os.path.basename(version))
    if path == version or (reported == path and tf.io.gfile.exists(path)):
        return path
    kept = (job.config.keep_hub_module_max, job.record.path(run))
    best = _where_it_is(job.record, run, done.get("export_best"))
    if best:
        copy(best, directory.rstrip("/") + exports.BEST, *kept)
    return copy(version, directory, *kept)


def _where_it_is(record, run, version):
    """The path of a version now: a job may have moved since it was written.

    One that is not in the run's own directory stays where it was put.
    """
    above, number = os.path.split(version or "")
    above, folder = os.path.split(above)
    own = (exports.VERSIONS, exports.VERSIONS + exports.BEST)
    if folder in own and os.path.basename(above) == run:
        return record.path(run, folder, number)
    return version


def copy(
    version: str, directory: str, keep: int = 1, origin: str | None = None
) -> str:
    """Copies an exported version; returns the path of the copy.

    Args:
      version: Its directory, whose name is a number.
      directory: Where versions are. One of that number is replaced.
      keep: Versions of this origin that stay, this one and the newest before
        it.
      origin: Directory of the run, noted beside the copy as a digest.

    Raises:
      ValueError: If there is no such version, or something else than an
        export has its place.
    """
    if not tf.io.gfile.exists(version):
        raise ValueError(
            f"What a run exported must be there to be copied to {directory}. "
            f"Received: {version}, which is gone; `--mode=export` with the "
            "run's `--model_dir` writes it again"
        )
    number = int(os.path.basename(version))
    with versions.staged(directory, number) as beside:
        _copy_files(version, beside)
        version_origin.write(beside, origin)
    versions.forget_older(directory, number, keep, origin)
    serving_config.write(directory)
    return os.path.join(directory, str(number))


def _copy_files(source, target):
    for place, _, names in tf.io.gfile.walk(source):
        below = os.path.relpath(place, source)
        folder = target if below == os.curdir else os.path.join(target, below)
        tf.io.gfile.makedirs(folder)
        for name in names:
            kept = os.path.join(folder, name)
            tf.io.gfile.copy(os.path.join(place, name), kept, overwrite=True)
