"""Starts a program that measures itself, in a process of its own."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
_LAST = 3  # lines of what a failed program says


class Failed(Exception):
    """A program did not measure; says why in its last words."""


def measured(words, work):
    """What a program prints as JSON in the end, and the load before it.

    Args:
      words: Its command line.
      work: Folder for what `torch.compile` makes, which a next process takes.

    Raises:
      Failed: If it ends with another exit code than 0.
    """
    load = round(os.getloadavg()[0], 2)
    done = output_of(words, {"TORCHINDUCTOR_CACHE_DIR": f"{work}/inductor"})
    return {**json.loads(done.stdout.splitlines()[-1]), "load before": load}


def _environment(without):
    return {n: value for n, value in os.environ.items() if n not in without}


def output_of(words, environment=None, cwd=ROOT, without=()):
    """The ended process, with what it wrote as text.

    Args:
      words: Its command line.
      environment: Variables that it has besides.
      cwd: Where it runs.
      without: Variables of this process that it does not have.

    Raises:
      Failed: If it ends with another exit code than 0.
    """
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**_environment(without), **(environment or {})},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-_LAST:]
        raise Failed(f"exit code {done.returncode}: {' | '.join(last)}")
    return done
