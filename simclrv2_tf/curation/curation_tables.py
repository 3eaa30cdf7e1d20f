"""The tables of a curation, what their columns mean, and `curation.json`.

`curation.json` holds:

- "protocol": network, endpoint, data, images looked at, seed;
- "tables": {name of a file: {"rows", "columns": {column: what it means}}};
- "next_labels", "near_duplicates", "outliers", "doubtful_labels": what was
  found, in numbers, with the rule and the settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.curation import next_labels
from simclrv2_tf.curation.excluded_before import COPIES
from simclrv2_tf.curation.excluded_before import left_out
from simclrv2_tf.curation.excluded_before import numbered_after
from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.curation.pool import splits_in_table
from simclrv2_tf.files import atomic
from simclrv2_tf.files.csv_text import csv_text

NAME = "curation"
_FILE = "the image's file, or its number in the split that it was taken from"
_SPLIT = "the split that it is of"
_LABEL = "name of its class, empty without one"
_RANK = "place in the order, from 1 on"
COLUMNS = {
    "next_labels": {
        "file": "the image's file; of data that are no files a copy of it, or "
        "its number in the split where a PNG would not hold it as it is",
        "label": "name of its class; to be filled in where rank is given",
        "split": "train, or another split with its labels; what was set aside "
        "is validation",
        "rank": f"{_RANK}; empty for images that are not chosen",
        "score": "of typical images the typicality, 1 / mean distance to the "
        "20 nearest of its cluster (fewer in small ones); of those far and "
        "unsure the distance to the nearest label, in [0, 2], times 1 - the "
        "lead of the likeliest class over the second; distances are between "
        "features of length 1",
        "by": "typical, or far and unsure",
    },
    COPIES: {
        "group": "number of the group, from 1 on",
        "file": _FILE,
        "split": _SPLIT,
        "label": _LABEL,
        "similarity": "the best correlation, at most 1, of the fine structure "
        "of this image's thumbnail with that of a window of another's, or the "
        "reverse, among the 10 nearest by the network",
        "most_alike": "that other image",
        "cosine": "of the network's features of the two",
        "keep": "yes for one image of each group: of evaluation, else with a "
        "label, else the first; --exclude_images leaves the others out",
        "across_splits": "yes if the group has images of several splits",
    },
    "outliers": {
        "rank": f"{_RANK}, the farthest first",
        "file": _FILE,
        "split": _SPLIT,
        "label": _LABEL,
        "score": "squared Mahalanobis distance from the mean of all images, "
        "over the number of features, of features of length 1; about 1 at most "
        "for what is usual",
    },
    "doubtful_labels": {
        "rank": f"{_RANK}, the most doubtful first",
        "file": _FILE,
        "split": _SPLIT,
        "label": _LABEL,
        "looks_like": "the likeliest other class",
        "score": "its lead over the label, in [-1, 1]; above 0 it is likelier. "
        "How likely a class is: the geometric mean of its probability, by a "
        "logistic regression on the other folds, and of its share of the "
        "votes of the 10 nearest labelled images",
        "confident": "yes if confident learning (Northcutt et al. 2021) "
        "counts the image for another class than its label: its probability "
        "reaches the mean self-confidence of that class",
    },
}


def write(
    directory: str,
    findings: Findings,
    protocol: dict,
    copied: dict[int, str],
    before: Sequence[dict[str, str]] = (),
) -> dict:
    """Writes the tables and `curation.json`.

    Args:
      directory: Of the files.
      findings: `Findings`.
      protocol: See above.
      copied: {number: path} of chosen images that are no files of their own.
      before: Rows of near-duplicates that stay, see `excluded_before`.

    Returns:
      What is in `curation.json`.
    """
    tables = {
        COPIES: [
            *_duplicates(findings),
            *numbered_after(before, _groups(findings.copies), COLUMNS[COPIES]),
        ],
        "outliers": list(_outliers(findings)),
    }
    if findings.doubts:
        tables["doubtful_labels"] = list(_doubtful(findings))
    if findings.chosen:
        tables["next_labels"] = list(_to_label(findings, copied))
    for name, rows in tables.items():
        text = csv_text(COLUMNS[name], rows)
        atomic.write_text(os.path.join(directory, f"{name}.csv"), text)
    result = {"protocol": protocol, "tables": _described(tables)}
    result |= summary(findings, left_out(before))
    path = os.path.join(directory, f"{NAME}.json")
    atomic.write_text(path, json.dumps(result, indent=2) + "\n")
    return result


def _described(tables):
    return {
        f"{name}.csv": {"rows": len(rows), "columns": COLUMNS[name]}
        for name, rows in tables.items()
    }


def summary(findings: Findings, before: int = 0) -> dict:
    """What was found, in numbers.

    Args:
      findings: `Findings`.
      before: Images that the table leaves out by rows of earlier rounds.
    """
    copies, doubts = findings.copies, findings.doubts
    result = {
        "next_labels": {
            "budget": findings.budget,
            "chosen": len(findings.chosen),
            "typical": sum(
                c.by == next_labels.TYPICAL for c in findings.chosen
            ),
            "rule": "share far and unsure = L / (L + "
            f"{next_labels.HALF} C) with L labels of C classes",
        },
        COPIES: {
            "groups": _groups(copies),
            "images": int((copies.group >= 0).sum()),
            "across_splits": len(findings.across_splits()),
            "to_leave_out": len(findings.left_out),
            "before": before,
            "threshold": copies.threshold,
            "null": copies.null and copies.null._asdict(),
        },
        "outliers": {"median_score": float(np.median(findings.outliers))},
        "doubtful_labels": None,
    }
    if doubts:
        result["doubtful_labels"] = {
            "judged": len(doubts.numbers),
            "another_class_likelier": int((doubts.score > 0).sum()),
            "confident": int(doubts.confident.sum()),
            "estimated_share_of_wrong_labels": doubts.wrong,
            "strength": doubts.strength,
        }
    return result


def _to_label(findings, copied) -> Iterator[list]:
    """The chosen, then all other images that are files, with their labels."""
    pool = findings.pool
    splits = [pool.train, *pool.splits.tolist()]
    called = splits_in_table(splits, pool.train)
    for rank, one in enumerate(findings.chosen, 1):
        path = pool.own_files[one.number] or pool.files[one.number]
        path = copied.get(one.number, path)
        split = called[pool.train]
        yield [path, "", split, rank, f"{one.score:.6g}", one.by]
    chosen = {one.number for one in findings.chosen}
    for number in np.flatnonzero(pool.are_files):
        if number not in chosen:
            split = called[pool.splits[number]]
            label = pool.source.class_of(number)
            yield [pool.own_files[number], label, split, "", "", ""]


def _duplicates(findings) -> Iterator[list]:
    copies, pool = findings.copies, findings.pool
    left_out = set(findings.left_out.tolist())
    across = set(findings.across_splits().tolist())
    order = np.argsort(copies.group, kind="stable")
    for number in order[copies.group[order] >= 0].tolist():
        group = int(copies.group[number])
        yield [
            group + 1,
            *_about(pool, number),
            f"{copies.similarity[number]:.4f}",
            pool.files[copies.nearest[number]],
            f"{copies.cosine[number]:.4f}",
            "no" if number in left_out else "yes",
            "yes" if group in across else "no",
        ]


def _groups(copies):
    return int(copies.group.max(initial=-1)) + 1


def _outliers(findings) -> Iterator[list]:
    order = np.argsort(-findings.outliers, kind="stable")
    for rank, number in enumerate(order, 1):
        score = f"{findings.outliers[number]:.6g}"
        yield [rank, *_about(findings.pool, number), score]


def _doubtful(findings) -> Iterator[list]:
    doubts, names = findings.doubts, findings.pool.source.class_names
    columns = (doubts.numbers, doubts.looks_like, doubts.score)
    rows = zip(*columns, doubts.confident, strict=True)
    for rank, (number, other, score, sure) in enumerate(rows, 1):
        yield [
            rank,
            *_about(findings.pool, number),
            names[other],
            f"{score:.6g}",
            "yes" if sure else "no",
        ]


def _about(pool, number):
    label = pool.source.class_of(number)
    return pool.files[number], pool.splits[number], label
