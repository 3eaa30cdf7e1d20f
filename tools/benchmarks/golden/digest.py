"""SHA-256 of arrays: their types, shapes and bytes."""

import hashlib

import numpy as np


def of_arrays(arrays):
    """One digest of named arrays, whatever order they come in."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def of_list(arrays):
    """One digest of arrays in their order."""
    return of_arrays({f"{i:06d}": array for i, array in enumerate(arrays)})
