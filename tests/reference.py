"""Naive numpy twins of the formulas, written from the papers, in float64."""

import zlib

import numpy as np


def nt_xent(view_a, view_b, temperature=0.1, hidden_norm=True):
    """NT-Xent per pair: both directions added, loops over all anchors."""
    z = np.concatenate([view_a, view_b]).astype(np.float64)
    if hidden_norm:
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
    count = len(view_a)
    values = np.zeros(count)
    for anchor in range(2 * count):
        positive = (anchor + count) % (2 * count)
        others = [k for k in range(2 * count) if k != anchor]
        logits = np.array([z[anchor] @ z[k] for k in others]) / temperature
        top = logits.max()
        log_sum = top + np.log(np.exp(logits - top).sum())
        of_positive = z[anchor] @ z[positive] / temperature
        values[anchor % count] += log_sum - of_positive
    return values


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def distillation(teacher, student, temperature):
    """Equation 2 of SimCLRv2, per example."""
    p = softmax(np.float64(teacher) / temperature)
    q = softmax(np.float64(student) / temperature)
    return -(p * np.log(q)).sum(axis=-1)


def lars_step(w, g, v, lr, momentum, decay, eeta=1e-3, adapt=True):
    """One classic LARS step: the new weights and buffer."""
    g = g + decay * w
    trust = 1.0
    if adapt and np.linalg.norm(w) > 0 and np.linalg.norm(g) > 0:
        trust = eeta * np.linalg.norm(w) / np.linalg.norm(g)
    v = momentum * v + lr * trust * g
    return w - v, v


def warmup_cosine(step, rate, warmup, total):
    """The learning rate of one step."""
    if step < warmup:
        return rate * step / warmup
    place = (step - warmup) / (total - warmup)
    return rate * 0.5 * (1 + np.cos(np.pi * place))


def parity_weights(name, shape, seed=1):
    """The weights with which the parity figures were made."""
    rng = np.random.Generator(
        np.random.PCG64(zlib.crc32(f"{seed}:{name}".encode()))
    )
    x = rng.standard_normal(tuple(shape), dtype=np.float32)
    leaf = name.rsplit("/", 1)[-1]
    if leaf == "kernel":
        return x * np.float32(np.sqrt(1 / np.prod(shape[:-1])))
    if leaf in ("gamma", "moving_variance"):
        return 1 + np.float32(0.1) * np.tanh(x)
    return np.float32(0.1) * x


def parity_images(pixels):
    rng = np.random.Generator(np.random.PCG64(1))
    x = rng.standard_normal((2, pixels, pixels, 3), dtype=np.float32)
    return np.clip(0.5 + 0.25 * x, 0, 1).astype(np.float32)


def nt_xent_gradient(view_a, view_b, temperature, weights):
    """NT-Xent per pair, and the gradient of its weighted sum; float64.

    From the softmax of each anchor over all others: anchor i pulls itself by
    (sum_k p_ik z_k - z_positive) / t, and each other k by p_ik z_i / t; then
    through the normalisation, which takes away what is along z.
    """
    x = np.concatenate([view_a, view_b]).astype(np.float64)
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    z = x / norms
    count = len(view_a)
    positive = (np.arange(2 * count) + count) % (2 * count)
    logits = z @ z.T / temperature
    np.fill_diagonal(logits, -np.inf)
    of_positive = logits[np.arange(2 * count), positive]
    others = np.exp(logits - of_positive[:, None])
    p = others / others.sum(axis=1, keepdims=True)
    others[np.arange(2 * count), positive] = 0
    values = np.log1p(others.sum(axis=1))
    p[np.arange(2 * count), positive] = -others.sum(axis=1) / (
        1 + others.sum(axis=1)
    )
    pull = p * np.concatenate([weights, weights])[:, None]
    gradient = (pull + pull.T) @ z / temperature
    along = (gradient * z).sum(axis=1, keepdims=True)
    return values[:count] + values[count:], (gradient - along * z) / norms


class MomentumTwin:
    """Contrast with a momentum encoder and a memory, of a linear network.

    Loops over queries; SGD. Everything in float64.
    """

    def __init__(self, weights, momentum, size, temperature, rate):
        self.weights = np.float64(weights)
        self.average = self.weights.copy()
        self.memory = []
        self.momentum, self.size = momentum, size
        self.temperature, self.rate = temperature, rate

    def step(self, view_a, view_b):
        """Takes a step; returns the loss."""
        views = np.float64(view_a), np.float64(view_b)
        keys = [unit(x @ self.average) for x in views]
        gradient, loss = np.zeros_like(self.weights), 0.0
        for mine, other in ((0, 1), (1, 0)):
            for row, x in enumerate(views[mine]):
                negatives = [
                    *np.delete(keys[other], row, 0),
                    *np.delete(keys[mine], row, 0),
                    *self.memory,
                ]
                columns = np.array([keys[other][row], *negatives])
                value, to_query = self._query(x @ self.weights, columns)
                loss += value / len(view_a)
                gradient += np.outer(x, to_query) / len(view_a)
        self.weights = self.weights - self.rate * gradient
        self.average = (
            self.momentum * self.average + (1 - self.momentum) * self.weights
        )
        self.memory = [*self.memory, *keys[0], *keys[1]][-self.size :]
        return loss

    def _query(self, query, columns):
        """Cross-entropy of a query, the first column right; its gradient."""
        length = np.linalg.norm(query)
        z = query / length
        p = softmax(columns @ z / self.temperature)
        to_z = (p @ columns - columns[0]) / self.temperature
        return -np.log(p[0]), (to_z - (to_z @ z) * z) / length


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)
