"""Flags: the original's command lines, recipes, round trips, mistakes."""

import ast
import dataclasses
import itertools
import pathlib
import subprocess
import sys

import pytest

from simclrv2_tf import flags
from simclrv2_tf.config import Config
from simclrv2_tf.config import stage_overrides

ROOT = pathlib.Path(__file__).resolve().parents[1]
RECIPES = sorted((ROOT / "flags").glob("*.cfg"))

# Command lines of both of the original's READMEs.
ORIGINAL = [
    "--train_mode=pretrain --train_batch_size=512 --train_epochs=1000 "
    "--learning_rate=1.0 --weight_decay=1e-4 --temperature=0.5 "
    "--dataset=cifar10 --image_size=32 --eval_split=test --resnet_depth=18 "
    "--use_blur=False --color_jitter_strength=0.5 --model_dir=/d "
    "--use_tpu=False",
    "--mode=train_then_eval --train_mode=finetune --fine_tune_after_block=4 "
    "--zero_init_logits_layer=True "
    "--variable_schema=(?!global_step|(?:.*/|^)Momentum|head) "
    "--global_bn=False --optimizer=momentum --learning_rate=0.1 "
    "--weight_decay=0.0 --train_epochs=100 --train_batch_size=512 "
    "--warmup_epochs=0 --dataset=cifar10 --image_size=32 --eval_split=test "
    "--resnet_depth=18 --checkpoint=/d --model_dir=/f --use_tpu=False",
    "--train_mode=pretrain --train_batch_size=4096 --train_epochs=100 "
    "--temperature=0.1 --learning_rate=0.075 --learning_rate_scaling=sqrt "
    "--weight_decay=1e-4 --dataset=imagenet2012 --image_size=224 "
    "--eval_split=validation --data_dir=/data --model_dir=/d --use_tpu=True "
    "--tpu_name=t --train_summary_steps=0",
    "--mode=train_then_eval --train_mode=finetune --fine_tune_after_block=4 "
    "--zero_init_logits_layer=True --global_bn=False --optimizer=momentum "
    "--learning_rate=0.1 --weight_decay=1e-6 --train_epochs=90 "
    "--train_batch_size=4096 --warmup_epochs=0 --dataset=imagenet2012 "
    "--image_size=224 --eval_split=validation --data_dir=/data "
    "--variable_schema=(?!global_step|(?:.*/|^)LARSOptimizer|head) "
    "--model_dir=/f --checkpoint=/d --use_tpu=True --tpu_name=t "
    "--train_summary_steps=0",
    "--mode=train_then_eval --train_mode=finetune --fine_tune_after_block=-1 "
    "--zero_init_logits_layer=True --global_bn=True --optimizer=lars "
    "--learning_rate=0.005 --learning_rate_scaling=sqrt --weight_decay=0 "
    "--train_epochs=60 --train_batch_size=1024 --warmup_epochs=0 "
    "--dataset=imagenet2012_subset/1pct --image_size=224 "
    "--eval_split=validation --num_proj_layers=3 --ft_proj_selector=1 "
    "--checkpoint=/d --model_dir=/f --use_tpu=True --train_summary_steps=0 "
    "--variable_schema=(?!global_step|(?:.*/|^)Momentum|head_supervised)",
]


@pytest.mark.parametrize("line", ORIGINAL)
def test_the_originals_command_lines(line):
    config = flags.parse(["simclrv2", *line.split()])
    for given in line.split():
        name, text = given[2:].split("=", 1)
        value = getattr(config, name)
        if not isinstance(value, str):
            text = ast.literal_eval(text)
        assert value == text, name


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_parses_and_opens_with_what_it_is(path):
    extra = ["--model_dir=/d", "--teacher=/t"]
    flags.parse(["simclrv2", f"--flagfile={path}", *extra])
    opening = path.read_text().split("\n\n")[0]
    for word in ("simclrv2 --flagfile=flags/", "Hardware and time", "Expected"):
        assert word in opening


def test_every_recipe_is_there():
    assert len(RECIPES) >= 14


def test_defaults_are_those_of_config():
    assert flags.parse(["simclrv2"]) == Config()


def test_a_recipe_leaves_the_directory_to_the_command():
    for path in RECIPES:
        extra = [f"--flagfile={path}", "--teacher=/t"]
        config = flags.parse(["simclrv2", *extra])
        assert (config.model_dir, config.data_dir) == (None, None), path


