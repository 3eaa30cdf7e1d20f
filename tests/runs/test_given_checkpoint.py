"""`--checkpoint` beside a run: its own is taken, another's is not used."""

import keras
import pytest

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.inference import evaluate
from simclrv2_tf.runs import weights


def save(directory, step):
    variables = {"base_model/scale": keras.Variable([1.0])}
    return run_directory.save(str(directory), step, variables)


@pytest.fixture
def run(tmp_path):
    """A run with two checkpoints."""
    for step in (4, 9):
        save(tmp_path / "run", step)
    return tmp_path / "run"


def newest(mode="eval", **options):
    texts = {name: str(value) for name, value in options.items()}
    return weights.newest(Config(mode=mode, **texts))


@pytest.mark.parametrize("mode", ["eval", "predict", "embed", "export"])
def test_one_of_the_runs_own_is_taken(run, mode, caplog):
    options = {"mode": mode, "model_dir": run}
    for name in ("ckpt-4", "ckpt-4.index", "../run/ckpt-4"):
        found = newest(checkpoint=run / name, **options)
        assert found.endswith("run/ckpt-4")
    assert newest(checkpoint=run / "ckpt-9", **options) == str(run / "ckpt-9")
    assert newest(checkpoint=run, **options) == str(run / "ckpt-9")
    assert newest(**options) == str(run / "ckpt-9")
    assert not caplog.messages


@pytest.mark.parametrize("mode", ["eval", "predict"])
def test_one_of_elsewhere_is_not_used_and_a_line_says_so(run, mode, caplog):
    """Commands go on that repeat what the run started from."""
    start = save(run.parent / "start", 2)
    options = {"mode": mode, "model_dir": run, "checkpoint": start}
    for _ in range(2):
        assert newest(**options) == str(run / "ckpt-9")
    (warning,) = caplog.messages
    assert warning.startswith(f"the weights are those of {run}/ckpt-9, and ")
    assert f"--checkpoint={start} is not used" in warning
    assert newest(mode=mode, model_dir=start, checkpoint=start) == start


@pytest.mark.parametrize("mode", ["train", "train_then_eval"])
def test_in_training_it_is_what_the_run_starts_from(run, mode, caplog):
    options = {"mode": mode, "model_dir": run}
    given = Config(
        **{name: str(v) for name, v in options.items()},
        train_mode="finetune",
        checkpoint=str(run / "ckpt-4"),
    )
    assert weights.newest(given) == str(run / "ckpt-9")
    assert not caplog.messages


def test_a_run_that_is_followed_says_so_too(run, caplog, monkeypatch):
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.01)
    followed = Config(
        mode="eval",
        model_dir=str(run),
        checkpoint=str(run / "ckpt-4"),
        eval_timeout=0.05,
    )
    assert list(evaluate.checkpoints(followed)) == [str(run / "ckpt-9")]
    (warning,) = caplog.messages
    assert "ckpt-4 is not used" in warning
