"""A run on a folder with an image that cannot be read, and its evaluation."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf import api

OPTIONS = {
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 8,
    "train_batch_size": 20,
    "train_steps": 12,
    "warmup_epochs": 0,
    "eval_batch_size": 50,
    "eval_split": "train",
}


@pytest.fixture
def folder(tmp_path):
    """Two classes of 60 images each; one image is cut off."""
    rng = np.random.default_rng(0)
    for kind in ("a", "b"):
        (tmp_path / "images" / kind).mkdir(parents=True)
        for number in range(60):
            pixels = rng.integers(0, 256, (10, 10, 3)).astype(np.uint8)
            path = tmp_path / "images" / kind / f"{number}.png"
            Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[:30])
    return f"folder:{tmp_path / 'images'}"


def test_a_run_and_its_evaluation_leave_it_out(folder, tmp_path, caplog):
    api.finetune(folder, tmp_path / "run", **OPTIONS)
    assert "left out, as it cannot be read" in caplog.text
    assert "59.png" in caplog.text
    result = api.evaluate(folder, tmp_path / "run", **OPTIONS)
    assert result["eval/examples"] == 119
    assert result["eval/unreadable_images"] == 1
    with pytest.raises(ValueError, match=r"59\.png is none, or is damaged"):
        api.evaluate(
            folder, tmp_path / "run", **OPTIONS, max_corrupt_fraction=0
        )
