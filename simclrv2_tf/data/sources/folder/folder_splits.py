"""Which folders below a folder are its splits."""

from __future__ import annotations

import os
import re

import tensorflow as tf

from simclrv2_tf.data.sources.folder.folder_files import is_hidden
from simclrv2_tf.data.sources.folder.listing import entries
from simclrv2_tf.data.sources.folder.listing import text_names
from simclrv2_tf.data.splits import ALIASES
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import VALIDATION

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SUFFIX = re.compile(r"(set|data|images?|imgs|files|folder|dir|split)$")

# Words that a folder's name may hold, for each split.
_ROLES = {
    "train": (*TRAIN, "trainval"),
    "validation": (*VALIDATION, "eval", "evaluation"),
    "test": TEST,
    "unlabelled": ALIASES["unlabelled"],
}


def split_folders(path: str, requested: str = "") -> dict[str, str]:
    """The splits that a folder holds.

    Folders are splits if they are called so ("train", "Testing"), or hold
    these words ("seg_train", "test_images") and the same class folders. A
    class may well be called "train".

    Args:
      path: Of the folder.
      requested: Name of a split that may be a folder of any other name.

    Returns:
      Dictionary from splits to folders. A folder that only holds the word
      stands under the split's usual name, or under its own where several
      folders mean one split. Without splits all is "train".

    Raises:
      ValueError: If a folder cannot be listed, or a name is no UTF-8.
    """
    with text_names(path):
        return _split_folders(path, requested)


def _split_folders(path, requested):
    path = innermost(path)
    folders = subfolders(path)
    known = {
        name.lower() if name.lower() in KNOWN else name: folder
        for name, folder in folders.items()
    }
    if _are_splits(set(known)):
        named = _unwrapped({n: known[n] for n in known if n in KNOWN})
    else:
        named = _by_words(folders)
    if not named:
        return {TRAIN[0]: path}
    if requested in known:
        named = _unwrapped({**named, requested: known[requested]})
    return named


def subfolders(path: str) -> dict[str, str]:
    """Dictionary from the names of the folders in a folder to their paths."""
    return {
        entry: os.path.join(path, entry)
        for entry in entries(path)
        if tf.io.gfile.isdir(os.path.join(path, entry))
    }


def innermost(path: str) -> str:
    """Descends into a sole sub-folder of the same name, as archives have.

    What is hidden does not count.
    """
    name = os.path.basename(path.rstrip("/"))
    while name and _holds_only(path, name):
        path = os.path.join(path, name)
    return path


def _holds_only(path, name):
    """Whether a folder's one entry, hidden ones aside, is a folder so named."""
    shown = [e for e in entries(path) if e == name or not is_hidden(e)]
    return shown == [name] and tf.io.gfile.isdir(os.path.join(path, name))


def _unwrapped(folders):
    """{split: its innermost folder}.

    The sole folder in "test" stays a class where training has a class "test".
    """
    inner = {split: innermost(folder) for split, folder in folders.items()}
    trained = [inner[split] for split in TRAIN if split in inner]
    whole = {
        split: folder
        for split, folder in folders.items()
        if split not in TRAIN
        and inner[split] != folder
        and _any_holds(trained, os.path.basename(folder))
    }
    return inner | whole


def _any_holds(folders, name):
    """Whether one of the folders holds a folder of that name."""
    paths = [os.path.join(folder, name) for folder in folders]
    return any(map(tf.io.gfile.isdir, paths))


def _are_splits(names):
    """Whether folders of usual names are splits."""
    known = set(KNOWN)
    pair = names & set(TRAIN) and names & (known - set(TRAIN))
    return bool(pair or (names and names <= known))


def _by_words(folders):
    """Splits of folders whose names hold the words; {} if they are classes."""
    visible = [name for name in folders if not is_hidden(name)]
    roles = {name: role for name in visible if (role := role_of(name))}
    inner = {name: innermost(folders[name]) for name in roles}
    splits = list(roles.values())
    all_are = len(roles) == len(visible) and TRAIN[0] in splits
    if not (all_are or _share_classes(inner.values())):
        return {}
    return {
        role if splits.count(role) == 1 else name: inner[name]
        for name, role in roles.items()
    }


def _share_classes(paths):
    """Whether two folders hold a folder of the same name."""
    names = [name for path in paths for name in subfolders(path)]
    names = [name for name in names if not is_hidden(name)]
    return len(set(names)) < len(names)


def role_of(name: str) -> str | None:
    """The split that a folder's name means: "seg_train" is "train".

    Returns:
      "train", "validation", "test" or "unlabelled"; None where the name holds
      the word of none, or of several.
    """
    words = {word.lower() for word in _WORD.findall(name)}
    words |= {_SUFFIX.sub("", word) for word in words}
    roles = [role for role, own in _ROLES.items() if words & set(own)]
    if roles == ["train", "validation"]:  # "train_val" is trained on
        return "train"
    return roles[0] if len(roles) == 1 else None
