"""Which network the names in a PyTorch file are those of."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints.arrays import Shape
from simclrv2_tf.checkpoints.pytorch_layouts import FIRST_SHORTCUTS
from simclrv2_tf.checkpoints.pytorch_layouts import LAYOUTS
from simclrv2_tf.checkpoints.pytorch_layouts import ours

# What a prefix says of an encoder that was not trained itself.
_FOLLOWERS = {"k", "key", "m", "ema", "momentum", "teacher", "target"}
_SHOWN = 5
_MOST_GROUPS = 10  # that an error suggests to pass over


@dataclasses.dataclass(frozen=True)
class Match:
    """A network that was found in a file.

    Attributes:
      kind: Name of the layout.
      prefix: What stands before the layout's names.
      names: {canonical name: name in the file}; some may be absent there.
      arguments: Those of `Network` that it was found with.
    """

    kind: str
    prefix: str
    names: dict[str, str]
    arguments: dict[str, Any]


def recognise(
    shapes: Mapping[str, Shape], path: str, described: dict[str, Any]
) -> Match:
    """Finds the network in a file.

    Of several, such as MoCo's, it is the one that was trained by gradients.

    Args:
      shapes: {name in the file: shape}.
      path: Of the file, for the error.
      described: Arguments of `Network` that the file tells, {} if none.

    Returns:
      A `Match`.

    Raises:
      ValueError: If the names are in none of the layouts.
    """
    if described:
        names = naming.names(ours, described)
        if all(name in shapes for name in names.values()):
            return Match("our PyTorch module", "", names, described)
    for kind, (scheme, first) in LAYOUTS.items():
        for prefix in _prefixes(first, shapes):
            exists = _exists(kind, prefix, shapes)
            matched, arguments = naming.match(scheme, exists)
            if matched and arguments:
                names = {c: prefix + name for c, name in matched.items()}
                return Match(kind, prefix, names, arguments)
    shown = ", ".join(list(shapes)[:3])
    raise ValueError(
        f"{path!r} holds no network in a known layout: expected the names of "
        "torchvision's ResNet (conv1.weight, layer1.0.conv1.weight, …), of "
        "the SimCLRv2-Pytorch converter (resnet.net…, head.layers…) or ours. "
        f"Received {len(shapes)} tensors: {shown}{', …' if shapes else ''}"
    )


def _prefixes(first, shapes):
    """What may stand before the names: `module.`, `encoder.` and the like."""
    prefixes = {m[1] for n in shapes if (m := re.fullmatch(first, n))}
    prefixes = {p for p in prefixes if not re.search(r"(^|\.)layer\d+\.", p)}
    return sorted(prefixes, key=lambda p: (_follows(p), len(p), p))


def _follows(prefix):
    return bool(_FOLLOWERS & set(re.split(r"[._]", prefix.lower())))


def _exists(kind, prefix, shapes):
    """Whether a file has a name; a first shortcut may be an identity.

    Torchvision's depth 18 and 34 open with one; deeper networks do not.
    """
    block = FIRST_SHORTCUTS.get(kind)
    if block and f"{prefix}{block}.conv3.weight" in shapes:
        block = None

    def exists(name):
        absent = block and name.startswith(f"{block}.downsample.")
        return absent or prefix + name in shapes

    return exists


def refuse_others(path: str, match: Match, others: Sequence[str]) -> None:
    """Raises a ValueError if a file holds more tensors than the network.

    Args:
      path: Of the file.
      match: The `Match`.
      others: Names of the tensors that are no part of it.
    """
    if not others:
        return
    shown = ", ".join(others[:_SHOWN])
    place = f" under {match.prefix!r}" if match.prefix else ""
    groups = _groups(others, match.names.values())
    pattern = "|".join(map(re.escape, groups))
    how = f", ignore={pattern!r}" if len(groups) <= _MOST_GROUPS else ""
    raise ValueError(
        f"{path!r} ({match.kind} names{place}) holds {len(others)} tensors "
        f"that are no part of the network ({shown}"
        f"{', …' if len(others) > _SHOWN else ''}): pass over them by name "
        f"with `ignore`, a regular expression{how}."
    )


def _groups(others, used):
    """The shortest beginnings of names that no used name has."""
    taken = {
        ".".join(parts[: n + 1])
        for parts in (name.split(".") for name in used)
        for n in range(len(parts))
    }
    groups = {}
    for name in others:
        parts = name.split(".")
        beginnings = (".".join(parts[: n + 1]) for n in range(len(parts)))
        groups[next((b for b in beginnings if b not in taken), name)] = None
    return list(groups)
