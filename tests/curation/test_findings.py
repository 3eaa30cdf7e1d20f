"""What is said of findings, and which groups are in several splits."""

import types

import numpy as np
import pytest

from simclrv2_tf.curation import curation_words
from simclrv2_tf.curation.curation_page import TEMPLATE
from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.reports import template


def test_groups_across_splits():
    splits = np.array(["a", "b", "a", "a", "b", "b", "c", "b"], object)
    group = np.array([0, 0, 1, 1, -1, 2, 2, 2])
    found = Findings(
        types.SimpleNamespace(splits=splits),
        [],
        types.SimpleNamespace(group=group),
        *(None, None, None),
    )
    assert found.across_splits().tolist() == [0, 2]
    alone = found._replace(copies=types.SimpleNamespace(group=group * 0 - 1))
    assert alone.across_splits().tolist() == []


def result_of(chosen, budget, before=0):
    copies = {"images": 3, "groups": 1, "threshold": 0.9, "before": before}
    return {
        "next_labels": {"chosen": chosen, "budget": budget},
        "near_duplicates": {**copies, "across_splits": 0, "to_leave_out": 2},
        "doubtful_labels": None,
    }


@pytest.mark.parametrize(
    ("chosen", "budget", "words"),
    [
        (50, 50, "next: 50 images; next_labels.csv and next_labels.png"),
        (12, 50, "next: 12 of 50 asked for: the others are near-duplicates of"),
        (0, 5, "chosen or in another split; no next_labels.csv is written, an"),
        (0, 0, "near-duplicates: 3"),
    ],
)
def test_fewer_than_asked_for_are_told(chosen, budget, words):
    first = next(curation_words.lines(result_of(chosen, budget), "out"))
    assert words in first
    why = curation_words.too_few(result_of(chosen, budget)["next_labels"])
    assert bool(why) == (chosen < budget)


def test_the_option_that_leaves_copies_out_names_the_table():
    said = "".join(curation_words.lines(result_of(0, 0), "/a b/curation"))
    assert "--exclude_images='/a b/curation/near_duplicates.csv' leaves 2" in (
        said
    )


def test_images_that_earlier_rounds_left_out_are_counted():
    """They stand in the table, and "leaves 0 out" was said of it."""
    (said, *_) = curation_words.lines(result_of(0, 0), "out")
    assert said.startswith("near-duplicates: 3 images in 1 group above 0.900")
    assert said.endswith("near_duplicates.csv leaves 2 out")
    (said, *_) = curation_words.lines(result_of(0, 0, before=5), "out")
    assert said.endswith(" leaves 7 out, 5 of them by earlier rounds")


@pytest.mark.parametrize("cut", [True, False])
def test_the_page_says_where_the_threshold_was_cut(cut):
    copies = result_of(0, 0)["near_duplicates"]
    contents = {
        "title": "t",
        **dict.fromkeys(("facts", "chosen", "groups", "outliers"), []),
        **{"doubts": None, "doubtful": [], "tables": {}},
        "total": 500,
        "copies": {**copies, "null": {"cut": cut}},
        "similarities": dict.fromkeys(
            ("dark", "light", "about", "width", "height"), ""
        ),
        "too_few": curation_words.too_few({"chosen": 0, "budget": 7}),
        "bounds": "0.7 to 0.99",
        "median_outlier": 1.0,
    }
    text = template.render("simclrv2_tf.curation", TEMPLATE, contents)
    assert ("lies outside of 0.7 to 0.99, and the nearest" in text) == cut
    assert "3 images in 1 group, 0 of them" in text
    assert ("one in 1,000 comes so far" in text) != cut
    assert "<p>0 of 7 asked for: the others are" in text
    assert "None were asked for" not in text
