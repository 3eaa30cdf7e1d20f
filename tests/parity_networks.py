"""The networks of the parity figures: names, shapes, weights, answers."""

import json
import re

import numpy as np
import reference

KEYS = (
    "r18_1x_sk0_32px",
    "r34_1x_sk0_32px",
    "r50_1x_sk0_64px",
    "r50_1x_sk0_se_64px",
    "r50_1x_sk1_64px",
    "r50_2x_sk0_64px",
    "r50_2x_sk1_64px",
    "r50_4x_sk0_64px",
    "r101_1x_sk0_64px",
    "r101_1x_sk1_64px",
    "r101_2x_sk0_64px",
    "r101_2x_sk1_64px",
    "r152_1x_sk0_64px",
    "r152_1x_sk1_64px",
    "r152_2x_sk0_64px",
    "r152_2x_sk1_64px",
    "r152_3x_sk1_64px",
)
# The layer that the classifier of the parity figures read: 1 but for these.
_SELECTORS = {
    "r34_1x_sk0": 0,
    "r50_1x_sk0": 0,
    "r50_4x_sk0": 0,
    "r50_2x_sk1": 2,
}


def params(fast):
    """All keys as parameters of a test, those that are not fast as slow."""
    import pytest

    return [
        pytest.param(key, marks=[] if key in fast else pytest.mark.slow)
        for key in KEYS
    ]


def shapes(parity_dir, key):
    """{canonical name: shape}."""
    text = (parity_dir / "models" / f"{key}.json").read_text()
    return {name: tuple(s) for name, s in json.loads(text).items()}


def weights(shapes, seed=1):
    """{canonical name: array}, by the recipe of the parity figures."""
    return {
        name: np.asarray(reference.parity_weights(name, shape, seed))
        for name, shape in shapes.items()
    }


def images(pixels):
    return reference.parity_images(pixels)


def pixels(key):
    return int(re.search(r"_(\d+)px$", key)[1])


def selector(key):
    return _SELECTORS.get(re.match(r"r\d+_\dx_sk\d", key)[0], 1)


def answers(parity_dir, key):
    """{endpoint: what the original network answered}."""
    with np.load(parity_dir / "models" / f"{key}.npz") as file:
        return dict(file)


def bound(key):
    """Relative L2 error that float32 explains: deeper networks have more."""
    return 1e-5 if int(re.match(r"r(\d+)", key)[1]) <= 50 else 1e-4
