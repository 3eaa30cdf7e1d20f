"""Names of a run's files."""

import subprocess
import sys

import pytest

from simclrv2_tf.files import run_files


def test_a_name_is_that_of_its_pattern():
    for step in (0, 7, 12_345):
        match = run_files.CHECKPOINT.fullmatch(run_files.checkpoint_name(step))
        assert int(match[1]) == step


def test_steps_are_those_of_whole_checkpoints():
    names = ["ckpt-10.index", "ckpt-9.index", "ckpt-10.sha256", "ckpt-11"]
    names += ["damaged-ckpt-3.index", "ckpt-x.index", "ckpt-4.index.tmp"]
    names += ["model.ckpt-5.index", "checkpoint", "ckpt-12.index/"]
    assert run_files.checkpoint_steps(names) == [9, 10]
    assert run_files.checkpoint_steps([]) == []


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_an_export_is_told_by_its_file(tmp_path, prefix):
    assert not run_files.is_export(f"{prefix}{tmp_path}")
    assert not run_files.is_export(f"{prefix}{tmp_path}/missing")
    (tmp_path / "network.json").write_text("{}")
    assert run_files.is_export(f"{prefix}{tmp_path}")


def test_it_needs_no_tensorflow(tmp_path):
    code = (
        "import sys\n"
        "from simclrv2_tf.files import run_files\n"
        f"run_files.is_export({str(tmp_path)!r})\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