def test_a_recipe_opens_once():
    for path in RECIPES:
        lines = path.read_text().splitlines()
        opening = list(itertools.takewhile(lambda x: x[:1] == "#", lines))
        assert not any("#" in line for line in lines[len(opening) :]), path


def test_later_flags_win_over_the_flagfile(tmp_path):
    recipe = tmp_path / "recipe.cfg"
    recipe.write_text("# A comment.\n--resnet_depth=18\n--seed=1\n")
    argv = ["simclrv2", f"--flagfile={recipe}", "--seed=2"]
    assert flags.parse(argv) == Config(resnet_depth=18, seed=2)


def test_the_flagfile_of_a_run_repeats_it(tmp_path):
    from simclrv2_tf.runs import model_dir

    config = Config(
        model_dir=str(tmp_path),
        train_mode="finetune",
        width_multiplier=0.25,
        resnet_depth=18,
        weight_decay=1e-6,
        use_tpu=False,
        use_blur=False,
        hidden_norm=True,
        variable_schema="(?!global_step|(?:.*/|^)Momentum|head)",
        dataset="folder:a b#c=d",
    )
    model_dir.write_flags(config, num_classes=10)
    again = flags.parse(["simclrv2", f"--flagfile={tmp_path}/flags.cfg"])
    assert again == config
    values = model_dir.read_flags(str(tmp_path))
    assert values.pop("num_classes") == 10
    options = {k: v for k, v in values.items() if hasattr(config, k)}
    assert Config(**options) == config


def test_booleans_of_three_values():
    assert flags.parse(["simclrv2"]).use_tpu is None
    assert flags.parse(["simclrv2", "--use_tpu"]).use_tpu is True
    assert flags.parse(["simclrv2", "--use_tpu=False"]).use_tpu is False
    assert flags.parse(["simclrv2", "--nouse_tpu"]).use_tpu is False


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--resnet_dept=50"], "did you mean --resnet_depth?"),
        (["--zzz"], "There is no flag --zzz"),
        (["--nouse_blurr"], "did you mean --use_blur?"),
        (["--resnet_depth=x"], "--resnet_depth must be one of 18, 34.*=x"),
        (["--train_mode=x"], "--train_mode must be one of pretrain, .*=x"),
        (["--use_tpu=maybe"], "--use_tpu must be true or false.*=maybe"),
        (["--seed=1e3"], "--seed must be a whole number.*=1e3"),
        (["--temperature=a"], "--temperature must be a number.*=a"),
        (["--seed"], "Missing value for flag --seed"),
        (["--flagfile=/none.cfg"], "Unable to open flagfile.*/none.cfg"),
        (["pretrain"], "Expected flags alone.*pretrain"),
        (
            ['--stage_options=pretrain.learning_rate="x'],
            r"`stage_options` must be words .*: close it.*stage_options='pre",
        ),
    ],
)
def test_messages(argv, message):
    with pytest.raises(ValueError, match=message):
        flags.parse(["simclrv2", *argv])


