"""Does it learn? The rule on logs made by hand, and on two real runs."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.monitoring import learning
from simclrv2_tf.runs.train import train

# The untrained network and a run at temperature 0.1, whose loss is still above
# chance when its features are good.
START = {
    "loss_share_of_chance_at_start": 1.83,
    "positives_found_at_start": 0.047,
    "neighbours_at_start": 0.56,
}
GOOD = {
    **START,
    "loss_share_of_chance": 1.26,
    "positives_found": 0.113,
    "neighbours": 0.87,
}


def without(numbers, *names):
    return {
        name: number
        for name, number in numbers.items()
        if not name.startswith(names)
    }


@pytest.mark.parametrize("loss", [0.3, 0.99, 1.0, 1.8])
def test_the_loss_is_no_sign(loss):
    assert learning.trouble({**GOOD, "loss_share_of_chance": loss}) is None


def test_neighbours_decide_where_there_are_labels():
    # Permuted pixels: views are found, as their colours tell them apart.
    same = learning.trouble({**GOOD, "neighbours": 0.58})
    assert "58% of images" in same and "56% in the untrained" in same
    assert learning.trouble({**GOOD, "positives_found": 0.047}) is None


def test_a_slight_gain_of_neighbours_leaves_it_to_the_positives():
    slight = {**GOOD, "neighbours": 0.56 + 0.07}
    assert learning.trouble(slight) is None
    assert learning.trouble({**slight, "positives_found": 0.05}) is not None


def test_positives_decide_where_there_are_none():
    unlabelled = without(GOOD, "neighbours")
    assert learning.trouble(unlabelled) is None
    said = learning.trouble({**unlabelled, "positives_found": 0.06})
    assert (
        "found for 6.0% of views, after 4.7%" in said
        and "--learning_rate" in said
    )


def test_a_loss_that_falls_while_projections_spread_will_do():
    # README's example with its labels taken away, then a collapsing run.
    slow = {
        "loss_share_of_chance": 1.06,
        "loss_share_of_chance_at_start": 1.31,
        "positives_found": 0.0156,
        "positives_found_at_start": 0.0129,
        "uniformity": -3.84,
    }
    assert learning.trouble(slow) is None
    assert learning.trouble({**slow, "uniformity": -0.12}) is not None
    assert learning.trouble({**slow, "loss_share_of_chance": 1.3}) is not None


def test_much_that_is_found_at_the_start_leaves_little_to_gain():
    easy = {**GOOD, "neighbours_at_start": 0.97, "neighbours": 0.96}
    assert learning.trouble(easy) is None  # more views are found
    assert learning.trouble({**easy, "positives_found": 0.05}) is not None
    known = {"positives_found_at_start": 0.6, "positives_found": 0.75}
    assert learning.trouble(known) is None  # odds of 1.5 and 3


def test_nothing_is_said_of_a_start_that_is_not_known():
    now = {n: v for n, v in GOOD.items() if not n.endswith("at_start")}
    assert learning.trouble(now) is None
    assert learning.trouble({}) is None


def last_health(directory, **options):
    """The last health line of a short run on the digits."""
    config = Config(
        **{
            "dataset": "digits",
            "model_dir": str(directory),
            "resnet_depth": 18,
            "width_multiplier": 0.0625,
            "image_size": 8,
            "num_proj_layers": 2,
            "proj_out_dim": 16,
            "train_batch_size": 64,
            "warmup_epochs": 0.2,
            "use_blur": False,
            "color_jitter_strength": 0.2,
            "lineareval_while_pretraining": False,
            "train_steps": 120,
            "train_summary_steps": 40,
            "checkpoint_steps": 1000,
            "temperature": 0.1,
            **options,
        }
    )
    train(config)
    events = journal.read(str(directory))
    return [e for e in events if e["event"] == "health"][-1]


@pytest.mark.slow
def test_a_good_run_at_a_low_temperature_is_left_alone(tmp_path):
    line = last_health(tmp_path, learning_rate=4.0)
    assert line["numbers"]["loss_share_of_chance"] > 1  # as of old: a warning
    assert line["warnings"] == []


@pytest.mark.slow
def test_a_collapsed_run_is_warned_of(tmp_path):
    decayed = {"learning_rate": 0.05, "weight_decay": 30.0, "train_steps": 240}
    line = last_health(tmp_path, optimizer="momentum", **decayed)
    assert any("collapsed" in sentence for sentence in line["warnings"])
