"""Config: defaults, ranges, and the messages for what does not go."""

import copy
import dataclasses
import pathlib
import pickle

import numpy as np
import pytest

from simclrv2_tf import flags
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.config import field_values
from simclrv2_tf.config import groups
from simclrv2_tf.config import stage_overrides
from simclrv2_tf.config import time_budget_seconds
from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import FIXED
from simclrv2_tf.config.option import SHARE
from simclrv2_tf.config.option import option
from simclrv2_tf.runs import model_dir


def test_each_field_is_in_one_group_and_has_help():
    names = [f.name for g in groups() for f in dataclasses.fields(g)]
    assert sorted(names) == sorted(f.name for f in dataclasses.fields(Config))
    for field in dataclasses.fields(Config):
        assert field.metadata["help"].endswith(".")


def test_whole_widths_are_whole_numbers():
    for given, text in ((2.0, "2"), (2, "2"), (0.25, "0.25")):
        assert repr(Config(width_multiplier=given).width_multiplier) == text


def test_values_get_the_type_of_their_field():
    config = Config(
        model_dir=pathlib.Path("runs"),
        train_batch_size=np.int64(8),
        learning_rate=1,
    )
    assert (config.model_dir, config.learning_rate) == ("runs", 1.0)
    assert type(config.train_batch_size) is int


def test_the_default_of_tf1_for_variable_schema_is_taken():
    config = Config(variable_schema="?!global_step")
    assert config.variable_schema == "?!global_step"


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1


