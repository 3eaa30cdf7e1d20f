"""Whole numbers of a command line, not below what a program can use."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """The `type` of an argument that is a whole number, `least` or more."""

    def number(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(
                f"must be {least} or more. Received: {text}"
            )
        return value

    number.__name__ = "whole number"  # in the words of argparse
    return number


def multiple_of(factor: int) -> Callable[[str], int]:
    """The same of a number that `factor` divides, `factor` or more."""

    def number(text):
        value = at_least(factor)(text)
        if value % factor:
            raise argparse.ArgumentTypeError(
                f"must be a multiple of {factor}. Received: {text}"
            )
        return value

    number.__name__ = "whole number"
    return number
