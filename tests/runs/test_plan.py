"""The lines of a plan say what is true for this run."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.runs.plan import make_plan

CONFIG = Config(train_batch_size=50, train_steps=450, warmup_epochs=1)


def line(name, examples=200, config=CONFIG, **options):
    lines = make_plan(config, examples, **options).lines()
    (match,) = (text for text in lines if text.startswith(name))
    return " ".join(match.split())


def test_checkpoints_beyond_the_last_step_are_not_promised():
    options = {"train_batch_size": 50, "warmup_epochs": 1}
    every = Config(**options, train_steps=450, checkpoint_steps=100)
    assert line("checkpoint", config=every) == "checkpoint every 100 steps"
    for steps in (450, 6000):
        late = Config(**options, train_steps=450, checkpoint_steps=steps)
        assert line("checkpoint", config=late) == "checkpoint at the end"


@pytest.mark.parametrize(
    ("labelled", "text"),
    [
        (None, "examples 200"),
        (200, "examples 200"),
        (40, "examples 200 (40 labelled)"),
        (0, "examples 200 (none labelled)"),
    ],
)
def test_examples_stand_beside_their_labels(labelled, text):
    assert line("examples", labelled=labelled) == text


def test_a_batch_beyond_the_labelled_images_names_flag_and_number():
    tuned = Config(train_mode="finetune", train_batch_size=50)
    message = (
        "at least as many labelled images as .*Received: 20 labelled images "
        "for --train_batch_size=50; give --train_batch_size=20 or less"
    )
    with pytest.raises(ValueError, match=message):
        make_plan(tuned, 20, labelled=20)
    with pytest.raises(ValueError, match="Received: 20 images for"):
        make_plan(CONFIG, 20)


@pytest.mark.parametrize(
    ("images", "remedy"),
    [
        (21, "give --train_batch_size=16 or less, or add images"),
        (5, "that is fewer than 8 replicas: --strategy=one_device, or add im"),
    ],
)
def test_what_is_advised_can_be_shared_by_all_replicas(images, remedy):
    with pytest.raises(ValueError, match=f"={50}; {remedy}"):
        make_plan(CONFIG, images, replicas=8)


def test_fewer_images_than_replicas_are_for_one_device():
    tuned = Config(train_mode="finetune", train_batch_size=2, warmup_epochs=0)
    message = (
        "as many labelled images as replicas. Received: 2 labelled images; "
        "that is fewer than 4 replicas: --strategy=one_device, or add images"
    )
    with pytest.raises(ValueError, match=message):
        make_plan(tuned, 2, replicas=4)
    assert make_plan(tuned, 2).batch_size == 2
