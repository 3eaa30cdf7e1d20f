"""A run on a folder with an image that cannot be read, and its evaluation."""

import pathlib
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclrv2_tf import api
from simclrv2_tf.data import sources
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.runs import projector

NETWORK = types.SimpleNamespace(get_config=lambda: {"image_size": 8})

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


def spoil(folder, *names):
    for name in names:
        path = pathlib.Path(folder.removeprefix("folder:")) / name
        path.write_bytes(b"<html>404</html>")


def test_the_projector_obeys_the_limit_of_the_run(folder, tmp_path, caplog):
    """Of all images: of those that it takes, more may be unreadable."""
    spoil(folder, "a/0.png", "a/3.png")
    directory = tmp_path / "run"
    api.finetune(folder, directory, **OPTIONS, max_corrupt_fraction=0.03)
    names = (directory / "projector" / "labels.tsv").read_text().split()
    assert sorted(names) == ["a"] * 58 + ["b"] * 59
    assert "no embedding projector" not in caplog.text
    for name in ("a/0.png", "a/3.png", "b/59.png"):
        assert caplog.text.count(f"{name}") == 1


def test_a_projector_that_cannot_be_written_is_one_line(
    folder, tmp_path, caplog, monkeypatch
):
    def fail(*_):
        raise tf.errors.InvalidArgumentError(None, None, "bad\nTraceback")

    monkeypatch.setattr(projector, "_features", fail)
    api.finetune(folder, tmp_path / "run", **OPTIONS)
    told = [r.getMessage() for r in caplog.records]
    assert "no embedding projector: bad" in told


def test_a_projector_of_nothing_says_so(folder):
    whole = sources.open_source(folder)
    (bad,) = [i for i in range(120) if whole.where(i).endswith("b/59.png")]
    source = whole.subset(np.array([bad]))
    with pytest.raises(ValueError, match="none of 1 images of .* can be read"):
        projector.write(
            "nowhere", NETWORK, source, UnreadableImages(source, 1.0)
        )
