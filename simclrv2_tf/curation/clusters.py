"""k-means of features of length 1, in bounded memory: scikit-learn's."""

from __future__ import annotations

import warnings

import numpy as np

from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import taken
from simclrv2_tf.probing.nearest import unit

FITTED = 100_000  # examples that centres are found among
# Examples times clusters up to which each step looks at all examples; above,
# at `BATCH` of them (Sculley 2010).
WHOLE_STEPS = 2_000_000
BATCH = 4096


def clusters_of(rows, count: int, seed: int = 0) -> np.ndarray:
    """The cluster of each example.

    Args:
      rows: Features (examples, features).
      count: Clusters, at most as many as there are examples.
      seed: Of the first centres.

    Returns:
      int (examples,) in [0, count); some clusters may be empty.
    """
    from threadpoolctl import threadpool_limits

    some = np.arange(len(rows))
    if len(some) > FITTED:
        order = np.random.Generator(np.random.PCG64(seed))
        some = np.sort(order.permutation(some)[:FITTED])
    model = _model(len(some), count, seed)
    with warnings.catch_warnings(), threadpool_limits(1):  # see linear_probe
        warnings.simplefilter("ignore")  # of fewer different rows than clusters
        model.fit(unit(taken(rows, some)))
        assigned = [model.predict(unit(block)) for _, block in blocks(rows)]
    return np.concatenate(assigned)


def _model(examples, count, seed):
    from sklearn.cluster import KMeans
    from sklearn.cluster import MiniBatchKMeans

    if examples * count <= WHOLE_STEPS:
        return KMeans(count, n_init=1, random_state=seed)
    return MiniBatchKMeans(count, n_init=1, batch_size=BATCH, random_state=seed)
