"""Whole runs on images that are not RGB."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclrv2_tf import api
from simclrv2_tf.config import Config
from simclrv2_tf.runs.train import train

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 8,
    "train_batch_size": 16,
    "train_steps": 2,
    "warmup_epochs": 0,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
}


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 4])
def test_from_arrays_to_an_export(tmp_path, channels, capsys):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (32, 8, 8, channels)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(32) % 2)
    result = api.finetune(
        f"npz:{tmp_path}/a.npz",
        tmp_path / "run",
        channels=channels,
        mode="train_then_eval",
        eval_split="train[50%:]",
        **SMALL,
    )
    assert 0 <= result["eval/label_top_1_accuracy"] <= 1
    assert result["eval/examples"] == 16
    served = tf.saved_model.load(result["export"])
    encoded = _encoded(images[0])
    answer = served.signatures["serving_default"](tf.constant([encoded]))
    network = json.loads((tmp_path / "run/flags.json").read_text())
    assert network["channels"] == channels
    assert answer["probabilities"].shape == (1, 2)


def _encoded(image):
    if image.shape[-1] == 1:
        file = io.BytesIO()
        Image.fromarray(image[..., 0]).save(file, "PNG")
        return file.getvalue()
    return tf.io.serialize_tensor(image / np.float32(255)).numpy()


def test_pretraining_says_what_is_left_out(tmp_path, capsys, announced):
    options = {**SMALL, "dataset": "digits", "model_dir": str(tmp_path)}
    with announced():
        train(Config(channels=1, **options))
    assert "brightness and contrast alone" in capsys.readouterr().out
