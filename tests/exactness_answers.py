"""How alike the answers of any number of replicas and workers must be.

In float32 sums in another order differ in their last digits, and a network
makes more of that on its way: on one device, the order of the images in a
batch alone moves the gradient by 6e-6, and that of a single array by 2e-5.
So metrics, weights and moving statistics are held to 1e-5, each kind as one
vector, and the first gradient to 3e-5; every single array is held to 1e-3,
which a wrong factor in any of them breaks. With layers in float64 every
single array is held to 1e-6.
"""

import exactness
import numpy as np

TOLERANCE = {
    "metrics": 1e-5,
    "gradients 1": 3e-5,
    "weights": 1e-5,
    "statistics": 1e-5,
    "averages": 1e-5,
    "memory": 1e-5,
    "count": 0.0,
}
EACH = {"float32": 1e-3, "float64": 1e-5}


def answers(folder, case):
    return {p.stem: dict(np.load(p)) for p in (folder / case).glob("*.npz")}


def check(folder, case):
    """Compares all answers with those of one replica; prints the figures."""
    found = answers(folder, case)
    one = found.pop("1")
    for name, several in sorted(found.items()):
        assert set(several) == set(one)
        if case == exactness.EVALUATION:
            for key, value in one.items():
                # Some processors add a matrix up by the size of its batch.
                np.testing.assert_allclose(several[key], value, 1e-5, 1e-7, key)
            continue
        apart = exactness.differences(several, one)
        for kind, (whole, worst) in apart.items():
            print(f"{case} {name} {kind}: {whole:.1e} (worst {worst:.1e})")
        precision = "float64" if "float64" in case else "float32"
        for kind in TOLERANCE.keys() & apart.keys():
            limit = TOLERANCE[kind]
            whole, worst = apart[kind]
            assert whole <= limit, (kind, apart)
            assert worst <= EACH[precision], (kind, apart)
    return found