def test_defaults_are_the_originals():
    config = Config()
    assert (config.train_batch_size, config.train_epochs) == (512, 100)
    assert (config.learning_rate, config.weight_decay) == (0.3, 1e-4)
    assert (config.temperature, config.use_tpu) == (0.1, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resnet_depth": 42}, r"`resnet_depth` must be one of \[18.*42"),
        ({"mode": "test"}, "`mode` must be one of"),
        ({"optimizer": "sgd"}, "`optimizer` must be one of"),
        ({"train_batch_size": 0}, "`train_batch_size` must be at least 1"),
        ({"temperature": 0}, "`temperature` must be above 0"),
        ({"width_multiplier": 0.3}, "a positive multiple of 1/32"),
        ({"label_fraction": 0}, r"`label_fraction` must be in \(0, 1\]"),
        ({"distill_alpha": 2}, r"`distill_alpha` must be in \[0, 1\]"),
        ({"ft_proj_selector": 4}, "from -4 to 3"),
        ({"fine_tune_after_block": 2}, "no meaning in pretraining"),
        ({"label_fraction": 0.1, "labels_per_class": 1}, "not both"),
        ({"train_mode": "distill"}, "Distillation needs a teacher"),
        (
            {"train_mode": "distill", "fine_tune_after_block": 2},
            "no meaning in distillation",
        ),
        ({"fine_tune_after_block": 5}, "must be from -1 to 4"),
        (
            {"train_mode": "finetune", "frozen_batch_norm": "batch"},
            "is for what `fine_tune_after_block` freezes",
        ),
        ({"seed": 2**31}, r"`seed` must be from 0 to 2\*\*31 - 1"),
        ({"seed": None}, "`seed` must be a whole number"),
        ({"seed": True}, "`seed` must be a whole number"),
        ({"train_batch_size": "256"}, "`train_batch_size` must be a whole"),
        ({"train_batch_size": 1.5}, "`train_batch_size` must be a whole"),
        ({"train_batch_size": -8}, "`train_batch_size` must be at least 1"),
        ({"use_blur": "False"}, "`use_blur` must be True or False"),
        ({"model_dir": 3}, "`model_dir` must be text"),
        ({"learning_rate": float("inf")}, "`learning_rate` must be a finite"),
        ({"temperature": float("nan")}, "`temperature` must be a finite"),
        ({"width_multiplier": float("inf")}, "must be a finite number"),
        ({"predict_top_k": 0}, "`predict_top_k` must be at least 1"),
        ({"embed_format": "csv"}, "`embed_format` must be one of"),
        ({"variable_schema": "?!head"}, "must be a regular expression"),
        ({"checkpoint_ignore": "("}, "must be a regular expression"),
        ({"eval_name": "a/b"}, "`eval_name` must be part of a file's name"),
        ({"eval_name": "1000"}, "`eval_name` must not name the files of a st"),
        ({"eval_name": "best"}, "`eval_name` must not name .*='best'"),
        ({"eval_name": "best_7"}, "`eval_name` must not name .*='best_7'"),
        (
            {"train_batch_size": 1},
            "at least 2 in pretraining: the other images .* negatives. Rec",
        ),
        ({"use_tpu": False, "strategy": "tpu"}, "contradict each other"),
        ({"use_tpu": True, "strategy": "mirrored"}, "contradict each other"),
    ],
)
def test_messages(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


@pytest.mark.parametrize("name", ["night", "night_best", "1000_steps", "v2"])
def test_names_of_evaluations(name):
    assert Config(eval_name=name).eval_name == name


def test_what_was_given_survives_replacing_copying_and_pickling():
    config = Config(resnet_depth=18, image_size=32)
    assert config.given == {"resnet_depth", "image_size"}
    for other in (
        dataclasses.replace(config, seed=1),
        dataclasses.replace(dataclasses.replace(config, seed=1), seed=2),
        copy.copy(config),
        copy.deepcopy(config),
        pickle.loads(pickle.dumps(config)),
    ):
        assert other.given == config.given
    assert dataclasses.replace(config, seed=1).seed == 1
    assert "given" not in {f.name for f in dataclasses.fields(Config)}
    assert Config().given == frozenset()


def test_python_callers_may_give_numbers_where_flags_take_text():
    config = Config(input_mean=[0.5, 0.25, 0], nt_xent_tile=np.int64(64))
    assert (config.input_mean, config.nt_xent_tile) == ("0.5,0.25,0", "64")
    with pytest.raises(ValueError, match="`nt_xent_tile` must be text"):
        Config(nt_xent_tile=True)


def test_annotations_are_the_kinds():
    for field in dataclasses.fields(Config):
        kind = field.metadata["kind"]
        expected = kind | None if field.default is None else kind
        assert field.type == expected, field.name


@dataclasses.dataclass(frozen=True)
class New:
    """What is new."""

    new_rate: float = option(
        0.5,
        "A new rate, in [0, 1].",
        range=SHARE,
        resumed=FIXED,
    )
    new_size: int = option(
        4, "A new size.", describes=BACKBONE, resumed=CHANGES_TRAINING
    )


@dataclasses.dataclass(frozen=True)
class Wider(New, Config):
    """A config with more options, of which nothing else was told."""


def test_a_new_option_is_one_line(monkeypatch, tmp_path):
    for module in ("config", "flags", "help_text"):
        monkeypatch.setattr(f"simclrv2_tf.{module}.Config", Wider)
    parsed = flags.parse(["simclrv2", "--new_rate=0.25", "--seed=3"])
    assert (parsed.new_rate, parsed.given) == (0.25, {"new_rate", "seed"})
    with pytest.raises(ValueError, match="--new_rate must be a number"):
        flags.parse(["simclrv2", "--new_rate=much"])
    with pytest.raises(ValueError, match=r"`new_rate` must be in \[0, 1\]"):
        Wider(new_rate=2)
    with pytest.raises(ValueError, match="did you mean --new_rate"):
        flags.parse(["simclrv2", "--new_rat=1"])
    assert "  --new_rate=0.5\n      A new rate, in [0, 1]." in flags.help_text()
    assert "new_size" in describing(Wider, BACKBONE)
    begun = Wider(model_dir=str(tmp_path))
    model_dir.write_flags(begun)
    with pytest.raises(ValueError, match="holds a run with new_rate=0.5"):
        model_dir.check(dataclasses.replace(begun, new_rate=0.1))
    changed = dataclasses.replace(begun, new_size=8)
    assert model_dir.changed(changed) == ["new_size=8 (was 4)"]
    assert "--new_rate=0.5" in (tmp_path / "flags.cfg").read_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color_jitter_impl", "simclrv1"),
        ("gradient_cache_microbatch", 8),
        ("mixed_precision", "bfloat16"),
        ("per_image_blur", True),
        ("shuffle_buffer", 64),
        ("teacher_proj_selector", 1),
        ("use_blur", False),
    ],
)
def test_a_run_that_goes_on_tells_what_trains_it_otherwise(
    tmp_path, name, value
):
    begun = Config(model_dir=str(tmp_path))
    model_dir.write_flags(begun)
    now = dataclasses.replace(begun, **{name: value})
    (sentence,) = model_dir.changed(now)
    assert sentence == f"{name}={value} (was {getattr(begun, name)})"
    model_dir.check(now)  # it may go on


def test_options_of_stages_from_python():
    config = Config(
        stage_options={"pretrain": {"export_formats": "onnx, litert"}}
    )
    given = stage_overrides.read(config.stage_options, Config)
    assert given["pretrain"] == {"export_formats": "onnx, litert"}


