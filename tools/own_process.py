"""A module in a process of its own, and what it prints."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # TensorFlow says errors alone


def last_json(
    module: str, *arguments: object, env: Mapping[str, str] | None = None
) -> Any:
    """What a module prints as JSON in its last line.

    Args:
      module: Dotted name, `tools.benchmarks.step`.
      arguments: Its command line.
      env: Variables that the process has besides.

    Raises:
      subprocess.CalledProcessError: If it ends with another exit code than 0.
    """
    return json.loads(printed_lines(module, *arguments, env=env)[-1])


def printed_lines(
    module: str, *arguments: object, env: Mapping[str, str] | None = None
) -> list[bytes]:
    """The lines that a module prints, as `last_json` runs it."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    return done.stdout.splitlines()


def printed(rows: Iterable[Any]) -> list[Any]:
    """All rows, each printed as it comes."""
    kept = []
    for row in rows:
        kept.append(row)
        print(json.dumps(row), flush=True)
    return kept
