"""Options that would be ignored are refused, at the start."""

import json
import logging

import pytest

import simclrv2_tf
from simclrv2_tf import flags
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.start import unused_options

DISTIL = {"train_mode": "distill", "teacher": "x"}
OF_STAGE = {"stage_options": {"pretrain": {"learning_rate": 2.0}}}


@pytest.mark.parametrize("mode", ["train", "train_then_eval"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"time_budget": "00:10"},
            "`time_budget` is for the whole job: give train_mode='semi_sup"
            ".*; a run has time_limit. Received: time_budget='00:10'",
        ),
        ({"memory_budget": 2.0}, "`memory_budget` is for the whole job"),
        (OF_STAGE, "`pretrain.learning_rate` is for the whole job.*name"),
        (
            {"teacher": "runs/x"},
            "`teacher` is for distillation and has no meaning in pretraining: "
            "give train_mode='distill', or leave it out. Received: teacher=",
        ),
        (
            {**DISTIL, "student_pixels": "0..1"},
            "`student_pixels` is for a Keras student: give `student` too",
        ),
        (
            {**DISTIL, "student_weights": "y.h5"},
            "`student_weights` is for a Keras student: give `student` too",
        ),
    ],
)
def test_what_training_would_ignore(mode, options, message, tmp_path):
    config = Config(mode=mode, model_dir=str(tmp_path / "run"), **options)
    with pytest.raises(ValueError, match=message):
        session.run(config)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"train_mode": "finetune", "student": "keras:MobileNetV2"},
        {"student_pixels": "0..1"},
        {"student_weights": "x.h5"},
    ],
)
def test_a_student_outside_distillation_is_a_warning(options, caplog):
    """Flagfiles that earlier versions wrote for other stages hold it."""
    unused_options.check(Config(**options))
    (message,) = caplog.messages
    assert "is for distillation and has no meaning in" in message


def test_python_is_told_too(tmp_path):
    with pytest.raises(ValueError, match="`time_budget` is for the whole job"):
        simclrv2_tf.pretrain("folder:x", tmp_path, time_budget="00:10")


def test_the_command_is_told_by_the_flag_that_was_given(tmp_path):
    argv = ["simclrv2", "--pretrain.learning_rate=2.0", "--distill.seed=3"]
    with pytest.raises(ValueError, match="`pretrain.learning_rate` is for the"):
        session.run(flags.parse([*argv, f"--model_dir={tmp_path}"]))


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "recommend", "time_budget": "00:10", **OF_STAGE},
        {"train_mode": "semi_supervised", "time_budget": "00:10", **OF_STAGE},
        {"train_mode": "semi_supervised", "student_pixels": "0..1"},
        {**DISTIL, "student": "keras:VGG16"},
        {"mode": "export", "time_budget": "00:10"},
        {"mode": "curate", "split": "test"},
        {"memory_budget": 0.0, "stage_options": None},
    ],
)
def test_what_has_a_use(options):
    unused_options.check(Config(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"time_budget": "00:10"},
        OF_STAGE,
        {"train_mode": "finetune", "teacher": "runs/x"},
        {**DISTIL, "student_pixels": "0..1"},
    ],
)
def test_a_run_that_has_begun_with_it_goes_on(options, tmp_path, caplog):
    """By the flagfile that it wrote, too."""
    config = Config(model_dir=str(tmp_path), **options)
    model_dir.write_flags(config)
    again = flags.parse(["simclrv2", f"--flagfile={tmp_path}/flags.cfg"])
    with caplog.at_level(logging.WARNING):
        unused_options.check(config)
        unused_options.check(again)
    assert len(caplog.messages) == 2 and "is for" in caplog.messages[0]
    (tmp_path / "flags.json").write_text(json.dumps({"seed": 0}))
    with pytest.raises(ValueError, match="is for"):
        unused_options.check(config)


def test_a_run_repeats_its_flagfile(tmp_path, caplog):
    """It holds the budget of memory that nobody gave."""
    model_dir.write_flags(Config(model_dir=str(tmp_path)))
    again = flags.parse(["simclrv2", f"--flagfile={tmp_path}/flags.cfg"])
    assert "memory_budget" in again.given
    unused_options.check(again)
    assert not caplog.messages


@pytest.mark.parametrize("mode", ["eval", "probe"])
def test_another_split_is_not_evaluated_in_silence(mode, tmp_path):
    message = "`split` is for mode='embed', .*: give eval_split.*split='test'"
    config = Config(mode=mode, model_dir=str(tmp_path), split="test")
    with pytest.raises(ValueError, match=message):
        session.run(config)


def test_neighbours_that_nothing_evaluates_are_a_warning(caplog):
    unused_options.check(Config(mode="train_then_eval", knn_k=5))
    unused_options.check(Config(train_mode="semi_supervised", knn_k=5))
    assert not caplog.messages
    unused_options.check(Config(knn_k=5))
    (message,) = caplog.messages
    assert message.startswith("knn_k=5 changes nothing: mode='train' evalu")
