"""The command `simclrv2`: flags to a config, config to a stage."""

import logging
import os
import sys

from simclrv2_tf import flags


def main(argv=None):
    """Runs what the flags say; a user's mistake is one line and status 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("simclrv2_tf").setLevel(logging.INFO)
    try:
        config = flags.parse(list(sys.argv if argv is None else argv))
        _run(config)
    except (ValueError, OSError) as error:
        flags.fail(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _run(config):
    # Here and not above: TensorFlow takes seconds to load, --help shall not.
    from simclrv2_tf.stages import session

    session.run(config)


if __name__ == "__main__":
    main()
