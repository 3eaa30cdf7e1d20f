"""The recipes that come with the package: flagfiles by name.

`--flagfile=simclrv2:digits_pretrain` is the file `flags/digits_pretrain.cfg` of
a checkout, and of an installed package the same file within it.
"""

import difflib
import pathlib

PREFIX = "simclrv2:"
ENDING = ".cfg"
_PACKAGE = pathlib.Path(__file__).resolve().parent
# Where setup.py puts them, and where they are in a checkout.
_PLACES = (_PACKAGE / "flagfiles", _PACKAGE.parent / "flags")


def names() -> list[str]:
    """What may stand after `simclrv2:`, in order."""
    return sorted(path.stem for path in _directory().glob(f"*{ENDING}"))


def path_of(flagfile: str) -> str:
    """The path of a flagfile.

    Args:
      flagfile: A path, which is given back as it is, or `simclrv2:` and the
        name of a recipe, with or without ".cfg".

    Raises:
      ValueError: If the package has no such recipe.
    """
    if not flagfile.startswith(PREFIX):
        return flagfile
    name = flagfile.removeprefix(PREFIX).removesuffix(ENDING)
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {PREFIX}{near[0]}?" if near else ""
        raise ValueError(
            f"A recipe of the package must be one of {', '.join(known)}."
            f"{hint} Received: --flagfile={flagfile}"
        )
    return str(_directory() / f"{name}{ENDING}")


def _directory():
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])
