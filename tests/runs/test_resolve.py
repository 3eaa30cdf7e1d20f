"""What flags leave open is as the weights have it; the rest must agree."""

import json

import pytest
import stand_ins

from simclrv2_tf import flags
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.run import main
from simclrv2_tf.runs import build
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.resolve import resolve

HELD = {
    **stand_ins.SMALL,
    "width_multiplier": 1 / 16,
    "num_proj_layers": 2,
    "num_classes": 10,
}
SHORT = ("--dataset=digits", "--train_batch_size=32", "--train_steps=1")
SHORT += ("--warmup_epochs=0", "--eval_split=test", "--eval_steps=1")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A TF1 checkpoint that nothing but its shapes describes."""
    directory = tmp_path_factory.mktemp("tf1")
    tf1.write(str(directory / "model.ckpt-3"), stand_ins.weights(HELD))
    return str(directory)


def test_a_config_knows_what_was_given():
    assert Config().given == frozenset()
    assert Config(seed=0).given == {"seed"}  # though it is the default
    argv = ["simclrv2", "--resnet_depth=50", "--nouse_blur"]
    assert flags.parse(argv).given == {"resnet_depth", "use_blur"}


def test_what_is_open_is_the_checkpoints(checkpoint):
    config = resolve(Config(checkpoint=checkpoint, ft_proj_selector=1))
    arguments = {k: v for k, v in HELD.items() if k != "num_classes"}
    assert arguments.items() <= build.architecture(config).items()
    assert config.ft_proj_selector == 1
    assert resolve(Config()).resnet_depth == 50


def test_a_selector_beyond_the_usual_head(tmp_path):
    arguments = {**HELD, "num_proj_layers": 5}
    tf1.write(str(tmp_path / "m"), stand_ins.weights(arguments))
    config = resolve(Config(checkpoint=str(tmp_path), ft_proj_selector=4))
    assert (config.num_proj_layers, config.ft_proj_selector) == (5, 4)


def test_what_is_given_stays_and_contradicts(checkpoint):
    config = resolve(Config(checkpoint=checkpoint, resnet_depth=50))
    assert config.resnet_depth == 50
    with pytest.raises(ValueError, match="is r18_0.0625x_sk0 .*say depth 50"):
        build.make_network(config, 10)


def test_a_run_goes_on_as_it_was(tmp_path):
    (tmp_path / "flags.json").write_text(json.dumps({"resnet_depth": 34}))
    config = Config(model_dir=str(tmp_path), checkpoint="gone")
    assert resolve(config).resnet_depth == 34


def test_a_headless_run_goes_on_as_it_was(tmp_path):
    (tmp_path / "flags.json").write_text('{"proj_head_mode": "none"}')
    assert resolve(Config(model_dir=str(tmp_path))).proj_head_mode == "none"


def test_no_projection_head_in_the_checkpoint_leaves_the_flags_alone(tmp_path):
    arguments = {**HELD, "proj_head_mode": "none"}
    tf1.write(str(tmp_path / "m"), stand_ins.weights(arguments))
    config = resolve(Config(checkpoint=str(tmp_path)))
    assert (config.proj_head_mode, config.num_proj_layers) == ("nonlinear", 3)
    assert config.resnet_depth == 18


def run(*arguments):
    main(["simclrv2", *SHORT, *arguments])


@pytest.mark.slow
def test_commands_without_any_flag_of_the_network(checkpoint, tmp_path, capsys):
    """Fine-tune, resume, distil, evaluate: as a user would type them."""
    tuned = f"--model_dir={tmp_path / 'tuned'}"
    start = (f"--checkpoint={checkpoint}", "--train_mode=finetune", tuned)
    run(*start, "--ft_proj_selector=1")
    flags = json.loads((tmp_path / "tuned" / "flags.json").read_text())
    assert (flags["resnet_depth"], flags["image_size"]) == (18, 32)
    run(*start, "--train_steps=2")
    assert "resuming at step" in capsys.readouterr().out
    distil = ("--train_mode=distill", "--resnet_depth=18", "--image_size=32")
    distil += ("--width_multiplier=0.03125", f"--model_dir={tmp_path / 'd'}")
    run(*distil, f"--teacher={tmp_path / 'tuned'}", "--mode=train_then_eval")
    assert "eval/label_top_1_accuracy" in capsys.readouterr().out
    run(f"--checkpoint={checkpoint}", "--mode=eval")


def test_flags_that_were_given_contradict_in_evaluation_too(checkpoint, capsys):
    with pytest.raises(SystemExit):
        run(f"--checkpoint={checkpoint}", "--mode=eval", "--resnet_depth=50")
    error = capsys.readouterr().err.strip().split("\n")[-1]
    assert "is r18_0.0625x_sk0 (depth 18), the flags say depth 50" in error


def test_channels_that_differ_are_named(checkpoint):
    with pytest.raises(ValueError, match="channels 3.* say .*channels 1"):
        build.make_network(Config(checkpoint=checkpoint, channels=1), 10)


def test_flags_decide_the_selector_where_the_source_tells_none(checkpoint):
    config = Config(teacher=checkpoint, teacher_proj_selector=1)
    (teacher,) = build.load_teachers(config)
    assert teacher.get_config()["ft_proj_selector"] == 1
    assert "reads projection layer 1" in str(teacher.load_report)
    config = Config(checkpoint=checkpoint, ft_proj_selector=1, mode="eval")
    judged = weights.load(config, checkpoint)
    assert judged.get_config()["ft_proj_selector"] == 1
