"""A job whose pretraining learns nothing exports what its labels come to."""

import pytest

from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.choices.learning_monitor import NotLearning
from simclrv2_tf.recipes.choices.pretraining_retries import GIVEN_UP
from simclrv2_tf.recipes.choices.pretraining_retries import NothingLearnt
from simclrv2_tf.recipes.choices.pretraining_retries import pretrain
from simclrv2_tf.recipes.results import scratch_job

MEASURED = {"eval/label_top_1_accuracy": 0.4, "eval/examples": 360}


@pytest.fixture
def given_up(job):
    """A job of which pretraining has learnt nothing four times."""
    trained = job.run

    def run(config, *rest):
        result = trained(config, *rest)
        if "pretrained" in config.model_dir:
            raise NotLearning("the loss is that of chance")
        return {**result, **MEASURED, "export": None}

    job.run = run
    for option, value in {"train_batch_size": 16, "learning_rate": 0.5}.items():
        job.recipe.choose("scratch", option, value, "why", "source")
    job.record.begin(
        asked={},
        data={"name": "digits", "examples": 1437},
        recipe=job.recipe.to_json(),
    )
    with pytest.raises(NothingLearnt):
        pretrain(job)
    return job


def test_the_network_from_scratch_is_exported_with_a_note(given_up, capsys):
    report = scratch_job.from_labels_alone(given_up)
    directory = given_up.config.model_dir
    assert record.read_json(directory, record.REPORT) == report
    assert record.run_within(directory).endswith("scratch")
    (row,) = report["rows"]
    assert row["name"] == "small, from scratch" and row["top_1"] == 0.4
    assert row["low"] < 0.4 < row["high"]
    assert "after 3 halvings" in report["notes"][-1]
    assert "nothing was fine-tuned or distilled" in report["notes"][-1]
    assert sum("began again at" in note for note in report["notes"]) == 3
    assert "small, from scratch" in capsys.readouterr().out
    trained = len(given_up.calls)
    assert scratch_job.from_labels_alone(given_up) == report
    assert len(given_up.calls) == trained


def test_what_was_given_up_is_in_the_record_of_a_job_with_labels(given_up):
    assert "after 3 halvings" in given_up.record.done[GIVEN_UP]["why"]
