"""The page of a job that has ended."""

from __future__ import annotations

import logging
import os

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.recipes.record import REPORT
from simclrv2_tf.reports import history
from simclrv2_tf.reports import page

_LOG = logging.getLogger("simclrv2_tf")


def lacks_page(directory: str) -> bool:
    """Whether a job has ended, and its page was not made since.

    A page older than the job's report is of a job under way. A job that has
    trained nothing has none: it was given weights and no label.

    Args:
      directory: Of the job.
    """
    ended, made = (_written_at(directory, name) for name in (REPORT, page.PAGE))
    return ended > made and bool(history.read_stages(directory))


def _written_at(directory, name):
    """When a file was written, 0 for one that is not there."""
    path = os.path.join(directory, name)
    return os.path.getmtime(path) if os.path.exists(path) else 0.0


def write_page(directory: str, *sources: Source | None) -> None:
    """Writes the page of a job; an error becomes a warning.

    Args:
      directory: Of the job.
      *sources: `Source`s to train and to evaluate on, None for the job's own.
    """
    try:
        page.write(Config(mode="report", model_dir=directory), *sources)
    except Exception as error:
        _LOG.warning(
            "%s cannot be written: %s (--mode=report tries again)",
            page.PAGE,
            first_line(error),
        )
