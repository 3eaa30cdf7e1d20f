"""Chosen labels against random ones: what a logistic regression tells right.

A fifth of the images judges, the others are chosen from: 10, 20, 50 and 100
labels in rounds, each with those before it labelled.
"""

import numpy as np

COUNTS = (1, 2, 5, 10)  # labels a class on average
RANDOM = 5  # random choices of each draw, whose mean counts


def run(features, truth, draws):
    """A row for each count: accuracies, and how far the choice is above."""
    classes = truth.max() + 1
    table = [one_draw(features, truth, classes, draw) for draw in range(draws)]
    return [
        summary(classes * count, [draw[place] for draw in table])
        for place, count in enumerate(COUNTS)
    ]


def one_draw(features, truth, classes, seed):
    """(chosen, random, random by class) for each count of labels."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(truth))
    judging, pool = np.split(order, [len(order) // 5])
    known, rows = np.zeros(0, int), []
    for count in COUNTS:
        total = int(classes * count)
        known = grown(features[pool], truth[pool], known, total, seed)
        some = [rng.choice(pool, total, replace=False) for _ in range(RANDOM)]
        even = [stratified(truth, pool, count, rng) for _ in range(RANDOM)]
        rows.append(
            [
                accuracy(features, truth, pool[known], judging),
                mean(accuracy(features, truth, one, judging) for one in some),
                mean(accuracy(features, truth, one, judging) for one in even),
            ]
        )
    return rows


def grown(features, truth, known, total, seed):
    """The known examples and those chosen beside them, `total` in all."""
    from simclrv2_tf.curation.next_labels import next_labels

    labels = np.full(len(truth), -1)
    labels[known] = truth[known]
    alone = np.full(len(truth), -1)
    budget = total - len(known)
    chosen = next_labels(features, labels, budget, alone, seed)
    return np.concatenate([known, [one.number for one in chosen]]).astype(int)


def stratified(truth, pool, count, rng):
    members = [pool[truth[pool] == label] for label in np.unique(truth)]
    return np.concatenate(
        [rng.choice(some, min(count, len(some)), False) for some in members]
    )


def accuracy(features, truth, known, judging):
    from simclrv2_tf.probing import linear_probe

    if len(np.unique(truth[known])) < 2:
        return float((truth[judging] == truth[known[0]]).mean())
    predicted = linear_probe.classify(
        features[known], truth[known], features[judging]
    )
    return float((predicted == truth[judging]).mean())


def mean(values):
    return float(np.mean(list(values)))


def summary(count, draws):
    """Means over draws with 95 % intervals; of the gain, of paired draws."""
    chosen, random, even = np.array(draws).T
    return {
        "labels": int(count),
        "chosen": with_interval(chosen),
        "random": with_interval(random),
        "random_by_class": with_interval(even),
        "above_random": with_interval(chosen - random),
        "above_random_by_class": with_interval(chosen - even),
    }


def with_interval(values):
    from scipy import stats

    width = 0.0
    if len(values) > 1:
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        width = stats.t.ppf(0.975, len(values) - 1) * error
    middle = np.mean(values)
    return [
        round(float(x), 4) for x in (middle, middle - width, middle + width)
    ]


def neighbours_right(features, truth):
    """Share whose nearest other image is of its class."""
    from simclrv2_tf.probing.nearest import nearest_others

    _, index = nearest_others(features, 1)
    return round(float((truth[index[:, 0]] == truth).mean()), 4)
