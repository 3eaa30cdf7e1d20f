"""`--checkpoint` beside a run: its own is taken, another's is not used."""

import numpy as np
import pytest
from least_checkpoint import save

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference.evaluation import classifier_evaluation
from simclrv2_tf.runs import weights


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
    assert warning.endswith(
        "takes precedence; omit --model_dir to use --checkpoint"
    )
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


def followed(run, checkpoint):
    """The checkpoints that are evaluated of a run that is followed."""
    options = {"model_dir": str(run), "checkpoint": str(checkpoint)}
    config = Config(mode="eval", eval_timeout=0.05, **options)
    return list(evaluate.checkpoints(config))


def test_a_run_that_is_followed_says_so_too(run, caplog, monkeypatch, tmp_path):
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.01)
    other = save(tmp_path / "other", 4)
    assert followed(run, other) == [str(run / "ckpt-9")]
    (warning,) = caplog.messages
    assert "ckpt-4 is not used" in warning
    assert followed(run, run / "ckpt-4") == [str(run / "ckpt-4")]


def test_one_of_the_runs_own_must_be_there_and_whole(run):
    message = r"whole checkpoint of the run in .*ckpt-5' \(it is not there\)"
    with pytest.raises(ValueError, match=f"{message}.* ckpt-4, ckpt-9; leave"):
        newest(model_dir=run, checkpoint=run / "ckpt-5")
    (data,) = run.glob("ckpt-4.data*")
    data.write_bytes(data.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"ckpt-4' \(.*data"):
        newest(model_dir=run, checkpoint=run / "ckpt-4")


LABELS = np.arange(12, dtype=np.int32) % 3
IMAGES = np.zeros((12, 8, 8, 3), np.uint8)
PICTURES = Source("pictures", LABELS, InMemory(IMAGES), ("a", "b", "c"))


def check_calibrated(prefix, **options):
    texts = {name: str(value) for name, value in options.items()}
    config = Config(mode="eval", calibrate=True, **texts)
    classifier_evaluation.check_calibrated(config, prefix, PICTURES)


@pytest.mark.parametrize("name", ["ckpt-4", "../run/ckpt-9"])
def test_one_of_the_runs_own_can_be_calibrated(run, name):
    own = str(run / name)
    check_calibrated(own, model_dir=run, checkpoint=own)
    check_calibrated(str(run / "ckpt-9"), model_dir=run)


def test_one_of_elsewhere_cannot(run, tmp_path):
    start = save(tmp_path / "start", 2)
    words = "a run's own checkpoint: give the run as --model_dir"
    for options in ({"model_dir": tmp_path / "new"}, {}):
        with pytest.raises(ValueError, match=words):
            check_calibrated(start, checkpoint=start, **options)
