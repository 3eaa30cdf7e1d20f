"""The command `simclrv2`: flags to a config, config to a session."""

from __future__ import annotations

import contextlib
import logging
import os
import sys

from simclrv2_tf import flags
from simclrv2_tf import keras_settings
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.console import quiet_start
from simclrv2_tf.files import errors
from simclrv2_tf.recipes.record import is_job
from simclrv2_tf.recipes.results import job_status
from simclrv2_tf.runs import status
from simclrv2_tf.runs.interruption import Interruption


def main(argv: list[str] | None = None) -> None:
    """Runs what the flags say; a user's mistake is one line and status 2.

    So is what TensorFlow says, of memory that is used up perhaps. A run that is
    asked to stop ends with --preemption_exit_code, after a checkpoint if it
    trains.
    """
    try:
        config = flags.parse(list(sys.argv if argv is None else argv))
        quiet_start.set_up_logging(config.verbosity)
        _run(config)
    except BrokenPipeError:
        _leave_pipe()
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        flags.fail(error)
    except errors.of_tensorflow() as error:
        flags.fail(errors.in_words(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def command() -> None:
    """Runs `main`, and where it fails ends at once, without clean-up.

    Python would drop what still reads images, and wait for it. Several workers
    exit normally, so that their peers can synchronise.
    """
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        if not code or "TF_CONFIG" in os.environ:
            raise
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _leave_pipe():
    """Ends quietly where nobody reads on, as behind `| head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(1)


def _run(config):
    if config.mode == "status":  # at once, without TensorFlow
        room = job_status if is_job(config.model_dir) else status
        print(room.describe(config.model_dir), flush=True)
        return
    with _interruption(config) as interruption:
        keras_settings.check_backend()
        quiet_start.load_tensorflow()
        # Not above: TensorFlow takes seconds to load, --help shall not.
        from simclrv2_tf import session
        from simclrv2_tf.machine import gpus

        gpus.set_up()
        session.run(config, interruption=interruption)


def _interruption(config):
    """What stops a run cleanly; a summary has nothing to save."""
    if config.dataset_summary:
        return contextlib.nullcontext()
    return Interruption(config.preemption_exit_code, time_limit_seconds(config))


if __name__ == "__main__":
    command()
