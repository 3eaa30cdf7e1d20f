"""What a stage may change to take less memory."""

import pytest

from simclrv2_tf.recipes.budget import smaller_batches
from simclrv2_tf.recipes.job_recipe import Recipe


@pytest.mark.parametrize(
    ("given", "batches", "parts"),
    [
        ({"train_batch_size": 130}, [], [65]),
        ({"train_batch_size": 192}, [], [96, 48, 24]),
        ({"gradient_cache_microbatch": 64}, [128], []),
        ({"gradient_cache_microbatch": 0}, [128, 64, 32, 16], []),
        ({}, [128, 64, 32, 16], [128, 64, 32, 16] + 3 * [16] + [0]),
    ],
)
def test_what_is_tried_goes_with_what_is_given(given, batches, parts):
    recipe = Recipe(given={"pretrain": given})
    options = {"train_batch_size": 256, **given}
    tried = list(smaller_batches.changes(recipe, "pretrain", options, 1))
    assert batches == [
        c["train_batch_size"] for c in tried if "train_batch_size" in c
    ]
    name = "gradient_cache_microbatch"
    assert parts == [c[name] for c in tried if name in c]


BATCH, REMAT = "train_batch_size", {"remat": True}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {},
            [{BATCH: 32}, {BATCH: 16}, REMAT]
            + [{BATCH: 32, **REMAT}, {BATCH: 16, **REMAT}],
        ),
        ({BATCH: 64}, [REMAT]),
        ({"remat": False}, [{BATCH: 32}, {BATCH: 16}]),
        ({BATCH: 64, "remat": True}, []),
    ],
)
@pytest.mark.parametrize("stage", ["finetune", "distill", "scratch"])
def test_other_stages_halve_their_batch_and_compute_groups_again(
    stage, given, expected
):
    recipe = Recipe(given={stage: given})
    options = {BATCH: 64, **given}
    assert list(smaller_batches.changes(recipe, stage, options, 1)) == expected


def test_replicas_share_what_is_tried():
    options = {BATCH: 3 * 64}
    tried = smaller_batches.changes(Recipe(), "distill", options, 3)
    assert [c[BATCH] for c in tried if BATCH in c] == [96, 48, 96, 48]
    few = smaller_batches.changes(Recipe(), "finetune", {BATCH: 20}, 1)
    assert list(few) == [REMAT]