def run(*argv):
    return subprocess.run(
        [sys.executable, "-m", "simclrv2_tf.run", *argv],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_help_lists_every_flag_without_tensorflow():
    code = (
        "import sys; from simclrv2_tf import run\n"
        "try: run.main(['simclrv2', '--help'])\n"
        "except SystemExit as e: assert e.code == 0\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    for name in ("resnet_depth", "distill_alpha", "variable_schema"):
        assert f"--{name}=" in done.stdout


def test_help_into_a_closed_pipe_says_nothing():
    done = subprocess.run(
        f"{sys.executable} -m simclrv2_tf.run --help | true",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stderr == ""


def test_the_package_alone_does_not_load_tensorflow():
    code = (
        "import sys, simclrv2_tf; dir(simclrv2_tf); simclrv2_tf.Config()\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_help_names_every_field():
    text = flags.help_text()
    for field in dataclasses.fields(Config):
        assert f"  --{field.name}=" in text


def test_a_mistake_is_one_line_and_status_2():
    done = run("--resnet_dept=50")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_flagfile_that_is_no_text_is_a_sentence(tmp_path):
    path = tmp_path / "flags.cfg"
    path.write_bytes(b"--seed=3\n--dataset=\xff\n")
    with pytest.raises(ValueError, match=r"text in UTF-8 .*flags\.cfg"):
        flags.parse(["simclrv2", f"--flagfile={path}"])


def test_a_byte_order_mark_is_no_part_of_a_flagfile(tmp_path):
    inner, outer = tmp_path / "inner.cfg", tmp_path / "outer.cfg"
    inner.write_text("\ufeff# a comment\n--seed=3\n", "utf-8")
    outer.write_text(f"\ufeff--flagfile={inner}\n--resnet_depth=18\n", "utf-8")
    config = flags.parse(["simclrv2", f"--flagfile={outer}", "--seed=4"])
    assert (config.seed, config.resnet_depth) == (4, 18)
    outer.write_text("\ufeff--resnet_depth=34", "utf-8")
    assert flags.parse(["simclrv2", f"--flagfile={outer}"]).resnet_depth == 34
    outer.write_text(f"\ufeff--flagfile={outer}\n", "utf-8")
    with pytest.raises(ValueError, match="must not name itself"):
        flags.parse(["simclrv2", f"--flagfile={outer}"])
    with pytest.raises(ValueError, match="Expected flags alone"):
        flags.parse(["simclrv2", "--", "--flagfile=x"])


def test_flagfiles_in_a_circle_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    first, second = tmp_path / "first.cfg", tmp_path / "second.cfg"
    first.write_text("--flagfile=first.cfg\n")
    with pytest.raises(ValueError, match="itself.*--flagfile=first.cfg"):
        flags.parse(["simclrv2", "--flagfile=first.cfg"])
    first.write_text("--flagfile=second.cfg\n")
    second.write_text("--seed=3\n--flagfile=./first.cfg\n")
    with pytest.raises(ValueError, match="must not name itself, nor one"):
        flags.parse(["simclrv2", "--flagfile", "first.cfg"])
    assert not capsys.readouterr().err
    first.write_text("--flagfile=second.cfg\n--flagfile=second.cfg\n")
    second.write_text("--seed=3\n")  # twice, and in no circle
    assert flags.parse(["simclrv2", "--flagfile=first.cfg"]).seed == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_flagfile_in_utf_16_is_one_sentence(tmp_path, encoding):
    inner, outer = tmp_path / "inner.cfg", tmp_path / "outer.cfg"
    inner.write_text("# a comment\n--seed=1\n", encoding)
    outer.write_text(f"--flagfile={inner}\n")
    for path in (inner, outer):
        with pytest.raises(ValueError, match="UTF-16: save it as UTF-8") as e:
            flags.parse(["simclrv2", f"--flagfile={path}"])
        assert str(path) in str(e.value) and "\0" not in str(e.value)


def test_options_of_a_stage_have_its_name_in_front():
    config = flags.parse(
        ["x", "--pretrain.learning_rate=0.5", "--distill.use_blur=false"]
    )
    given = stage_overrides.read(config.stage_options, config)
    assert given["pretrain"] == {"learning_rate": 0.5}
    assert given["distill"] == {"use_blur": False}
    assert given["finetune"] == given["scratch"] == {}
    assert config.learning_rate == Config().learning_rate


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--pretrain.learning_rat=1", "did you mean --pretrain.learning_rate"),
        ("--pretrain.learning_rate=x", "learning_rate must be a number"),
        ("--pretrain.model_dir=x", "no flag --pretrain.model_dir"),
        ("--pretrain.time_limit=00:30", "no flag --pretrain.time_limit"),
        ("--scratch.preemption_exit_code=3", "no flag --scratch.preemption"),
        (
            "--stage_options=pretrain.time_limit=00:30",
            "no option of its own 'time_limit'",
        ),
        ("--stage_options=foo.x=1", "a stage being one of .*foo.x=1"),
        ("--stage_options=pretrain.seed=a", "of its type, int.*seed=a"),
        ("--distill.learning_rate=nan", "`distill.learning_rate` must be a f"),
        ("--pretrain.learning_rate=nan", "finite.*: pretrain.learning_rate="),
        (
            "--distill.distill_temperature=-1",
            "`distill.distill_temperature` must be above 0.*temperature=-1.0",
        ),
        ("--pretrain.image_size=-3", "`pretrain.image_size` must be .*size=-3"),
        ("--scratch.resnet_depth=42", "`scratch.resnet_depth` must be one of"),
        ("--stage_options=finetune.optimizer=sgd", "`finetune.optimizer` must"),
    ],
)
def test_wrong_options_of_a_stage(argument, message):
    with pytest.raises(ValueError, match=message):
        flags.parse(["x", argument])
