"""One clear sentence each, and nothing half-written."""

import errno
import os
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import stand_ins
import tensorflow as tf

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.files import errors
from simclrv2_tf.hub import conversion

ARGUMENTS = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 8,
    "image_size": 32,
    "num_classes": 3,
    "proj_out_dim": 4,
}


@pytest.fixture(scope="module")
def weights():
    return stand_ins.weights(ARGUMENTS)


@pytest.fixture
def checkpoint(weights, tmp_path):
    tf1.write(str(tmp_path / "model.ckpt-1"), weights)
    return tmp_path


def data_of(directory):
    return directory / "model.ckpt-1.data-00000-of-00001"


def refused(path, match, **overrides):
    with pytest.raises(ValueError, match=match) as caught:
        hub.load_network(str(path), **overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_data(checkpoint, share):
    data = data_of(checkpoint)
    whole = data.read_bytes()
    data.write_bytes(whole[: int(share * len(whole))])
    refused(checkpoint, "cannot be read: it is truncated or damaged")


def test_truncated_index(checkpoint):
    index = checkpoint / "model.ckpt-1.index"
    index.write_bytes(index.read_bytes()[:100])
    refused(checkpoint, "cannot be read: it is truncated or damaged")


def test_damaged_index(checkpoint):
    """Its last lines tell where the rest is; the reader says IndexError."""
    index = checkpoint / "model.ckpt-1.index"
    whole = bytearray(index.read_bytes())
    whole[-43] = 255
    index.write_bytes(whole)
    refused(checkpoint, "cannot be read: it is truncated or damaged")


@pytest.mark.parametrize("part", [b"HEAP", b"SNOD", b"TREE"])
def test_damaged_keras_weights(checkpoint, tmp_path, part):
    path = tmp_path / "model.weights.h5"
    conversion.convert(str(checkpoint), str(path))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(part, b"????"))
    refused(path, "cannot be read: it is truncated or damaged")


def test_missing_shard(checkpoint):
    data_of(checkpoint).unlink()
    refused(checkpoint, "cannot be read: a file is missing .*copy all")


def test_missing_index(checkpoint):
    (checkpoint / "model.ckpt-1.index").unlink()
    refused(checkpoint, r"names 'model.ckpt-1', whose .index is missing")
    refused(checkpoint / "model.ckpt-1", "where there is nothing")


def test_a_directory_that_moved_is_found(checkpoint):
    """`checkpoint` files may hold paths of the machine that wrote them."""
    state = checkpoint / "checkpoint"
    state.write_text('model_checkpoint_path: "/elsewhere/model.ckpt-1"\n')
    assert any_format.open_source(str(checkpoint)).kind == "TF1"
    state.unlink()
    assert any_format.open_source(str(checkpoint)).kind == "TF1"


def test_several_and_none_named(checkpoint, weights):
    (checkpoint / "checkpoint").unlink()
    tf1.write(str(checkpoint / "model.ckpt-2"), weights)
    (checkpoint / "checkpoint").unlink()
    refused(checkpoint, "holds 2 sets of weights .model.ckpt-1, model.ckpt-2.")


def test_foreign_arrays_are_named(checkpoint, weights):
    kernel = np.ones((3, 3), np.float32)
    more = {"encoder2/conv2d/kernel": kernel, "memory/queue": kernel}
    more["base_model/conv2d/kernel/Momentum"] = kernel
    tf1.write(str(checkpoint / "model.ckpt-1"), {**weights, **more})
    refused(checkpoint, r"1 arrays that are no part .*\(encoder2/conv2d")
    network = hub.load_network(str(checkpoint), ignore="encoder2")
    assert network.load_report


def test_not_finite(checkpoint, weights, tmp_path):
    broken = {n: np.array(a) for n, a in weights.items()}
    broken["base_model/conv2d_3/kernel"][0, 0, 0, 0] = np.nan
    tf1.write(str(checkpoint / "model.ckpt-1"), broken)
    sentence = r"hold NaN or infinity \(base_model/conv2d_3/kernel\)"
    refused(checkpoint, sentence)
    for name in ("out.safetensors", "ckpt-0", "x/model.ckpt-0", "y.keras"):
        target = tmp_path / "new" / name
        with pytest.raises(ValueError, match=sentence):
            hub.convert(str(checkpoint), str(target))
    assert not (tmp_path / "new").exists()


def test_wrong_architecture(checkpoint, weights):
    refused(
        checkpoint,
        r"is r18_0.125x_sk0 \(depth 18\), the flags say depth 50",
        resnet_depth=50,
    )
    gone = "base_model/batch_normalization_4/beta"
    rest = {n: a for n, a in weights.items() if n != gone}
    tf1.write(str(checkpoint / "model.ckpt-1"), rest)
    refused(checkpoint, "Nearest is r18_0.125x_sk0.* 1 missing .*_4/beta")


def test_head_of_another_shape(checkpoint, weights):
    name = "head_contrastive/nl_1/dense/kernel"
    changed = {**weights, name: np.ones((64, 65), np.float32)}
    tf1.write(str(checkpoint / "model.ckpt-1"), changed)
    refused(checkpoint, r"of another shape: 1 .*nl_1/dense/kernel \(64, 65\)")
    with pytest.raises(ValueError, match="of another shape .*nl_1/dense"):
        hub.convert(str(checkpoint), str(checkpoint / "x.safetensors"))
    assert not (checkpoint / "x.safetensors").exists()


