"""The benchmark of the job: groups of photographs, means over draws."""

import pytest

from tools.benchmarks import semi_supervised as benchmark


@pytest.mark.parametrize(
    ("number", "group"),
    [
        ("n01440764", "fish, reptiles, amphibians"),  # tench
        ("n01770081", "invertebrates"),  # harvestman
        ("n01843065", "birds"),  # jacamar
        ("n01882714", "other mammals"),  # koala
        ("n02099267", "dogs"),
        ("n02120505", "other mammals"),  # grey fox
        ("n02281406", "invertebrates"),  # sulphur butterfly
        ("n02504013", "other mammals"),  # elephant
        ("n02692877", "things"),  # airship
        ("n07747607", "food and nature"),  # orange
    ],
)
def test_groups_of_photographs(number, group):
    assert benchmark.group_of(number) == group


def test_means_over_draws():
    def cell(draw, ours, scratch):
        return {
            "data": "signs",
            "labels": 5,
            "draw": draw,
            "top-1": {
                benchmark.SMALL: ours,
                benchmark.SCRATCH: scratch,
                benchmark.PIXELS: None,
            },
            "planned seconds": 100,
            "seconds": 110,
            "planned GB": 2.0,
            "GB": 2.2,
        }

    (row,) = benchmark.summary([cell(0, 0.8, 0.1), cell(1, 0.6, 0.3)])
    assert row["above scratch"] == pytest.approx(0.5)
    assert row["above raw pixels"] is None
    assert row["seconds to planned"] == 1.1 == row["GB to planned"]
    unknown = {**cell(0, 0.8, 0.1), "planned GB": None}
    assert benchmark.summary([unknown])[0]["GB to planned"] is None
