"""Optional packages, checked before they are used."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


def check_extra(package: str, extra: str, what: str) -> None:
    """Raises a ValueError with the line that installs what is missing.

    Args:
      package: Name of the module.
      extra: Of setup.cfg, that brings it.
      what: That needs it, in words.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:  # a mere folder of that name
        raise ValueError(
            f"{what} needs {package}: pip install 'simclrv2_tf[{extra}]'"
        )


def load_extra(package: str, extra: str, what: str) -> ModuleType:
    """The module, or the error of `check_extra`; see there."""
    check_extra(package, extra, what)
    return importlib.import_module(package)
