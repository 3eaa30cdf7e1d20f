"""Which file a directory means."""

import json
import logging
import struct

import pytest

from simclrv2_tf.checkpoints import detection


def put(folder, *names):
    """Files that begin as their kinds do."""
    for name in names:
        head = json.dumps({}).encode()
        starts = {
            "safetensors": struct.pack("<Q", len(head)) + head,
            "h5": b"\x89HDF\r\n\x1a\n",
        }
        end = name.rsplit(".")[-1]
        (folder / name).write_bytes(starts.get(end, b"\x80\x02}"))


@pytest.mark.parametrize(
    ("safe", "others"),
    [
        ("model.safetensors", ["pytorch_model.bin"]),
        ("model.safetensors", ["pytorch_model.bin", "tf_model.h5"]),
        (
            "open_clip_model.safetensors",
            ["open_clip_pytorch_model.bin"],
        ),
        ("resnet.safetensors", ["resnet.pth.tar"]),
    ],
)
def test_the_safetensors_of_the_same_weights_is_taken(
    tmp_path, caplog, safe, others
):
    caplog.set_level(logging.INFO, "simclrv2_tf")
    put(tmp_path, safe, *others)
    assert detection.only_file(str(tmp_path)) == str(tmp_path / safe)
    for other in others:
        assert f"{safe} is read, and not {other} beside it" in caplog.text


@pytest.mark.parametrize(
    "names",
    [
        ("model.safetensors", "other.bin"),
        ("model.safetensors", "model.weights.h5"),
        ("model.safetensors", "model.fp16.safetensors"),
        ("pytorch_model.bin", "model.pth"),
        ("a.safetensors", "b.safetensors", "a.bin"),
    ],
)
def test_other_weights_are_not_passed_over(tmp_path, names):
    put(tmp_path, *names)
    with pytest.raises(ValueError, match="2 sets of weights"):
        detection.only_file(str(tmp_path))