def test_none_of_these(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    refused(tmp_path, "a directory that is none of these")
    refused(tmp_path / "notes.txt", "a file that is none of these")
    (tmp_path / "job.json").write_text("{}")
    refused(tmp_path, "a job, whose runs are in there, such as 'finetuned'")
    refused(tmp_path / "nowhere", "where there is nothing")
    tf.train.Checkpoint(x=tf.Variable(1.0)).save(str(tmp_path / "c/ckpt"))
    refused(tmp_path / "c", "is of no known kind")
    refused("simclrv2/pretrained/r18_1x_sk0", "name of a published model")


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_damaged_keras_files(name, tmp_path):
    (tmp_path / name).write_bytes(b"no such format")
    refused(tmp_path / name, "cannot be read: it is truncated or damaged")


@pytest.fixture
def reachable():
    """A directory that other users can reach, as pytest's are not."""
    directory = tempfile.mkdtemp(dir="/tmp")
    os.chmod(directory, 0o755)
    yield pathlib.Path(directory)
    shutil.rmtree(directory)


def test_no_permission(weights, reachable, as_nobody):
    tf1.write(str(reachable / "model.ckpt-1"), weights)
    with as_nobody():
        for name in ("x.safetensors", "x.keras", "ckpt-0", "model.ckpt-0"):
            with pytest.raises(ValueError, match="written: no permission"):
                hub.convert(str(reachable), str(reachable / name))
        with pytest.raises(ValueError, match="written: no permission"):
            hub.convert(str(reachable), str(reachable / "new" / "ckpt-0"))
    before = set(os.listdir(reachable))
    for file in (data_of(reachable), reachable / "model.ckpt-1.index"):
        mode = file.stat().st_mode
        file.chmod(0)
        with as_nobody():
            refused(reachable, "cannot be read: no permission")
        file.chmod(mode)
    assert set(os.listdir(reachable)) == before


@pytest.mark.parametrize(
    "name",
    [
        "x.safetensors",
        "x.pth",
        pytest.param("x.keras", marks=pytest.mark.slow),
        "x.weights.h5",
        "c/ckpt-0",
        "t/m",
    ],
)
def test_a_full_disk_half_way_through(name, checkpoint, tmp_path, largest_file):
    if name.endswith(".pth"):
        pytest.importorskip("torch")
    target = tmp_path / "new" / name
    form = "tf1" if name == "t/m" else None
    size = data_of(checkpoint).stat().st_size
    with largest_file(size // 2):
        with pytest.raises(ValueError, match="cannot be written: ") as caught:
            hub.convert(str(checkpoint), str(target), form)
    assert "limit on file sizes" in str(caught.value)
    assert [p for p in (tmp_path / "new").rglob("*") if p.is_file()] == []
    hub.convert(str(checkpoint), str(target), form)
    assert hub.find_weights(target).arguments["resnet_depth"] == 18


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "x"), "no permission"),
        (tf.errors.PermissionDeniedError(None, None, "x"), "no permission"),
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (tf.errors.ResourceExhaustedError(None, None, "x"), "disk is full"),
        (
            OSError("open failed (errno = 13, error message = 'x')"),
            "permission",
        ),
        (tf.errors.DataLossError(None, None, "a\nb"), "damaged .a."),
    ],
)
def test_errors_of_all_sources_are_put_in_words(error, sentence):
    with pytest.raises(ValueError, match=f"'p' cannot be read: .*{sentence}"):
        with errors.file_errors("p"):
            raise error


@pytest.mark.parametrize("name", ["x.safetensors", "ckpt-0", "model.ckpt-0"])
def test_a_write_that_fails_leaves_what_was_there(name, checkpoint, tmp_path):
    target = tmp_path / "new" / name
    hub.convert(str(checkpoint), str(target))
    before = {p: p.read_bytes() for p in (tmp_path / "new").iterdir()}

    class Full(dict):
        def __getitem__(self, name):
            if name.endswith("_9/kernel"):
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().__getitem__(name)

    found = hub.find_weights(str(checkpoint))
    with pytest.raises(ValueError, match="cannot be written: the disk is full"):
        conversion._WRITERS[conversion.format_of(str(target))](
            str(target), Full(found.arrays), found.arguments
        )
    after = {p: p.read_bytes() for p in (tmp_path / "new").iterdir()}
    assert after == before
    shutil.rmtree(tmp_path / "new")


def test_the_target_must_tell_its_format(checkpoint):
    with pytest.raises(ValueError, match="name must tell its format"):
        hub.convert(str(checkpoint), str(checkpoint / "weights"))
    with pytest.raises(ValueError, match="`form` must be one of"):
        hub.convert(str(checkpoint), "x", form="onnx")


def test_names_that_only_look_like_numbers_are_no_versions(tmp_path):
    (tmp_path / "²").mkdir()
    with pytest.raises(ValueError, match="a directory that is none of these"):
        any_format.locate(str(tmp_path))
