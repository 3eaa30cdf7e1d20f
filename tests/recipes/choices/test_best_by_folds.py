"""The best checkpoint by runs that leave a part of the labels out."""

import json

import pytest
import small_backbone

from simclrv2_tf import session
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.recipes.choices import best_by_folds
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import journal

pytestmark = pytest.mark.usefixtures("unexported")

OPTIONS = {
    **small_backbone.options(),
    "dataset": "digits",
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_mode": "finetune",
    "mode": "train",
    "labels_per_class": 4,
    "train_batch_size": 40,
    "train_steps": 4,
    "checkpoint_steps": 1,
    "warmup_epochs": 3,
    "learning_rate": 1.0,
    "keep_checkpoint_max": 1,
    "export_best": "label_top_1_accuracy",
    "best_folds": 2,
}


def run(directory, **options):
    return session.run(
        Config(**{**OPTIONS, **options}, model_dir=str(directory))
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("folds") / "run"
    run(directory)
    return directory


def evaluations(directory):
    return {
        event["step"]: event["metrics"]
        for event in journal.read(str(directory))
        if event["event"] == "evaluation"
    }


@pytest.mark.slow
def test_steps_are_judged_by_the_mean_of_the_folds(whole):
    folds = [evaluations(whole / "folds" / n) for n in "01"]
    told = evaluations(whole)
    assert set(told) == {1, 2, 3, 4}
    for step, metrics in told.items():
        for name, value in metrics.items():
            mean = (folds[0][step][name] + folds[1][step][name]) / 2
            assert value == pytest.approx(mean)
    top_1 = {s: m["label_top_1_accuracy"] for s, m in told.items()}
    best = json.loads((whole / "best_checkpoint.json").read_text())
    assert best["value"] == max(top_1.values())
    assert best["step"] == max(top_1, key=top_1.get)
    assert best["step"] in run_directory.steps(str(whole))


@pytest.mark.slow
def test_a_fold_has_not_seen_what_it_is_judged_by(whole):
    for fold in "01":
        path = whole / "folds" / fold
        flags = json.loads((path / "flags.json").read_text())
        data = json.loads((path / "environment.json").read_text())["data"]
        assert data["examples"] == 20  # half of forty labels
        assert flags["train_batch_size"] == 20
        assert flags["learning_rate"] * 20 == pytest.approx(1.0 * 40)
        assert flags["train_steps"] == 4 and not flags["best_folds"]
        assert int(flags["warmup_epochs"] * 20 // 20) == 3  # steps, of both
        (metrics, *_) = evaluations(path).values()
        assert metrics["examples"] == 20


@pytest.mark.slow
def test_what_has_ended_is_not_done_again(whole):
    files = [whole / "folds" / n / "events.jsonl" for n in "01"]
    before = [sorted(evaluations(f.parent)) for f in files]
    sums = (whole / "ckpt-4.sha256").read_text()
    run(whole, checkpoint_steps=3)  # which no step is left to ask for
    assert [sorted(evaluations(f.parent)) for f in files] == before
    assert (whole / "ckpt-4.sha256").read_text() == sums


@pytest.mark.slow
def test_the_network_is_that_of_a_run_without_folds(whole, tmp_path):
    run(tmp_path, export_best=None, best_folds=0)
    ours, theirs = (
        dict(run_directory.read(f"{d}/ckpt-4").items())
        for d in (whole, tmp_path)
    )
    assert set(ours) == set(theirs)
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_means_are_of_the_steps_that_all_have():
    runs = [{1: {"a": 0.2}, 2: {"a": 0.5}}, {2: {"a": 0.7}, 3: {"a": 0.1}}]
    assert best_by_folds.mean_metrics(runs) == {2: {"a": pytest.approx(0.6)}}


def test_a_step_that_a_fold_has_not_is_as_the_one_before():
    means = best_by_folds.FoldMeans({2: {"a": 0.2}, 4: {"a": 0.4}})
    told = [means(None, {}, step)["a"] for step in (1, 2, 3, 4, 9)]
    assert told == [0.2, 0.2, 0.2, 0.4, 0.4]


@pytest.mark.parametrize(
    ("before", "flag"),
    [
        # Four epochs of one step each.
        ({"checkpoint_epochs": 3, "checkpoint_steps": 3}, "epochs=3, or"),
        ({"checkpoint_epochs": 1, "checkpoint_steps": 3}, "steps=3, or"),
    ],
)
def test_folds_with_checkpoints_elsewhere_are_refused(before, flag, tmp_path):
    """Before a part is trained, and in a sentence: it had been a KeyError."""
    fold = tmp_path / "folds" / "1"
    fold.mkdir(parents=True)
    (fold / "flags.json").write_text(json.dumps(before))
    options = {"checkpoint_steps": 0, "checkpoint_epochs": 2}
    words = f"every 3 steps.*Received: checkpoints every 2 .*_{flag}"
    with pytest.raises(ValueError, match=words):
        run(tmp_path, **options)
    assert not (tmp_path / "folds" / "0").exists()
    options["checkpoint_epochs"] = 4  # at the end alone
    config = Config(**{**OPTIONS, **options}, model_dir=str(tmp_path))
    source = inputs.open_source(config)
    labelled = source.subset(inputs.labelled_examples(config, source))
    best_by_folds._check_interval(config, labelled)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"best_folds": 1}, "0, or 2 or more"),
        ({"best_folds": 5}, r"at most the labels.*give 2 to 4"),
        ({"labels_per_class": 1}, "needs two labels of each class"),
        ({"export_best": None}, "give export_best or patience too"),
        ({"train_mode": "pretrain", "export_best": None}, "train_mode=finetun"),
        ({"train_mode": "semi_supervised"}, "give finetune.best_folds=2"),
    ],
)
def test_bad_input_is_one_sentence(options, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        run(tmp_path / "run", **{"train_batch_size": 10, **options})
    assert not (tmp_path / "run").exists()
