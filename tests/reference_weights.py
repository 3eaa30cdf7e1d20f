"""Weights and images that anyone can make again, by name and seed.

The recipe is that of the parity figures' README.
"""

import json
import re
import zlib

import numpy as np


def weight(name, shape, seed=1):
    """The array of a variable, float32, from its canonical name alone."""
    key = zlib.crc32(f"{seed}:{name}".encode())
    x = np.random.Generator(np.random.PCG64(key)).standard_normal(
        tuple(shape), dtype=np.float32
    )
    kind = name.rpartition("/")[2]
    if kind == "kernel":
        fan_in = np.prod(shape[:-1])
        return (x * np.sqrt(1 / fan_in)).astype(np.float32)
    if kind in ("gamma", "moving_variance"):
        return (1 + 0.1 * np.tanh(x)).astype(np.float32)
    return (0.1 * x).astype(np.float32)


def weights(shapes, seed=1):
    """{name: array} for {name: shape}."""
    return {name: weight(name, s, seed) for name, s in shapes.items()}


def images(pixels, seed=1):
    """Two images in [0, 1], (2, pixels, pixels, 3)."""
    x = np.random.Generator(np.random.PCG64(seed)).standard_normal(
        (2, pixels, pixels, 3), np.float32
    )
    return np.clip(0.5 + 0.25 * x, 0, 1)


def shapes(parity_dir, key):
    """{canonical name: shape} of a parity network."""
    text = (parity_dir / "models" / f"{key}.json").read_text()
    return {name: tuple(s) for name, s in json.loads(text).items()}


def arguments(key):
    """The arguments of `Network` behind a key such as r50_1x_sk1_64px."""
    depth, width, sk, se, pixels = re.fullmatch(
        r"r(\d+)_(\d+)x_sk([01])(_se)?_(\d+)px", key
    ).groups()
    return {
        "resnet_depth": int(depth),
        "width_multiplier": int(width),
        "sk_ratio": 0.0625 * int(sk),
        "se_ratio": 0.25 if se else 0.0,
        "image_size": int(pixels),
        "num_classes": 10 if pixels == "32" else 1000,
        "ft_proj_selector": selector(key),
    }


def selector(key):
    """The projection layer that the parity figures' classifier read."""
    if key.startswith("r50_2x_sk1"):
        return 2
    ones = ("r18_1x", "r50_1x_sk1", "r50_2x_sk0", "r101", "r152")
    return int(key.startswith(ones))
