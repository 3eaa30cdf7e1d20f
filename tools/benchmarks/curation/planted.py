"""Wrong labels, copies and outliers that are planted: are they found?"""

import io

import numpy as np

IMAGES, WRONG, NAMED = 1000, 0.05, 50
COPIES = 200
OUTLIERS = 50
CHANGES = ("recompressed", "resized", "cropped by 5 %", "brightened by 20 %")
SMALL = 32  # images of fewer pixels are enlarged where others shrink


def features_of(network, source):
    from simclrv2_tf.inference.outputs import outputs_of

    _, outputs = outputs_of(network, source, ("final_avg_pool",))
    return outputs["final_avg_pool"]


def thumbnails_of(source):
    from simclrv2_tf.curation import alignment
    from simclrv2_tf.data import pipeline

    batches = pipeline.eval_dataset(source, 256, alignment.READ)
    return np.concatenate(
        [alignment.thumbnail(images).numpy() for images, _ in batches]
    )


def wrong_labels(data, draws):
    """Precision among the first 50, of this network and of an untrained one."""
    from simclrv2_tf.recipes import baselines
    from tools.benchmarks.curation.labels import neighbours_right

    untrained = baselines.untrained_like(data.network)
    kinds = {
        "network": data.features,
        "untrained network": features_of(untrained, data.source),
    }
    truth = data.source.labels
    return {
        name: {
            "neighbours_right": neighbours_right(features, truth),
            "uniformly": precision(features, truth, draws, uniform),
            "between_like_classes": precision(features, truth, draws, like),
        }
        for name, features in kinds.items()
    }


def precision(features, truth, draws, change):
    from simclrv2_tf.curation.doubtful_labels import doubts

    shares = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        some = rng.choice(len(truth), min(IMAGES, len(truth)), replace=False)
        labels = truth[some].copy()
        count = round(WRONG * len(some))
        wrong = rng.choice(len(some), count, replace=False)
        labels[wrong] = change(features[some], truth[some], wrong, rng)
        ranked = doubts(features[some], labels, seed)
        if ranked is None:
            raise ValueError(
                "Wrong labels must be among two classes or more of two images "
                f"each. Received: labels {sorted(set(labels.tolist()))}"
            )
        shares.append(float(np.isin(ranked.numbers[:NAMED], wrong).mean()))
    return {"mean": round(float(np.mean(shares)), 3), "draws": shares}


def uniform(features, truth, wrong, rng):
    classes = truth.max() + 1
    return (truth[wrong] + rng.integers(1, classes, len(wrong))) % classes


def like(features, truth, wrong, rng):
    """The class whose mean features are nearest those of the true one."""
    from simclrv2_tf.probing.nearest import unit

    classes = range(truth.max() + 1)
    means = unit(np.stack([features[truth == c].mean(axis=0) for c in classes]))
    cosine = means @ means.T
    np.fill_diagonal(cosine, -np.inf)
    return cosine.argmax(axis=1)[truth[wrong]]


def duplicates(data, draws):
    """Recall and precision of copies with small changes."""
    rows = [one_set_of_copies(data, seed) for seed in range(draws)]
    keys = rows[0]
    return {
        key: round(float(np.mean([one[key] for one in rows])), 4)
        for key in keys
    }


def one_set_of_copies(data, seed):
    from simclrv2_tf.curation.near_duplicates import find_copies
    from simclrv2_tf.probing.nearest import nearest_others

    rng = np.random.default_rng(seed)
    count = data.source.num_examples
    originals = rng.choice(count, min(COPIES, count), replace=False)
    blobs = [
        changed(data.source.encoded_bytes(int(n)), place % len(CHANGES), rng)
        for place, n in enumerate(originals)
    ]
    both = joined(data.source, blobs)
    features = features_of(data.network, both)
    copies = find_copies(*nearest_others(features, 10), thumbnails_of(both))
    group = copies.group
    copied = np.arange(count, count + len(originals))
    hit = (group[copied] >= 0) & (group[copied] == group[originals])
    planted = np.zeros(len(group), bool)
    planted[copied] = planted[originals] = True
    grouped = group >= 0
    rates = {
        "recall": hit.mean(),
        "precision": planted[grouped].mean() if grouped.any() else 1.0,
        "threshold": copies.threshold,
    }
    kinds = np.arange(len(originals)) % len(CHANGES)
    for kind, name in enumerate(CHANGES):
        rates[f"recall, {name}"] = hit[kinds == kind].mean()
    return rates


def changed(data, kind, rng):
    """An image with a small change, encoded."""
    from PIL import Image

    image = Image.open(io.BytesIO(data)).convert("RGB")
    size, cubic = image.size, Image.Resampling.BICUBIC
    file = io.BytesIO()
    if kind == 0:
        image.save(file, "JPEG", quality=60)
        return file.getvalue()
    if kind == 1:
        factor = 0.7 if min(size) >= SMALL else 1.5
        image = image.resize([round(factor * side) for side in size], cubic)
    elif kind == 2:
        left, top = (rng.uniform(0, 0.05 * side) for side in size)
        right, bottom = left + 0.95 * size[0], top + 0.95 * size[1]
        image = image.resize(size, cubic, (left, top, right, bottom))
    else:
        image = image.point(lambda value: min(255, round(1.2 * value)))
    image.save(file, "PNG")
    return file.getvalue()


def joined(source, blobs):
    """A source, and encoded images after it, without labels."""
    from simclrv2_tf.data.source import Source
    from simclrv2_tf.data.sources import concat
    from simclrv2_tf.data.storage import Encoded

    labels = np.full(len(blobs), -1, np.int32)
    more = Source("planted", labels, Encoded(np.array(blobs, object)))
    encoded = source.storage
    if not encoded.encoded:
        images = [source.encoded_bytes(n) for n in range(len(source.labels))]
        array = np.array(images, object)
        source = Source(
            source.name, source.labels, Encoded(array), source.class_names
        )
    return concat.join("with planted", [source, more], source.class_names)


def outliers(data, folder, draws):
    """Area under the curve, of images of each other data set."""
    return {
        name: auc(data, other, draws)
        for name, other in strangers(data.name, folder).items()
    }


def strangers(name, folder):
    """{name: `Source`} of images that do not belong to a data set.

    Args:
      name: Of the data set.
      folder: Path of what `--data` names, None for nothing: digits need none.
    """
    from simclrv2_tf.data import sources

    known = {"digits": "digits"}
    for other in ("signs", "photos"):
        if folder and (folder / other).is_dir():
            known[other] = f"folder:{folder / other}"
    return {
        other: sources.open_source(dataset, "train")
        for other, dataset in known.items()
        if other != name
    }


def auc(data, other, draws):
    from sklearn.metrics import roc_auc_score

    from simclrv2_tf.curation.outliers import outlier_scores

    areas = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        some = rng.choice(other.num_examples, OUTLIERS, replace=False)
        features = features_of(data.network, other.subset(some))
        both = np.concatenate([data.features, features])
        odd = np.arange(len(both)) >= len(data.features)
        areas.append(float(roc_auc_score(odd, outlier_scores(both))))
    return {"mean": round(float(np.mean(areas)), 4), "least": min(areas)}
