"""Our own checkpoints, `ckpt-N`: weights by canonical name, and the rest.

The files are TensorFlow's. Weights stand under `variables/<canonical name>`,
what the optimizer remembers under `optimizer/<place>`, so that nothing
depends on how Keras names or orders its objects; `progress` is JSON, whatever
else the run needs to go on. `ckpt-N.sha256` holds the checksums.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import tensorflow as tf

from simclrv2_tf.checkpoints import checksums
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.bundle import Bundle
from simclrv2_tf.files import atomic
from simclrv2_tf.files import run_files
from simclrv2_tf.files.errors import first_line

if TYPE_CHECKING:
    import keras

_LOG = logging.getLogger("simclrv2_tf")
_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLASH = ".S"  # how TensorFlow writes a slash inside a name
_PROGRESS = "progress"
_SET_ASIDE = "damaged-"


def snapshot(
    variables: Mapping[str, keras.Variable],
    optimizer_variables: Iterable[keras.Variable] = (),
    progress: Mapping[str, Any] | None = None,
) -> dict[str, tf.Tensor]:
    """What a checkpoint holds, as it is now, in the host's memory.

    On the CPU nothing is copied here: TensorFlow copies a variable that is
    being looked at when it is next written to.

    Args:
      variables: {canonical name: Keras variable}.
      optimizer_variables: The optimizer's, in its order.
      progress: What JSON holds.

    Returns:
      {key in the file: tensor}.
    """
    named = {f"variables/{_escaped(n)}": v for n, v in variables.items()}
    named |= {f"optimizer/{i}": v for i, v in enumerate(optimizer_variables)}
    with tf.device("CPU"):
        tensors = {f"{n}{_SUFFIX}": tf.identity(v) for n, v in named.items()}
        tensors[_PROGRESS] = tf.constant(json.dumps(progress or {}))
    return tensors


def _escaped(name):
    return name.replace("/", _SLASH)


def write(
    directory: str,
    step: int,
    tensors: Mapping[str, tf.Tensor],
    keep: int = 5,
    also: int | None = None,
) -> str:
    """Writes `ckpt-<step>` and then deletes the oldest beyond `keep`.

    The files are written beside, read back and verified, and renamed, the
    index last. On `gs://` a rename is a copy and not atomic; checksums show
    a checkpoint that was cut off there.

    Args:
      directory: Of the run; made if missing.
      step: Steps trained.
      tensors: See `snapshot`.
      keep: Checkpoints that stay.
      also: Step of one that stays beside them; None for none.

    Returns:
      The prefix that was written.

    Raises:
      ValueError: If that fails; what was there is still there.
    """
    prefix = prefix_of(directory, step)
    with atomic.files(prefix) as staged:
        tf.raw_ops.SaveV2(
            prefix=staged,
            tensor_names=list(tensors),
            shape_and_slices=[""] * len(tensors),
            tensors=list(tensors.values()),
        )
        _read_all(staged)
        checksums.write(staged)
    older = [s for s in steps(directory) if s < step]
    others = [s for s in older if s != also]
    forgotten = others[: max(0, len(others) + 1 - keep)]
    kept = [prefix_of(directory, s) for s in older if s not in forgotten]
    atomic.name_newest(prefix, kept)
    for old in forgotten:
        delete(prefix_of(directory, old))
    return prefix


def save(
    directory: str,
    step: int,
    variables: Mapping[str, keras.Variable],
    optimizer_variables: Iterable[keras.Variable] = (),
    keep: int = 5,
) -> str:
    """A snapshot, written at once; see `snapshot` and `write`."""
    tensors = snapshot(variables, optimizer_variables)
    return write(directory, step, tensors, keep)


def delete(prefix: str) -> None:
    """Deletes a checkpoint, its index first: it is never half there."""
    for path in sorted(_files(prefix), key=lambda p: not p.endswith(".index")):
        tf.io.gfile.remove(path)


def _files(prefix):
    directory, name = os.path.split(prefix)
    return [
        os.path.join(directory, file)
        for file in tf.io.gfile.listdir(directory or ".")
        if file.startswith(f"{name}.")
    ]


def steps(directory: str | None) -> list[int]:
    """The steps whose checkpoints are in a directory, the newest last."""
    if not directory or not tf.io.gfile.isdir(directory):
        return []
    return run_files.checkpoint_steps(tf.io.gfile.listdir(directory))


def prefix_of(directory: str, step: int) -> str:
    """The prefix of a run's checkpoint, whether it is there or not."""
    return os.path.join(directory, run_files.checkpoint_name(step))


