"""A run's checkpoints: written whole, verified, and passed over when torn."""

import os
import pathlib
import shutil
import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.files import atomic
from simclrv2_tf.models.network import Network

SIZE = 1000


def tensors(step):
    kernel = keras.Variable(np.full(SIZE, step, np.float32))
    return run_directory.snapshot(
        {"base_model/conv2d/kernel": kernel},
        [kernel],
        {"means": [step / 3]},
    )


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "run"
    for step in (2, 4, 10):
        run_directory.write(str(directory), step, tensors(step))
    return directory


def kernel_of(prefix):
    return run_directory.read(prefix)["base_model/conv2d/kernel"]


def test_a_directory_called_like_a_pattern(tmp_path):
    directory = str(tmp_path / "run[1]*?")
    run_directory.write(directory, 3, tensors(3))
    prefix = run_directory.latest_valid(directory)
    np.testing.assert_array_equal(kernel_of(prefix), 3)


def flip(path, place=100):
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1
    path.write_bytes(data)


def test_one_stays_beside_the_newest(tmp_path):
    for step in range(1, 6):
        run_directory.write(str(tmp_path), step, tensors(step), 2, also=2)
    assert run_directory.steps(str(tmp_path)) == [2, 4, 5]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert len(state.all_model_checkpoint_paths) == 3
    run_directory.write(str(tmp_path), 6, tensors(6), keep=1, also=6)
    assert run_directory.steps(str(tmp_path)) == [6]


def test_everything_comes_back(run):
    prefix = run_directory.latest_valid(str(run))
    assert run_directory.step_of(prefix) == 10
    np.testing.assert_array_equal(kernel_of(prefix), 10)
    np.testing.assert_array_equal(
        run_directory.read_optimizer(prefix)["0"], kernel_of(prefix)
    )
    assert run_directory.read_progress(prefix) == {"means": [10 / 3]}
    state = tf.train.get_checkpoint_state(str(run))
    assert state.model_checkpoint_path == prefix
    assert list(state.all_model_checkpoint_paths) == [
        str(run / f"ckpt-{step}") for step in (2, 4, 10)
    ]


def test_a_snapshot_is_of_its_moment(tmp_path):
    kernel = keras.Variable(np.zeros(SIZE, np.float32))
    taken = run_directory.snapshot({"base_model/conv2d/kernel": kernel})
    kernel.assign(np.ones(SIZE))
    kernel.value.assign_add(np.ones(SIZE, np.float32))
    prefix = run_directory.write(str(tmp_path), 1, taken)
    np.testing.assert_array_equal(kernel_of(prefix), 0)


def test_the_checksums_are_those_of_sha256sum(run):
    if shutil.which("sha256sum") is None:
        pytest.skip("needs the tool sha256sum")
    command = ["sha256sum", "--check", "ckpt-10.sha256"]
    assert subprocess.run(command, cwd=run, check=False).returncode == 0
    flip(run / "ckpt-10.data-00000-of-00001")
    assert subprocess.run(command, cwd=run, check=False).returncode == 1


