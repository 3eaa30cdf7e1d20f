"""Whether paths of a run's flags mean what they meant, however it is called.

A job's runs name one another by path: moved as a whole, or called by another
path, it is the same job.
"""

from __future__ import annotations

import os

from simclrv2_tf.runs import teacher_sources

# Options that name weights by paths, several with commas.
OPTIONS = ("teacher", "checkpoint")


def same(name: str, now: dict, before: dict) -> bool:
    """Whether an option of paths has the value that it had.

    Paths are the same if they are equal, lead to one place, or lie alike
    beside the run's directory, now and before.

    Args:
      name: One of `OPTIONS`.
      now: {name of an option: value} of this call, "model_dir" among them.
      before: Those that the run has written down.
    """
    both = (now.get(name), before.get(name))
    if both[0] == both[1] or not all(both):
        return both[0] == both[1]
    parts = [teacher_sources.split(os.fspath(text)) for text in both if text]
    if len(parts[0]) != len(parts[1]):
        return False
    runs = [os.fspath(o.get("model_dir") or "") for o in (now, before)]
    return all(_same(pair, runs) for pair in zip(*parts, strict=True))


def _same(paths, runs):
    """Whether two paths are the same, each beside its run's directory."""
    if len({os.path.realpath(path) for path in paths}) == 1:
        return True
    if not all(runs):
        return False
    lie = [_beside(*pair) for pair in zip(paths, runs, strict=True)]
    return lie[0] is not None and lie[0] == lie[1]


def _beside(path, run):
    """The way from a run to a path; None where that cannot be told.

    An absolute one and one from a working directory that is not known any
    more have no common beginning.
    """
    if os.path.isabs(path) != os.path.isabs(run):
        return None
    return os.path.relpath(path, run)
