"""What the functions take in place of a data set's name."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import session
from simclrv2_tf.data import holdout

LABELS = np.arange(20) % 2


@pytest.mark.parametrize(
    "data",
    [np.zeros((3, 8, 8, 3), np.uint8), (np.zeros((3, 8, 8, 3)), [0, 1, 0])],
)
def test_arrays_are_refused_in_a_sentence(data, tmp_path):
    message = "for arrays give tf.data.Dataset.from_tensor_slices.*Received: "
    with pytest.raises(ValueError, match=message + type(data).__name__ + "$"):
        simclrv2_tf.pretrain(data, tmp_path)


@pytest.mark.parametrize(
    "option",
    [
        {"label_map": "map.csv"},
        {"exclude_images": "names.txt"},
        {"train_split": "train[:50%]"},
        {"split": "test"},
    ],
)
def test_what_needs_a_name_is_refused_for_what_has_none(option, tmp_path):
    images = np.full((3, 8, 8, 3), 128, np.uint8)
    data = tf.data.Dataset.from_tensor_slices((images, [0, 1, 0]))
    (name,) = option
    with pytest.raises(ValueError, match=f"`{name}` is for .*before they are"):
        simclrv2_tf.pretrain(data, tmp_path, **option)


@pytest.fixture
def asked(monkeypatch):
    """What `session.run` is called with: config, source, eval_source."""
    calls = []

    def run(config, source=None, eval_source=None, **others):
        calls.append((config, source, eval_source))
        return {}

    monkeypatch.setattr(session, "run", run)
    return calls


def pictures(labels=LABELS):
    images = np.zeros((len(labels), 8, 8, 3), np.uint8)
    return tf.data.Dataset.from_tensor_slices((images, labels))


def finetuned(data, path, **options):
    return simclrv2_tf.finetune(data, path, checkpoint="x", **options)


@pytest.mark.parametrize(
    ("function", "options", "refused"),
    [
        (simclrv2_tf.semi_supervised, {}, True),
        (finetuned, {"holdout_fraction": 0.5}, True),
        (finetuned, {"labels_per_class": 1}, True),
        (finetuned, {"label_fraction": 0.5}, True),
        (finetuned, {}, False),
        (simclrv2_tf.pretrain, {}, False),
        (simclrv2_tf.evaluate, {}, False),
    ],
)
def test_an_order_that_changes_is_refused_where_images_are_drawn(
    asked, tmp_path, caplog, function, options, refused
):
    labels = np.arange(40) % 2
    images = np.arange(40, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (40, 8, 8, 3))
    slices = tf.data.Dataset.from_tensor_slices((images, labels))
    if refused:
        with pytest.raises(ValueError, match="other examples at each pass"):
            function(slices.shuffle(40), tmp_path, **options)
    else:
        function(slices.shuffle(40), tmp_path, **options)
        assert "other examples at each pass" in caplog.text
    assert len(asked) == (not refused)


@pytest.mark.parametrize("name", ["folder:b", pathlib.Path("folder:b")])
def test_a_data_set_to_evaluate_on_may_have_a_name(asked, tmp_path, name):
    calls = (simclrv2_tf.probe, simclrv2_tf.curate, simclrv2_tf.finetune)
    for function in calls:
        function("folder:a", tmp_path, name)
    simclrv2_tf.finetune(pictures(), tmp_path, name, patience=1)
    simclrv2_tf.semi_supervised("folder:a", tmp_path, name)
    assert [evaluation for *_, evaluation in asked] == ["folder:b"] * 5
    assert asked[0][0].dataset == "folder:a"


def test_a_path_is_evaluated_on_as_a_name_is(asked, tmp_path):
    simclrv2_tf.evaluate(pathlib.Path("tfds/mine"), tmp_path)
    ((config, source, evaluation),) = asked
    assert config.dataset == "tfds/mine" and config.mode == "eval"
    assert source is None and evaluation is None


def test_a_split_of_images_without_a_name_is_refused(asked, tmp_path):
    for function in (simclrv2_tf.predict, simclrv2_tf.embed):
        with pytest.raises(ValueError, match="`split` is for .*='test'"):
            function(pictures(), tmp_path, split="test")
    assert not asked


@pytest.mark.parametrize("name", [None, "folder:b", pathlib.Path("folder:b")])
def test_neighbours_are_given_beside_images_without_a_name(
    asked, tmp_path, name
):
    message = "`train_dataset` is for a `dataset` that has no name; .*train_spl"
    options = {"train_dataset": pictures(), "knn_k": 5}
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.evaluate(name, tmp_path, **options)
    simclrv2_tf.evaluate(pictures(), tmp_path, **options)
    ((_, source, evaluation),) = asked
    assert source.num_examples == evaluation.num_examples == 20


def test_a_share_of_a_data_set_without_a_name_is_set_aside(asked, tmp_path):
    options = {"holdout_fraction": 0.2}
    simclrv2_tf.finetune(pictures(), tmp_path, **options)
    simclrv2_tf.finetune(pictures(), tmp_path, patience=1, **options)
    simclrv2_tf.pretrain(
        pictures(), tmp_path, pictures(LABELS[:6]), mode="train_then_eval"
    )
    simclrv2_tf.finetune(
        pictures(), tmp_path, pictures(LABELS[:6]), patience=1, **options
    )
    rest = holdout.left_over(LABELS, 0.2).tolist()
    trained = [source.numbers for _, source, _ in asked]
    assert trained.pop(2) is None  # nothing is set aside unasked
    assert [numbers.tolist() for numbers in trained] == [rest] * 3
    without, aside, *given = [evaluation for *_, evaluation in asked]
    assert without is None
    assert aside.numbers.tolist() == holdout.held_out(LABELS, 0.2).tolist()
    assert [source.num_examples for source in given] == [6, 6]


def test_a_run_that_set_nothing_aside_goes_on_as_it_was(asked, tmp_path):
    data = {"data": {"examples": 20}}
    (tmp_path / "environment.json").write_text(json.dumps(data))
    simclrv2_tf.pretrain(pictures(), tmp_path, holdout_fraction=0.2)
    assert asked[-1][1].num_examples == 20


def test_a_job_sets_a_share_aside_by_itself(asked, tmp_path):
    for function in (simclrv2_tf.semi_supervised, simclrv2_tf.recommend):
        function(pictures(), tmp_path, holdout_fraction=0.2)
    assert [source.num_examples for _, source, _ in asked] == [20, 20]
    nothing = pictures(np.full(20, -1))
    simclrv2_tf.pretrain(nothing, tmp_path, holdout_fraction=0.2)
    assert asked[-1][1].num_examples == 20


def test_a_recommendation_takes_what_the_job_takes(asked, tmp_path):
    own = {"distill": {"learning_rate": 0.5}, "pretrain": {"seed": 3}}
    for function in (simclrv2_tf.semi_supervised, simclrv2_tf.recommend):
        function(pictures(), tmp_path, **own)
    texts = {config.stage_options for config, *_ in asked}
    assert texts == {"pretrain.seed=3 distill.learning_rate=0.5"}


def test_folds_need_nothing_else_to_evaluate_on(asked, tmp_path):
    best = {"export_best": "label_top_1_accuracy"}
    simclrv2_tf.finetune(pictures(), tmp_path, best_folds=5, **best)
    simclrv2_tf.finetune(pictures(), tmp_path, best_folds=5, patience=2)
    assert [evaluation for *_, evaluation in asked] == [None, None]
    with pytest.raises(ValueError, match="`eval_dataset` must be given"):
        simclrv2_tf.finetune(pictures(), tmp_path, **best)
    with pytest.raises(ValueError, match="`eval_dataset` must be given"):
        simclrv2_tf.finetune(
            pictures(), tmp_path, best_folds=5, **best, mode="train_then_eval"
        )
