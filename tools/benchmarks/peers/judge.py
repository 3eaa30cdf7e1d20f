"""Accuracy of nearest neighbours, by one function for both sides.

    python -m tools.benchmarks.peers.judge RUN NPZ KNOWN

KNOWN images of training, the first, are what the asked ones are compared with:
the rest of them, or the test images where there is no rest.
"""

import json
import pathlib
import sys

from tools.peers.handover import FEATURES

NEIGHBOURS = (10, 200)
TEMPERATURE = 0.1
BATCH = 500


def judge(folder, npz, known):
    """{"10 neighbours": accuracy, "200 neighbours": accuracy}."""
    import numpy as np

    from simclrv2_tf.probing.nearest import votes

    arrays, found = np.load(npz), features_of_run(pathlib.Path(folder), known)
    labels, truth = arrays["y_train"][:known], arrays["y_train"][known:]
    if not len(truth):
        truth = arrays["y_test"]
    settings = [(k, TEMPERATURE) for k in NEIGHBOURS]
    told = votes(found["known"], labels, found["asked"], settings)
    return {
        f"{k} neighbours": round(float((row == truth).mean()), 4)
        for k, row in zip(NEIGHBOURS, told, strict=True)
    }


def features_of_run(folder, known):
    """{"known": features, "asked": features}, of unit length."""
    import numpy as np

    path = folder / FEATURES
    found = dict(np.load(path)) if path.exists() else ours(folder, known)
    return {
        name: rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for name, rows in found.items()
    }


def ours(folder, known):
    """Features of a run of the command, in the order of its file."""
    import simclrv2_tf
    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.models.features import features_of
    from simclrv2_tf.runs import inputs

    flags = json.loads((folder / "flags.json").read_text())
    network = simclrv2_tf.load_network(str(folder))
    config, found = Config(dataset=flags["dataset"]), {}
    for name, split in splits_of(flags["train_split"], known).items():
        source = inputs.open_source(config, split)
        batches = pipeline.eval_dataset(source, BATCH, flags["image_size"])
        features, numbers = features_of(network, batches)
        found[name] = features[numbers.argsort()]
    return found


def splits_of(train_split, known):
    """The splits that a run learnt from, and that it is asked about."""
    whole = train_split == "train"
    return {
        "known": train_split,
        "asked": "test" if whole else f"train[{known}:]",
    }


if __name__ == "__main__":
    folder, npz, known = sys.argv[1:]
    print(json.dumps(judge(folder, npz, int(known))))