def latest(directory: str | None) -> str | None:
    """Prefix of the newest checkpoint of a run, None if there is none."""
    present = steps(directory)
    if directory and present:
        return prefix_of(directory, present[-1])
    if not directory or not tf.io.gfile.isdir(directory):
        return None
    return tf.train.latest_checkpoint(directory)  # of another program


def latest_valid(directory: str | None, set_aside: bool = False) -> str | None:
    """Prefix of the newest checkpoint whose files are whole.

    Args:
      directory: Of the run; None for no run.
      set_aside: Whether damaged ones found on the way are renamed to
        `damaged-ckpt-N`, so that a run writes anew what is torn.

    Returns:
      The prefix, None if there is no checkpoint at all.

    Raises:
      ValueError: If there are checkpoints, and all are damaged.
    """
    if directory is None:
        return None
    present = steps(directory)
    for step in reversed(present):
        prefix = prefix_of(directory, step)
        reason = verify(prefix)
        if reason is None:
            return prefix
        _LOG.warning("%s is damaged and passed over: %s", prefix, reason)
        if set_aside:
            _set_aside(prefix)
    if present:
        raise ValueError(
            f"All checkpoints of {directory!r} are damaged ({len(present)}): "
            "restore one from a copy, or give another --model_dir to start "
            "anew."
        )
    return latest(directory)


def keeps_checksums(directory: str) -> bool:
    """Whether the newest checkpoint was written with checksums."""
    present = steps(directory)
    if not present:
        return False
    newest = prefix_of(directory, present[-1])
    return tf.io.gfile.exists(newest + checksums.SUFFIX)


def _set_aside(prefix):
    for path in sorted(_files(prefix), key=lambda p: not p.endswith(".index")):
        directory, name = os.path.split(path)
        target = os.path.join(directory, _SET_ASIDE + name)
        tf.io.gfile.rename(path, target, overwrite=True)


def verify(prefix: str) -> str | None:
    """What is wrong with a checkpoint's files, None if nothing is.

    Reads all of them; by their checksums, or where those are missing (a
    checkpoint of another program) by the ones inside the files.
    """
    try:
        recorded = checksums.read(prefix)
        if recorded:
            return checksums.difference(prefix, recorded)
        _read_all(prefix)
    except (tf.errors.OpError, OSError, ValueError) as error:
        return first_line(error)
    return None


def _read_all(prefix):
    """Reads every array, which verifies the checksums inside the files."""
    bundle = Bundle(prefix)
    for key in bundle.shapes:
        bundle.read(key)


def step_of(prefix: str) -> int:
    """Steps trained, from the name of a checkpoint."""
    match = re.search(r"-(\d+)$", prefix)
    return int(match[1]) if match else 0


def is_ours(prefix: str) -> bool:
    """Whether a checkpoint was written by `save`."""
    names = Bundle(prefix).shapes
    return any(name.startswith("variables/base_model") for name in names)


def read(prefix: str) -> Arrays:
    """The weights of a checkpoint, `Arrays` of canonical names."""
    return _under(prefix, "variables/")


def read_optimizer(prefix: str) -> Arrays:
    """What the optimizer remembered, `Arrays` of its places."""
    return _under(prefix, "optimizer/")


def read_progress(prefix: str) -> dict[str, Any]:
    """The `progress` of `snapshot`, {} in checkpoints that hold none."""
    bundle = Bundle(prefix)
    if _PROGRESS not in bundle.shapes:
        return {}
    return json.loads(bundle.read(_PROGRESS))


def _under(prefix, scope):
    bundle = Bundle(prefix)
    keys = {
        _name(key, scope): key
        for key in bundle.shapes
        if key.startswith(scope) and key.endswith(_SUFFIX)
    }
    return bundle.arrays(keys)


def _name(key, scope):
    return key[len(scope) : -len(_SUFFIX)].replace(_SLASH, "/")


def flags_file(directory: str) -> str:
    """The path of the flags of a run, whether they are there or not."""
    return os.path.join(directory, run_files.FLAGS)