def test_lists_of_stages_are_taken_as_those_of_a_run_are():
    config = Config(
        train_mode="semi_supervised",
        stage_options={
            "pretrain": {"profile_steps": [10, 20], "seed": None},
            "distill": {"input_mean": (0.5, 0.25, 0)},
        },
    )
    given = stage_overrides.read(config.stage_options, Config)
    assert given["pretrain"] == {"profile_steps": "10,20"}
    assert given["distill"] == {"input_mean": "0.5,0.25,0"}


def test_what_text_cannot_tell_is_no_option_of_a_stage():
    options = {"distill": {"student": object()}}
    message = "`distill.student` must be text; .*whole job, as student=. Rec"
    with pytest.raises(ValueError, match=message):
        Config(train_mode="semi_supervised", stage_options=options)


JOBS = [{"train_mode": "semi_supervised"}, {"mode": "recommend"}]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("name", ["gradient_cache_microbatch", "memory_size"])
def test_a_job_is_told_where_options_of_pretraining_go(name, job):
    with pytest.raises(ValueError, match=f"0, or give pretrain.{name}, which"):
        Config(**job, **{name: 16})
    with pytest.raises(ValueError, match="leave it at 0[.;]"):
        Config(train_mode="finetune", **{name: 16})


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"fine_tune_after_block": 2}, "finetune.fine_tune_after_block=2"),
        ({"linear_probe_init": True}, "finetune.linear_probe_init=True"),
        ({"class_weights": "balanced"}, "finetune.class_weights=balanced"),
        ({"best_folds": 3, "patience": 2}, "finetune.best_folds=3"),
    ],
)
def test_a_job_is_told_where_options_of_fine_tuning_go(job, option, message):
    with pytest.raises(ValueError, match=f"give {message}[.,]"):
        Config(**job, **option)
    (name, value), *rest = option.items()
    own = {"stage_options": {"finetune": {name: value}}}
    Config(**job, **own, **dict(rest))


@pytest.mark.parametrize("job", JOBS)
def test_a_job_calibrates_where_it_evaluates(job):
    assert Config(**job, calibrate=True).calibrate
    with pytest.raises(ValueError, match="`calibrate` fits a temperature wh"):
        Config(calibrate=True)


def test_the_time_budget_in_seconds():
    assert time_budget_seconds(Config(time_budget="01:20")) == 4800
    assert time_budget_seconds(Config()) == 0
    with pytest.raises(ValueError, match="`time_budget` must be hours"):
        Config(time_budget="20")


def test_paths_from_home(monkeypatch, tmp_path):
    """Shells leave `--model_dir=~/runs` as it is."""
    monkeypatch.setenv("HOME", "/home/somebody")
    config = Config(model_dir="~/runs", data_dir="~", checkpoint="a/~/b")
    assert config.model_dir == "/home/somebody/runs"
    assert config.data_dir == "/home/somebody"
    assert config.checkpoint == "a/~/b" and config.export_dir is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~" / "runs").mkdir(parents=True)  # of a shell's before
    assert Config(model_dir="~/runs").model_dir == "~/runs"


@pytest.mark.parametrize(
    "name", ["backbone", "backbone_weights", "student", "student_weights"]
)
def test_files_of_networks_from_home(monkeypatch, name):
    monkeypatch.setenv("HOME", "/home/somebody")
    options = {"backbone": "keras:VGG16", name: "~/a.keras"}
    assert getattr(Config(**options), name) == "/home/somebody/a.keras"
    own = Config(stage_options={"distill": {name: "~/a.keras"}}).stage_options
    read = stage_overrides.read(own, Config)["distill"]
    assert read == {name: "/home/somebody/a.keras"}


@pytest.mark.parametrize("name", ["teacher", "compare"])
def test_each_of_several_paths_from_home(monkeypatch, name):
    monkeypatch.setenv("HOME", "/home/me")
    config = Config(**{name: "~/a,~/b, ~/c,runs/~, pixels"})
    expected = "/home/me/a,/home/me/b,/home/me/c,runs/~, pixels"
    assert getattr(config, name) == expected
    text = "keras:VGG16(a='~', c=(1, 2)), b"
    assert getattr(Config(**{name: text}), name) == text


def test_the_directory_of_a_run_is_given_or_asked_for():
    assert Config(model_dir="runs/mine").directory == "runs/mine"
    with pytest.raises(ValueError, match="`model_dir` must be given"):
        Config().directory  # noqa: B018


def test_options_are_written_as_commands_take_them():
    options = {"remat": True, "use_blur": False, "seed": 3, "teacher": None}
    words = [field_values.as_flag(*each) for each in options.items()]
    assert words == ["--remat", "--nouse_blur", "--seed=3", ""]
