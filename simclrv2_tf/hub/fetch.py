"""Published weights on this machine: fetched once, whole, and verified."""

import contextlib
import errno
import glob
import hashlib
import json
import os
import re
import shutil
import urllib.error
import zlib

from simclrv2_tf.hub import transfer

CACHE = "SIMCLRV2_CACHE"
MIRROR = "SIMCLRV2_MIRROR"
_RECORD = "files.json"
_STATE = "checkpoint"
_VARIABLES = "variables/variables"
_BYTES = 2**20  # read at once for hashing
_NO_SUCH = (400, 404, 410)


def cache_directory():
    """`SIMCLRV2_CACHE`, else the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get(CACHE) or os.path.join(base, "simclrv2_tf")


def fetch(model):
    """Brings a published model to the cache, or verifies it there.

    Several processes may ask for the same model at once: one fetches, the
    others wait. An interrupted download goes on where it stopped.

    Args:
      model: A `catalogue.Model`.

    Returns:
      Path for `source.open_source`.

    Raises:
      ValueError: If it can be had nowhere, or the cache is damaged.
    """
    final = os.path.join(cache_directory(), *model.name.split("/"))
    with _explained(model, final), _locked(final):
        if not os.path.exists(os.path.join(final, _RECORD)):
            _bring(model, final)
        return _verified(final)


@contextlib.contextmanager
def _explained(model, final):
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _remove_partial(final)
            reason = "the disk is full: make room"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "no permission: change it"
        else:
            reason = str(error)
        raise ValueError(
            f"{model.name} cannot be kept in {cache_directory()!r}, {reason}, "
            f"or name another directory in {CACHE}."
        ) from error


@contextlib.contextmanager
def _locked(final):
    """Lets one process at a time at a model, where the system can."""
    os.makedirs(os.path.dirname(final), exist_ok=True)
    try:
        import fcntl
    except ImportError:  # not on this system
        yield
        return
    with open(f"{final}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _partial(final, place):
    """Where files from a place are gathered; those of two never mix."""
    return f"{final}.part-{zlib.crc32(place.encode()):08x}"


def _remove_partial(final):
    for directory in glob.glob(f"{glob.escape(final)}.part-*"):
        shutil.rmtree(directory, ignore_errors=True)


def _bring(model, final):
    """Tries all places; the first that has the model is taken."""
    refusals = []
    for place, variant in _places(model):
        partial = _partial(final, place)
        try:
            files, load = variant(model, place, partial)
        except (urllib.error.URLError, transfer.Unreachable) as error:
            refusals.append(f"{place}: {_reason(error)}")
            continue
        _record(partial, files, load, place)
        os.rename(partial, final)
        _remove_partial(final)
        return
    _remove_empty(final)
    raise ValueError(_nowhere(model, final, refusals))


def _places(model):
    """Pairs of a directory or URL and how to get a model from there."""
    variants = (_hub, _saved) if _is_first(model) else (_tf1, _saved)
    mirror = os.environ.get(MIRROR)
    if mirror:
        yield from ((f"{mirror.rstrip('/')}/{model.name}", v) for v in variants)
    for bucket, variant in zip((model.tf1, model.tf2), variants, strict=True):
        web = bucket.replace("gs://", "https://storage.googleapis.com/")
        yield web, variant


def _is_first(model):
    return model.name.startswith("simclrv1/")


def _tf1(model, place, partial):
    """A TF1 checkpoint, named by its `checkpoint` file."""
    prefix = _named_by_state(place, partial) or (
        f"model.ckpt-{model.step}" if model.step else None
    )
    if prefix is None:
        raise transfer.Unreachable("no `checkpoint` file")
    files = [f"{prefix}.index", f"{prefix}.data-00000-of-00001"]
    _get_all(place, partial, files)
    return files, prefix


def _named_by_state(place, partial):
    try:
        _get_all(place, partial, [_STATE])
    except urllib.error.HTTPError as error:
        if error.code in _NO_SUCH:
            return None
        raise
    except transfer.Missing:
        return None
    with open(os.path.join(partial, _STATE)) as file:
        found = re.search(r'^model_checkpoint_path: "(.*)"', file.read(), re.M)
    return os.path.basename(found[1]) if found else None


def _hub(model, place, partial):
    return _bundle(place, partial, f"hub/{_VARIABLES}")


def _saved(model, place, partial):
    return _bundle(place, partial, f"saved_model/{_VARIABLES}")


def _bundle(place, partial, prefix):
    files = [f"{prefix}.index", f"{prefix}.data-00000-of-00001"]
    _get_all(place, partial, files)
    return files, prefix


def _get_all(place, partial, files):
    for file in files:
        target = os.path.join(partial, file)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        transfer.get(f"{place}/{file}", target)


def _record(partial, files, load, place):
    """Writes down what came, to be verified ever after."""
    record = {
        "load": load,
        "from": place,
        "files": {file: _mark(os.path.join(partial, file)) for file in files},
    }
    with open(os.path.join(partial, _RECORD), "w") as file:
        json.dump(record, file, indent=2)


def _remove_empty(final):
    """Gathering places to which nothing came; the others wait for more."""
    for directory in glob.glob(f"{glob.escape(final)}.part-*"):
        if not any(files for _, _, files in os.walk(directory)):
            shutil.rmtree(directory, ignore_errors=True)


def _verified(final):
    """Path to load, once all files are what was recorded."""
    with open(os.path.join(final, _RECORD)) as file:
        record = json.load(file)
    for name, mark in record["files"].items():
        path = os.path.join(final, name)
        if not os.path.exists(path) or _mark(path) != mark:
            raise ValueError(
                f"{path!r} is no longer the file that was fetched (SHA-256 "
                f"and size were recorded): remove {final!r} and fetch again."
            )
    return os.path.join(final, record["load"])


def _mark(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_BYTES):
            digest.update(chunk)
    return {"bytes": os.path.getsize(path), "sha256": digest.hexdigest()}


def _reason(error):
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", error))


def _nowhere(model, final, refusals):
    name = f"model.ckpt-{model.step or 'N'}"
    wanted = f"{name}.index and {name}.data-00000-of-00001"
    if _is_first(model):
        wanted = f"hub/{_VARIABLES}.index and .data-00000-of-00001"
    return (
        f"{model.name} can be had nowhere ({'; '.join(refusals)}): download "
        f"{wanted} from {model.tf1} on a machine with internet, put them into "
        f"DIRECTORY/{model.name}/ and set {MIRROR}=DIRECTORY."
    )
