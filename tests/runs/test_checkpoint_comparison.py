"""The best checkpoint is one among evaluations that can be compared."""

import types

import data_files
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import checkpoint_comparison
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import resume_state
from simclrv2_tf.runs.best_checkpoint import Best
from simclrv2_tf.runs.callbacks.evaluations import Evaluations
from simclrv2_tf.runs.journal import Journal

METRIC = checkpoint_comparison.USUAL_METRIC
FIRST = {"data": "a", "best_folds": 0, "averaged": False}


class Judge:
    """An evaluation on some images that always comes to as much."""

    def __init__(self, source=None, value=0.7):
        self.source, self.value = source, value

    def __call__(self, network, classes, step):
        return {METRIC: self.value, "balanced_accuracy": self.value}


def run_with(judge, best=None, directory=None, **options):
    options = {"export_best": METRIC, **options}
    return types.SimpleNamespace(
        config=Config(
            train_mode="finetune", model_dir=directory, patience=4, **options
        ),
        progress=types.SimpleNamespace(best=best, step=4),
        evaluate=judge,
        stage=types.SimpleNamespace(network=None, average=None),
        journal=Journal(None),
        classes={},
        ended_early=False,
    )


@pytest.fixture(scope="module")
def digits():
    return {s: sources.open_digits(s) for s in ("train", "test")}


def evaluated(run):
    Evaluations(run, run.evaluate)(5)
    return run.progress.best


@pytest.mark.parametrize(("split", "step"), [("train", 4), ("test", 5)])
def test_evaluations_of_other_images_are_not_compared(
    digits, split, step, caplog
):
    on = checkpoint_comparison.measured_on(run_with(Judge(digits["train"])))
    run = run_with(Judge(digits[split]), Best(METRIC, 0.8, 4, 1, on))
    checkpoint_comparison.warn_if_changed(run)
    assert (
        "EVALUATION HAS CHANGED since step 4: other images" in caplog.text
    ) == (split == "test")
    best = evaluated(run)
    assert (best.step, best.waited) == (step, 2 if split == "train" else 0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"data": "b"}, "other images or labels"),
        ({"best_folds": 3}, "best_folds=3 (was 0)"),
        ({"averaged": True}, "averaged weights: True (was False)"),
        ({"data": None}, None),  # not known is not another
        ({"data": "b", "renamed_data": "c"}, "other images or labels"),
    ],
)
def test_what_is_not_comparable(changed, words):
    best = Best(METRIC, 0.8, 4, measured_on=FIRST)
    changes = checkpoint_comparison.differences(best, {**FIRST, **changed})
    assert changes == ([words] if words else [])


def test_images_in_a_directory_of_another_name_are_compared(tmp_path, caplog):
    def judge(folder):
        return Judge(sources.open_source(f"folder:{folder}"))

    before, now = tmp_path / "pets", tmp_path / "mounted"
    data_files.write_black(before, "a/1.png", "b/1.png")
    on = checkpoint_comparison.measured_on(run_with(judge(before)))
    before.rename(now)
    run = run_with(judge(now), Best(METRIC, 0.8, 4, 1, on))
    checkpoint_comparison.warn_if_changed(run)
    assert "EVALUATION HAS CHANGED" not in caplog.text
    assert evaluated(run).step == 4


def test_one_of_an_earlier_version_goes_on_and_knows_from_then(digits):
    best = evaluated(run_with(Judge(digits["test"]), Best(METRIC, 0.8, 4)))
    assert (best.step, best.waited) == (4, 1)
    assert best.measured_on["data"]


def test_another_metric_is_told(caplog):
    run = run_with(Judge(), Best("balanced_accuracy", 0.8, 4))
    checkpoint_comparison.warn_if_changed(run)
    assert f"by {METRIC} (was balanced_accuracy)" in caplog.text
    assert "0.8 at step 4, cannot be compared" in caplog.text
    assert evaluated(run).step == 5


@pytest.mark.parametrize(("before", "warns"), [(0, True), (2, False)])
def test_a_comparison_that_begins_late_is_told(before, warns, tmp_path, caplog):
    directory = str(tmp_path / "run")
    flags = Config(train_mode="finetune", model_dir=directory, patience=before)
    model_dir.check(flags)
    model_dir.write_flags(flags)
    run = run_with(Judge(), directory=directory)
    checkpoint_comparison.warn_if_changed(run)
    assert ("ARE COMPARED from step 4 on alone" in caplog.text) == warns


def test_a_checkpoint_holds_what_it_was_measured_on(tmp_path):
    best = Best(METRIC, 0.8, 4, 1, FIRST)
    values = {"best": {**vars(best)}}
    assert resume_state.from_json(values, 5).best == best
    old = {"metric": METRIC, "value": 0.8, "step": 4, "waited": 1}
    assert resume_state.from_json({"best": old}, 5).best.measured_on is None
    best_checkpoint.write(str(tmp_path), best)
    text = (tmp_path / best_checkpoint.FILE).read_text()
    assert text == (
        '{\n  "metric": "label_top_1_accuracy",\n  "value": 0.8,\n'
        '  "step": 4,\n  "checkpoint": "ckpt-4"\n}\n'
    )
