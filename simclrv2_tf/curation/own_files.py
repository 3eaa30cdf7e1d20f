"""Which images are files of their own, also where data sets are joined."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.example_names import are_files
from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined import Joined


def own_files(source: Source) -> np.ndarray:
    """The file of each example, "" for one that is no file of its own.

    Args:
      source: A `Source`; of several data sets as one (`concat:A,B`) each
        example is looked up where it comes from.

    Returns:
      str (examples,), files of this machine by their whole paths.
    """
    if are_files(source):
        return np.array(whole_names(source), object)
    files = np.full(source.num_examples, "", object)
    storage = source.storage
    if isinstance(storage, Joined):
        for number, part in enumerate(storage.sources):
            mine = storage.which == number
            files[mine] = own_files(part)[storage.index[mine]]
    return files
