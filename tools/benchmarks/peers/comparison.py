"""Accuracy of nearest neighbours, by one function for both sides.

    python -m tools.benchmarks.peers.comparison RUN NPZ

Images of the file's "test" are compared with those of its "train".
"""

import json
import pathlib
import sys

from tools.peers.handover import FEATURES

NEIGHBOURS = (10, 200)
TEMPERATURE = 0.1
BATCH = 500
SPLITS = {"known": "train", "asked": "test"}


def judge(folder, npz):
    """{"10 neighbours": accuracy, "200 neighbours": accuracy}."""
    import numpy as np

    from simclrv2_tf.probing.nearest import votes

    arrays, features = np.load(npz), features_of_run(pathlib.Path(folder), npz)
    settings = [(k, TEMPERATURE) for k in NEIGHBOURS]
    voted = votes(
        features["known"], arrays["y_train"], features["asked"], settings
    )
    return shares(voted, arrays["y_test"])


def shares(voted, truth):
    """The share of what was told that is true, by neighbours."""
    return {
        f"{k} neighbours": round(float((row == truth).mean()), 4)
        for k, row in zip(NEIGHBOURS, voted, strict=True)
    }


def features_of_run(folder, npz):
    """{"known": features, "asked": features} of unit length, in file order."""
    import numpy as np

    path = folder / FEATURES
    features = dict(np.load(path)) if path.exists() else ours(folder, npz)
    return {
        name: rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for name, rows in features.items()
    }


def ours(folder, npz):
    """Features of a run of the command, in the order of the file."""
    import simclrv2_tf
    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.models.features import features_of
    from simclrv2_tf.runs import inputs

    size = json.loads((folder / "flags.json").read_text())["image_size"]
    network = simclrv2_tf.load_network(str(folder))
    config, by_name = Config(dataset=f"npz:{npz}"), {}
    for name, split in SPLITS.items():
        source = inputs.open_source(config, split)
        batches = pipeline.eval_dataset(source, BATCH, size)
        features, numbers = features_of(network, batches)
        by_name[name] = features[numbers.argsort()]
    return by_name


if __name__ == "__main__":
    print(json.dumps(judge(*sys.argv[1:])))