@pytest.mark.parametrize("name", ["index", "data-00000-of-00001", "sha256"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_torn_checkpoint_is_reported_and_passed_over(
    run, name, damage, caplog
):
    path = run / f"ckpt-10.{name}"
    if damage == "flip":
        flip(path)
    elif damage == "gone":
        path.unlink()
    else:
        size = path.stat().st_size // 2 if damage == "cut" else 0
        os.truncate(path, size)
    newest = run_directory.latest_valid(str(run), set_aside=True)
    whole_without_sums = (name, damage) == ("sha256", "gone")
    unseen = (name, damage) == ("index", "gone")  # as if it was never written
    if whole_without_sums:
        assert newest.endswith("ckpt-10")
        return
    assert newest.endswith("ckpt-4")
    np.testing.assert_array_equal(kernel_of(newest), 4)
    named = "ckpt-10 is damaged and passed over" in caplog.text
    assert named != unseen
    assert run_directory.steps(str(run)) == [2, 4]
    run_directory.write(str(run), 10, tensors(11))  # what was torn comes again
    newest = run_directory.latest_valid(str(run))
    np.testing.assert_array_equal(kernel_of(newest), 11)


def test_without_checksums_the_files_own_are_read(run):
    for path in run.glob("*.sha256"):
        path.unlink()
    assert run_directory.latest_valid(str(run)).endswith("ckpt-10")
    flip(run / "ckpt-10.data-00000-of-00001")
    assert run_directory.latest_valid(str(run)).endswith("ckpt-4")


def test_all_torn_is_an_error_and_not_a_new_start(run):
    for path in run.glob("*.data*"):
        os.truncate(path, 1)
    with pytest.raises(ValueError, match=r"All checkpoints .* \(3\)"):
        run_directory.latest_valid(str(run))
    assert len(list(run.glob("*.index"))) == 3


def test_the_newest_is_told_by_its_number_not_by_clocks(run):
    for path in run.glob("ckpt-10.*"):
        os.utime(path, (0, 0))
    assert run_directory.latest(str(run)).endswith("ckpt-10")
    assert run_directory.latest_valid(str(run)).endswith("ckpt-10")


def test_so_many_are_kept_and_whole_ones_named(tmp_path):
    for step in range(1, 6):
        run_directory.write(str(tmp_path), step, tensors(step), keep=2)
        assert run_directory.steps(str(tmp_path))[-2:] == [
            s for s in (step - 1, step) if s
        ]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert len(state.all_model_checkpoint_paths) == 2
    assert len(list(tmp_path.glob("ckpt-*"))) == 6


def test_the_last_good_one_goes_only_after_the_next_is_verified(
    run, monkeypatch
):
    def torn(prefix):
        raise tf.errors.DataLossError(None, None, "torn")

    monkeypatch.setattr(run_directory, "_read_all", torn)
    with pytest.raises(ValueError, match="torn"):
        run_directory.write(str(run), 12, tensors(12), keep=1)
    assert run_directory.steps(str(run)) == [2, 4, 10]
    assert not [p for p in run.iterdir() if p.name.startswith(".")]


def test_what_a_kill_left_is_cleaned(run):
    left = run / ".writing-abc"
    left.mkdir()
    (left / "ckpt-12.index").write_bytes(b"x")
    atomic.clean(str(run))
    assert not left.exists()
    assert run_directory.steps(str(run)) == [2, 4, 10]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        done = None
    if done is None or done.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_what_was_there(small_disk):
    run_directory.write(str(small_disk), 1, tensors(1))
    ballast = small_disk / "ballast"
    with (
        pytest.raises(OSError, match="No space left"),
        ballast.open("wb") as file,
    ):
        for _ in range(1000):
            file.write(bytes(1024))
            file.flush()
    with pytest.raises(ValueError, match="the disk is full"):
        run_directory.write(str(small_disk), 2, tensors(2), keep=1)
    assert run_directory.latest_valid(str(small_disk)).endswith("ckpt-1")
    ballast.unlink()
    run_directory.write(str(small_disk), 2, tensors(2), keep=1)
    assert run_directory.steps(str(small_disk)) == [2]


def test_a_read_only_disk_leaves_what_was_there(small_disk):
    run_directory.write(str(small_disk), 1, tensors(1))
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    if subprocess.run(remount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to remount read-only")
    with pytest.raises(ValueError, match="its file system is read-only"):
        run_directory.write(str(small_disk), 2, tensors(2))
    assert run_directory.latest_valid(str(small_disk)).endswith("ckpt-1")


def test_a_directory_that_is_gone_is_made_again(run):
    shutil.rmtree(run)
    run_directory.write(str(run), 12, tensors(12))
    assert run_directory.steps(str(run)) == [12]


def test_a_checkpoint_of_another_program_is_found(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    checkpoint.write(str(tmp_path / "model.ckpt-7"))
    atomic.name_newest(str(tmp_path / "model.ckpt-7"))
    prefix = run_directory.latest_valid(str(tmp_path))
    assert pathlib.Path(prefix).name == "model.ckpt-7"
    assert run_directory.read_progress(prefix) == {}


def test_weights_of_a_run_come_from_its_newest_whole_checkpoint(
    tmp_path, caplog
):
    network = Network(
        resnet_depth=18, width_multiplier=1 / 32, image_size=8, num_classes=0
    )
    variables = network.named_variables()
    name = next(iter(variables))
    for step in (1, 2):
        variables[name].assign(np.full(variables[name].shape, step))
        run_directory.save(str(tmp_path), step, variables)
    flip(tmp_path / "ckpt-2.data-00000-of-00001")
    source = any_format.open_source(str(tmp_path))
    np.testing.assert_array_equal(source.arrays[name], 1)
    assert "ckpt-2 is damaged and passed over" in caplog.text
