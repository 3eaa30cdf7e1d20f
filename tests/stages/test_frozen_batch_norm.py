"""Normalization of frozen blocks: by moving statistics, or by each batch."""

import keras
import numpy as np
import pytest
from small_classifier import TINY

from simclrv2_tf.config import Config
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import build
from simclrv2_tf.stages.finetune import FineTune

IMAGES = np.random.default_rng(0).random((8, 8, 8, 3), np.float32)
LABELS = np.arange(8, dtype=np.int32) % 3


def network():
    keras.utils.set_random_seed(0)
    return Network(**TINY)


def step_of(tuned):
    """Moving statistics of the backbone before and after a step."""
    tuned.compile(optimizer=keras.optimizers.SGD(0.1))
    named = tuned.network.named_variables()
    before = {n: v.numpy() for n, v in named.items()}
    tuned.train_step((IMAGES, LABELS))
    after = {n: v.numpy() for n, v in named.items()}
    return before, after


def moved(before, after):
    return {n for n in before if not np.array_equal(before[n], after[n])}


def test_moving_statistics_are_used_and_kept():
    tuned = FineTune(network(), fine_tune_after_block=4)
    features = tuned.network(IMAGES, training=True)["final_avg_pool"]
    alone = tuned.network(IMAGES[:1], training=True)["final_avg_pool"]
    np.testing.assert_allclose(features[:1], alone, rtol=1e-4, atol=1e-6)
    changed = moved(*step_of(tuned))
    assert {name.split("/")[0] for name in changed} == {"head_supervised"}


@pytest.mark.parametrize(
    "after_block", [pytest.param(0, marks=pytest.mark.slow), 4]
)
def test_moments_of_the_batch_are_used_and_advance_the_statistics(after_block):
    """As of a network that nothing is frozen in, but for its weights."""
    free = network()
    expected = free(IMAGES, training=True)
    tuned = FineTune(network(), after_block, frozen_batch_norm="batch")
    before, after = step_of(tuned)
    frozen = {
        name
        for part in tuned.network.backbone.parts[: after_block + 1]
        for name, variable in tuned.network.named_variables().items()
        if any(variable is own for own in part.variables)
    }
    changed = moved(before, after) & frozen
    assert changed == {name for name in frozen if "moving_" in name}
    advanced = free.named_variables()
    for name in changed:
        np.testing.assert_allclose(after[name], advanced[name], rtol=1e-5)
    ours = FineTune(network(), after_block, frozen_batch_norm="batch")
    features = ours.network(IMAGES, training=True)
    for name in ("initial_conv", "final_avg_pool"):
        np.testing.assert_array_equal(features[name], expected[name])


def test_evaluation_takes_moving_statistics_either_way():
    answers = [
        FineTune(network(), 4, frozen_batch_norm=kind).network(
            IMAGES, training=False
        )["logits_sup"]
        for kind in ("moving", "batch")
    ]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("kind", ["moving", "batch"])
def test_the_flag_reaches_the_network(kind):
    config = Config(
        train_mode="finetune", fine_tune_after_block=1, frozen_batch_norm=kind
    )
    stage = build.make_stage(config, network())
    norms = [
        leaf.batch_moments_when_frozen
        for leaf in stage.network.backbone.leaves()
        if hasattr(leaf, "batch_moments_when_frozen")
    ]
    frozen = 1 + 5  # of the stem, and of the first group with its shortcut
    assert norms == [kind == "batch"] * frozen + [False] * (21 - frozen)


def test_message():
    with pytest.raises(ValueError, match="`frozen_batch_norm` must be one of"):
        FineTune(network(), 4, frozen_batch_norm="both")
