"""NT-Xent without the big matrix: tiles of it, made twice and never kept.

With N pairs the dense loss holds several matrices of N x N logits for the
backward pass. Here the forward pass keeps one sum of exponentials per
embedding, and the backward pass makes every tile of logits again: memory is
O(batch * tile).

The gradient. Of s_ij, the logit of embeddings i and j (two views, one list),
embedding i's softmax makes P_ij = exp(s_ij - L_i), L_i being the log of its
sum, and embedding j's makes P_ji = exp(s_ij - L_j), from the very same s_ij:

    d loss / d z_i = sum_j (g_i P_ij + g_j P_ji) z_j - 2 g_i z_positive(i)

where g is the gradient that arrives at each pair's loss. So a replica needs
the L and g of the others, two numbers an embedding, and nothing else of
their backward pass.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.nt_xent_tiled.against_keys import compare_with_keys
from simclrv2_tf.nt_xent_tiled.row_blocks import size
from simclrv2_tf.nt_xent_tiled.rows import rows

TILE = 256
LOGITS_OF_MEMORY = 2**20  # at a time, 4 MB: as quick as more, twice as quick as
#                           the tiles of the batch (benchmarks/momentum.json)
__all__ = ["TILE", "compare", "compare_with_keys", "tile_of_memory"]


def tile_of_memory(queries: tf.Tensor) -> int:
    """Keys of a memory to be read at a time, where no tile is given."""
    count = size(queries)
    if not isinstance(count, int):
        return TILE
    return max(TILE, LOGITS_OF_MEMORY // max(count, 1))


def compare(
    a: tf.Tensor, b: tf.Tensor, temperature: float, tile: int = TILE
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """NT-Xent of each pair, its accuracy and its entropy.

    Args:
      a: float32 (batch, dim), embeddings of the first views.
      b: float32 (batch, dim), row i the positive of row i of `a`.
      temperature: Divides the similarities, above 0.
      tile: Columns made at a time, at least 1; need not divide the batch.

    Returns:
      Three float32 tensors (batch,): the sum of both directions'
      cross-entropies; 1 where the positive is nearer than every other
      second view (a tie is a miss); the entropy of that choice. Only the
      first has a gradient.
    """
    return rows(a * temperature**-0.5, b * temperature**-0.5, tile)
