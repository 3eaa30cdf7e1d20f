"""The start of a command: its logging, without TensorFlow's notices."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

from simclrv2_tf.console import notices

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_CHATTER = ("absl", "tensorflow")  # Python loggers
_OPTIONAL = ("matplotlib.pyplot", "sklearn")  # Keras imports them if it can
_WAIT = 5.0  # seconds, where some other process still holds the pipe


def set_up_logging(verbosity: int = 0) -> None:
    """What a command logs; call this before TensorFlow is loaded.

    Args:
      verbosity: -1 for warnings alone, 0 for the course of the work too, 1
        for what TensorFlow says too. A TF_CPP_MIN_LOG_LEVEL that is set stays.
    """
    os.environ.setdefault(_LEVEL, "0" if verbosity > 0 else "2")
    handler = logging.StreamHandler()
    if verbosity < 1:
        handler.addFilter(_is_of_use)
    logging.basicConfig(
        format="%(message)s",
        level=logging.INFO if verbosity > 0 else logging.WARNING,
        handlers=[handler],
    )
    logging.getLogger("simclrv2_tf").setLevel(
        logging.WARNING if verbosity < 0 else logging.INFO
    )


def _is_of_use(record):
    chatter = record.name.split(".")[0] in _CHATTER
    return not chatter or record.levelno >= logging.ERROR


def load_tensorflow() -> None:
    """Imports TensorFlow and finds its devices, heeding its log level.

    Keras does without what it draws and what scikit-learn needs of it: no
    command uses either, and they take a third of the time.
    """
    with _hidden(_OPTIONAL), _uncollected():
        _load()


def quiet_tensorflow() -> None:
    """Loads TensorFlow without what it says beside errors, for notebooks.

    Call it before anything imports TensorFlow or Keras, as what they say when
    they start cannot be taken back. A `TF_CPP_MIN_LOG_LEVEL` that is set stays.

    Example:
      >>> import simclrv2_tf
      >>> simclrv2_tf.quiet_tensorflow()
      >>> import keras
    """
    os.environ.setdefault(_LEVEL, "2")
    _load()
    for name in _CHATTER:
        logging.getLogger(name).setLevel(logging.ERROR)


def _load():
    if "tensorflow" in sys.modules:
        return
    with _without_notices():
        import keras  # noqa: F401
        import tensorflow as tf

        tf.config.list_physical_devices()  # it tells that there is no GPU


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Disables garbage collection in the body, then freezes all objects.

    Half a million objects of TensorFlow that nothing ever drops: looking
    through them again and again takes a quarter of loading, and of each trace.
    `gc.freeze` keeps them from that for good. Where TensorFlow is loaded
    already nothing is frozen: the objects would be the caller's.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _without_notices() -> Iterator[None]:
    """Pipes the error output through `notices`, which outlives this process.

    So the last output before a crash is copied as well.
    """
    level = os.environ.get(_LEVEL, "0")
    if level not in ("1", "2", "3") or not _is_open(2):
        yield
        return
    taken, given = os.pipe()
    command = [sys.executable, "-I", "-S", notices.__file__, level]
    copying = subprocess.Popen(command, stdin=taken, start_new_session=True)
    errors = os.dup(2)
    os.dup2(given, 2)
    os.close(taken)
    os.close(given)
    try:
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        with contextlib.suppress(subprocess.TimeoutExpired):
            copying.wait(_WAIT)


def _is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Modules that cannot be imported meanwhile, unless they are already."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
