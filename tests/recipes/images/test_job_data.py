"""What a job reads, and the sentences for what makes no sense."""

import numpy as np
import pytest
from data_files import write_black

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.images import job_data
from simclrv2_tf.recipes.images import leakage


def source(labels, names="abc"):
    labels = np.array(labels, np.int32)
    pixels = np.random.default_rng(0).integers(
        0, 255, (len(labels), 8, 8, 3), np.uint8
    )
    return Source("these", labels, InMemory(pixels), tuple(names))


def opened(labels, names="abc", eval_source=None, **options):
    config = Config(train_mode="semi_supervised", **options)
    return job_data.open_data(config, source(labels, names), eval_source)


EVEN = [0, 1, 2] * 40


def test_some_labels_are_set_aside():
    data = opened(EVEN, labels_per_class=5)
    assert data.train.num_examples == 96
    assert data.evaluation.num_examples == 24
    assert data.options == {"holdout_fraction": 0.2, "eval_split": "holdout"}
    assert len(data.labelled) == 15 and data.fewest == 5
    assert "24 labelled images set aside" in data.note


def test_an_evaluation_split_is_used_as_it_is():
    data = opened(EVEN, eval_source=source(EVEN))
    assert data.train.num_examples == 120 == data.evaluation.num_examples


def test_a_share_that_is_not_used_is_told():
    given = {"holdout_fraction": 0.5}
    data = opened(EVEN, eval_source=source(EVEN), **given)
    assert data.train.num_examples == 120
    assert data.note.endswith("of these; --holdout_fraction is not used")
    plain = opened(EVEN, eval_source=source(EVEN), holdout_fraction=0.0)
    assert plain.note == "accuracy is measured on 120 labelled images of these"


def test_an_evaluation_split_of_few_images_is_told():
    enough = opened(EVEN, eval_source=source([0, 1] * 10)).note
    assert "too few" not in enough
    unlabelled = opened(EVEN, eval_source=source([0, 1] * 8 + [-1] * 9)).note
    assert "measured on 16 labelled images" in unlabelled
    assert "16 are too few to tell networks apart: --eval_split" in unlabelled


@pytest.mark.parametrize(
    "options", [{"labels_per_class": 5}, {"label_fraction": 0.1}]
)
def test_labels_that_are_asked_for_must_be_there(options):
    (name,) = options
    message = f"`{name}` needs labelled images, and no image of .* without "
    with pytest.raises(ValueError, match=f"{message}--{name} the job pretrain"):
        opened([-1] * 120, **options)


@pytest.mark.parametrize(
    ("share", "why"),
    [
        (0.0, "split, and --holdout_fraction=0 sets no images aside; the"),
        (0.01, "few labels to set some aside by --holdout_fraction=0.01 (0 w"),
    ],
)
def test_a_share_of_none_is_the_reason(share, why):
    data = opened(EVEN, holdout_fraction=share)
    assert data.evaluation is None and why in data.note


def test_too_few_labels_are_all_kept():
    data = opened([0, 1, 2] * 5 + [-1] * 100)
    assert data.evaluation is None and data.train.num_examples == 115
    assert "accuracy is not measured" in data.note
    data = opened(EVEN, labels_per_class=39)  # none to spare
    assert data.evaluation is None


@pytest.mark.parametrize(
    ("labels", "options", "judged"),
    [
        ([0, 1, 2] + [-1] * 100, {}, False),
        ([0, 1, 2, 2] + [-1] * 100, {}, True),
        (EVEN, {"labels_per_class": 1, "holdout_fraction": 0.0}, False),
        (EVEN, {"labels_per_class": 2, "holdout_fraction": 0.0}, True),
    ],
)
def test_one_label_of_each_measures_nothing(labels, options, judged):
    note = opened(labels, **options).note
    assert ("judged by cross-validation" in note) == judged
    said = "; nothing can be measured with one label of each class, which"
    assert (said in note) != judged


def test_a_split_without_labels_is_said_not_to_be_used(tmp_path):
    write_black(
        tmp_path / "train", *(f"{c}/{i}.png" for c in "ab" for i in range(60))
    )
    write_black(tmp_path / "test", "1.png", "2.png")
    for options, name in (
        ({}, f"folder {tmp_path}/test"),
        ({"eval_split": "test"}, "--eval_split=test"),
    ):
        data = job_data.open_data(
            Config(dataset=f"folder:{tmp_path}", **options)
        )
        assert data.evaluation.num_examples == 24
        assert data.options["eval_split"] == "holdout"
        assert data.note.endswith(f"; {name} has no labels and is not used")


def test_a_source_without_labels_is_not_evaluated_on():
    given = source([-1] * 30)
    assert opened(EVEN, eval_source=given).evaluation.num_examples == 24
    data = opened(EVEN, eval_source=given, holdout_fraction=0.0)
    assert data.evaluation is None
    assert "not measured: these has no labels, and --holdout" in data.note
    data = opened([-1] * 100, eval_source=given)
    assert data.evaluation is None and data.note == "no image has a label"


def test_a_job_that_began_without_evaluation_goes_on_without(tmp_path):
    config = Config(train_mode="semi_supervised", model_dir=str(tmp_path))
    about = {"name": "these", "examples": 120, "evaluation": None}
    recipe = {"seconds": {}, "reasons": []}
    record.Record(str(tmp_path)).begin(asked={}, data=about, recipe=recipe)
    data = job_data.open_data(config, source(EVEN))
    assert data.evaluation is None and data.train.num_examples == 120
    assert "split, and the job began without; the features" in data.note


