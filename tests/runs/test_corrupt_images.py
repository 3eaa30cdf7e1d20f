"""A run on a folder with an image that cannot be read, and its evaluation."""

import pathlib
import types
from unittest import mock

import keras
import numpy as np
import pytest
import small_backbone
import tensorflow as tf
from PIL import Image

from simclrv2_tf import api
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.runs import assembly
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import train as training
from simclrv2_tf.runs.monitoring import projector
from simclrv2_tf.runs.train import train

NETWORK = types.SimpleNamespace(get_config=lambda: {"image_size": 8})

pytestmark = pytest.mark.usefixtures("unexported")

OPTIONS = {
    **small_backbone.options(),
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


@pytest.mark.slow
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


class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == 11:
            raise RuntimeError("killed")


def tune(folder, directory, callbacks=(), **options):
    options = {**OPTIONS, "max_corrupt_fraction": 0.1, **options}
    place = {"dataset": folder, "model_dir": str(directory)}
    train(
        Config(train_mode="finetune", **place, **options), None, None, callbacks
    )


@pytest.mark.slow
def test_what_cannot_be_read_is_counted_over_a_kill(
    folder, tmp_path, capsys, caplog
):
    """The last batches alone do not meet all of it again."""
    spoil(folder, *(f"a/{number}.png" for number in range(0, 60, 6)))
    tune(folder, tmp_path / "whole", checkpoint_steps=5)
    sentence = "11 of 120 images could not be read and were left out"
    assert sentence in capsys.readouterr().out
    # The projector leaves them out as well, and does not name them again.
    labels = (tmp_path / "whole" / "projector" / "labels.tsv").read_text()
    assert sorted(labels.split()) == ["a"] * 50 + ["b"] * 59
    assert "no embedding projector" not in caplog.text
    assert caplog.text.count("left out, as it cannot be read") == 11
    with pytest.raises(RuntimeError, match="killed"):
        tune(folder, tmp_path / "run", [Kill()], checkpoint_steps=5)
    tune(folder, tmp_path / "run", checkpoint_steps=5)
    assert sentence in capsys.readouterr().out
    for step in (5, 10, 12):  # sums of all that checkpoints hold
        whole, parted = (
            (tmp_path / name / f"ckpt-{step}.sha256").read_text()
            for name in ("whole", "run")
        )
        assert whole == parted
    prefix = str(tmp_path / "run" / "ckpt-12")
    numbers = run_directory.read_progress(prefix)["unreadable"]
    assert len(numbers) == 11 and numbers == sorted(numbers)
    # Other data begin a count of their own.
    bad = pathlib.Path(folder.removeprefix("folder:")) / "b" / "59.png"
    bad.unlink()
    tune(folder, tmp_path / "run")  # trained already: nothing is read
    assert "could not be read" not in capsys.readouterr().out


def test_images_that_are_mended_are_not_counted_on(folder, monkeypatch):
    """They stayed unreadable for good, though they were trained on."""
    spoil(folder, "a/0.png", "a/1.png")
    source = sources.open_source(folder)
    names = [source.where(n)[-8:] for n in range(source.num_examples)]
    bad = [names.index(name) for name in ("/a/0.png", "/a/1.png", "b/59.png")]
    before = {"data": environment.describe_data(source)}
    monkeypatch.setattr(
        assembly.model_dir, "read_environment", lambda directory: before
    )

    def restored():
        run = types.SimpleNamespace(
            config=types.SimpleNamespace(model_dir="run"),
            progress=types.SimpleNamespace(unreadable=bad),
            data=types.SimpleNamespace(
                source=source, unreadable=UnreadableImages(source, 0.1)
            ),
        )
        assembly._restore_unreadable(run)
        return run.data.unreadable.numbers

    assert restored() == {*bad}
    root = pathlib.Path(folder.removeprefix("folder:"))
    (root / "a/1.png").write_bytes((root / "a/2.png").read_bytes())
    assert restored() == {bad[0], bad[2]}


def test_the_projector_counts_on_with_the_run(folder, monkeypatch, tmp_path):
    """Of the few that it takes more may be unreadable than of all."""
    monkeypatch.setattr(projector, "EXAMPLES", 12)
    monkeypatch.setattr(
        projector, "_features", lambda _, x: np.ones((len(x), 2))
    )
    spoil(folder, "a/0.png")
    source = sources.open_source(folder)
    unreadable = UnreadableImages(source, 0.02)
    projector.write(str(tmp_path), NETWORK, source, unreadable)
    labels = (tmp_path / "projector" / "labels.tsv").read_text().split()
    assert len(labels) == 11 and len(unreadable.numbers) == 1
    stricter = UnreadableImages(source, 0.0)
    with pytest.raises(ValueError, match=r"a/0.png is none, or is damaged"):
        projector.write(str(tmp_path), NETWORK, source, stricter)


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.InvalidArgumentError(None, None, "bad\nTraceback"),
        ValueError("bad\nmore"),
    ],
)
def test_a_projector_that_fails_is_one_line(monkeypatch, caplog, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(projector, "write", fail)
    names = ("config", "stage", "data")
    run = types.SimpleNamespace(**{name: mock.Mock() for name in names})
    training._project(run)
    assert caplog.messages == ["no embedding projector: bad"]


def test_a_projector_of_nothing_says_so(folder):
    whole = sources.open_source(folder)
    (bad,) = [i for i in range(120) if whole.where(i).endswith("b/59.png")]
    source = whole.subset(np.array([bad]))
    with pytest.raises(ValueError, match="none of 1 images of .* can be read"):
        projector.write(
            "nowhere", NETWORK, source, UnreadableImages(source, 1.0)
        )
