"""A run that is followed has its whole checkpoints alone."""

import os

import pytest
from least_checkpoint import save

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference.evaluation.whole_checkpoints import WholeCheckpoints


def damage(prefix):
    with open(f"{prefix}.data-00000-of-00001", "ab") as file:
        file.write(b"more")


@pytest.fixture
def verified(monkeypatch):
    """Prefixes of the checkpoints whose files were read, as they are."""
    prefixes, verify = [], run_directory.verify

    def verify_one(prefix):
        prefixes.append(prefix)
        return verify(prefix)

    monkeypatch.setattr(run_directory, "verify", verify_one)
    return prefixes


def test_a_damaged_one_counts_as_not_there(tmp_path, caplog, verified):
    present = WholeCheckpoints(str(tmp_path))
    assert present.newest() is None
    first = save(tmp_path, 4)
    second = save(tmp_path, 9)
    damage(second)
    for _ in range(3):
        assert present.newest() == first
    assert verified == [second, first]  # once each
    (warning,) = caplog.messages
    assert f"{second} is damaged and passed over" in warning


def test_one_that_is_written_anew_is_looked_at_again(tmp_path):
    present = WholeCheckpoints(str(tmp_path))
    prefix = save(tmp_path, 9)
    damage(prefix)
    assert present.newest() is None
    for path in tmp_path.glob("ckpt-9.*"):
        path.unlink()
    save(tmp_path, 9)
    os.utime(f"{prefix}.index", (1, 1))
    assert present.newest() == prefix


def test_one_that_is_deleted_meanwhile_is_not_called_damaged(
    tmp_path, caplog, monkeypatch
):
    prefix = save(tmp_path, 9)

    def verify(prefix):
        run_directory.delete(prefix)
        return "no such file"

    monkeypatch.setattr(run_directory, "verify", verify)
    assert WholeCheckpoints(str(tmp_path)).newest() is None
    assert not os.path.exists(f"{prefix}.index")
    assert not caplog.messages


def test_waiting_goes_past_a_damaged_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.01)
    first, second = (save(tmp_path, step) for step in (4, 9))
    damage(second)
    config = Config(mode="eval", model_dir=str(tmp_path), eval_timeout=60)
    prefixes = evaluate.checkpoints(config)
    assert next(prefixes) == first
    third = save(tmp_path, 12)
    assert next(prefixes) == third