def test_what_evaluates_needs_something_to_evaluate_on():
    for option in ({"calibrate": True}, {"patience": 2}):
        with pytest.raises(ValueError, match="needs labelled images to eval"):
            opened([0, 1, 2] * 5 + [-1] * 100, **option)
        assert opened(EVEN, **option).evaluation.num_examples == 24


def test_pretraining_is_not_asked_to_evaluate():
    asked = {"calibrate": True, "patience": 2, "image_size": 8}
    config = Config(train_mode="semi_supervised", **asked)
    given = stage_configs.given(config)
    assert given["pretrain"] == {"image_size": 8}
    assert given["finetune"] == given["distill"] == asked


def test_the_digits_have_a_split_of_their_own():
    data = job_data.open_data(
        Config(train_mode="semi_supervised", dataset="digits")
    )
    assert data.evaluation.num_examples == 360
    assert data.options == {"eval_split": "validation"}


def test_without_labels():
    data = opened([-1] * 100)
    assert not len(data.labelled) and data.evaluation is None


def test_without_labels_to_train_on_nothing_is_evaluated():
    given = {"eval_source": source(EVEN)}
    data = opened([-1] * 100, **given)
    assert data.evaluation is None and not data.options
    assert data.note == (
        "no image to train on has a label, and so nothing is measured: these "
        "is not used"
    )
    assert leakage.notes(data) == []
    opened([-1] * 100, **given, calibrate=True)  # as it was taken before


def test_a_job_without_labels_that_began_with_evaluation_goes_on(tmp_path):
    config = Config(train_mode="semi_supervised", model_dir=str(tmp_path))
    before = job_data.JobData(
        source([-1] * 100), source(EVEN), np.zeros(0, np.int64), {}, ""
    )
    recipe = {"seconds": {}, "reasons": []}
    record.Record(str(tmp_path)).begin(
        asked=stage_configs.job_flags(config),
        data=before.about(),
        recipe=recipe,
    )
    data = job_data.open_data(config, source([-1] * 100), source(EVEN))
    assert job_directory.begun_with(config, data)


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([0] * 100, "a", "at least two classes.*'a' alone"),
        ([0, 1] * 20, "ab", "at least 64 images.*with 40"),
        ([0] * 10 + [-1] * 90, "abc", "on at least two classes.*'a' alone"),
        ([0, 1] * 50, "abc", "must have a label.*none of 'c'; label one"),
    ],
)
def test_data_that_make_no_sense(labels, names, message):
    with pytest.raises(ValueError, match=message):
        opened(labels, names)


def test_an_evaluation_split_of_other_classes():
    message = "The training split and the data must have the same.*: d in"
    with pytest.raises(ValueError, match=message):
        opened(EVEN, eval_source=source(EVEN, "abd"))


def test_an_evaluation_split_is_numbered_as_the_training_split():
    other = source([0, 1, 1, -1] * 10, "cb")  # another order, and no "a"
    evaluation = opened(EVEN, eval_source=other).evaluation
    assert evaluation.class_names == tuple("abc")
    assert list(evaluation.labels[:4]) == [2, 1, 1, -1]


@pytest.mark.parametrize(
    ("labels", "names", "words"),
    [
        ([0, 1, -1] * 10, "abc", "'c', which is"),
        ([0, 1, 1, 1] * 10, "cb", "'a', which is"),
        ([2] * 30, "abc", "'a', 'b', which are"),
    ],
)
def test_classes_that_are_not_measured_are_named(labels, names, words):
    note = opened(EVEN, eval_source=source(labels, names)).note
    assert note == (
        f"accuracy is measured on {sum(label >= 0 for label in labels)} "
        "labelled images of these; none of these images is labelled "
        f"{words} not measured"
    )


def test_of_many_classes_that_are_not_measured_a_few_are_named():
    names = [f"c{i}" for i in range(12)]
    held = source([0, 1] * 10, names)
    note = opened(np.repeat(range(12), 8), names, held).note
    assert "labelled 'c2', 'c3', 'c4', 'c5', ... (10), which are" in note


def test_only_pretraining_is_profiled_unless_another_stage_is_named():
    config = Config(
        train_mode="semi_supervised",
        profile_steps="2,3",
        stage_options="distill.profile_steps=4,5",
    )
    given = stage_configs.given(config)
    assert given["pretrain"]["profile_steps"] == "2,3"
    assert given["distill"]["profile_steps"] == "4,5"
    assert "profile_steps" not in {**given["finetune"], **given["scratch"]}


def test_where_pretraining_is_left_out_distillation_is_profiled():
    config = Config(train_mode="semi_supervised", profile_steps="2,3")
    given = stage_configs.given(config, pretrained=True)
    profiled = [s for s in given if "profile_steps" in given[s]]
    assert profiled == ["distill"]


def test_numbers_with_gaps_are_refused_before_anything_is_trained(tmp_path):
    pixels = source(EVEN).storage.array
    np.savez(tmp_path / "a.npz", images=pixels, labels=np.array(EVEN) * 2)
    dataset = f"npz:{tmp_path}/a.npz"
    config = Config(train_mode="semi_supervised", dataset=dataset)
    with pytest.raises(ValueError, match="class 1 has no example in npz:.*npz"):
        job_data.open_data(config)
