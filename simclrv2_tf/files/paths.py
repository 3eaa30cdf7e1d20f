"""Where a path leads: to this machine or to a bucket."""


def is_remote(path: str) -> bool:
    """Whether a path is that of a bucket or another store, gs://… for one."""
    return "://" in path
