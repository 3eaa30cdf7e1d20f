"""Arrays that stay in their file until a part of them is asked for."""

import numpy as np


class Mapped:
    """Rows of a file of numbers, as an array that is not in memory.

    Indexing chooses rows and reads nothing; `np.asarray` reads.

    Args:
      array: `np.memmap`, rows first.
      numbers: int array of any shape, the rows that this one has; None for
        all.
    """

    def __init__(self, array, numbers=None):
        self._array = array
        self._numbers = np.arange(len(array)) if numbers is None else numbers

    @property
    def shape(self):
        return (*np.shape(self._numbers), *self._array.shape[1:])

    @property
    def dtype(self):
        return self._array.dtype

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, indices):
        return Mapped(self._array, self._numbers[indices])

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array[self._numbers], dtype)

    def __reduce__(self):
        """Another process gets the rows themselves, and no others."""
        return np.array, (np.asarray(self),)
