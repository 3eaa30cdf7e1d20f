"""Starts a module of the peer's side with the peer's interpreter.

    python -m tools.benchmarks.peers.start_lightly --python=PYTHON WORDS

It becomes that process, so that signals and the exit code are its own.
"""

import os
import sys

_TRAINS = "tools.peers.lightly_train"


def main(words):
    python, rest = split(words)
    os.execv(python, [python, "-m", _TRAINS, *rest])


def split(words):
    """The interpreter, and the words that are not it."""
    named = [word for word in words if word.startswith("--python=")]
    if len(named) != 1:
        raise SystemExit(
            f"--python must name the peer's interpreter once. Received: {named}"
        )
    rest = [word for word in words if word not in named]
    return named[0].removeprefix("--python="), rest


if __name__ == "__main__":
    main(sys.argv[1:])
