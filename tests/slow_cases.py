"""Parameters of which some are slow tests."""

import pytest


def all_but(fast, cases):
    """The cases; those that are not among the fast ones are slow tests."""
    unknown = [case for case in fast if case not in cases]
    if unknown:
        raise ValueError(f"no such case: {unknown}")
    return [
        case if case in fast else pytest.param(case, marks=pytest.mark.slow)
        for case in cases
    ]
