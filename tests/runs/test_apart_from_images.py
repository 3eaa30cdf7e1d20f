"""A run does not write among the images that it is trained on."""

import pytest

from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.runs import apart_from_images


@pytest.fixture
def folder(tmp_path):
    """Two classes, and beside them the folders of a data set with splits."""
    for name in ("flat/a", "flat/b", "split/train/a", "split/test/a"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def config(folder, model_dir, dataset="folder:{}/flat", **options):
    return Config(
        dataset=dataset.format(*[folder] * 2),
        model_dir=str(folder / model_dir),
        **options,
    )


@pytest.mark.parametrize(
    ("model_dir", "dataset"),
    [
        ("flat/runs/mine", "folder:{}/flat"),
        ("flat", "folder:{}/flat"),
        ("flat/a/run", "folder:{}/flat/"),
        ("link/run", "folder:{}/flat"),
        ("split/train/run", "folder:{}/split"),
        ("flat/run", "concat:folder:{}/split,folder:{}/flat"),
    ],
)
@pytest.mark.parametrize("mode", ["train", "recommend"])
def test_among_the_images(folder, monkeypatch, model_dir, dataset, mode):
    (folder / "link").symlink_to(folder / "flat")
    given = config(folder, model_dir, dataset, mode=mode)
    with pytest.raises(ValueError, match="must lie outside the images"):
        session.run(given)
    assert not (folder / "flat" / "runs").exists()


def test_the_folder_that_one_is_in(folder, monkeypatch):
    monkeypatch.chdir(folder / "flat")
    with pytest.raises(ValueError, match="Received: 'runs/mine' in"):
        apart_from_images.check(
            Config(dataset="folder:.", model_dir="runs/mine")
        )


@pytest.mark.parametrize(
    ("model_dir", "dataset"),
    [
        ("run", "folder:{}/flat"),
        ("flat2", "folder:{}/flat"),
        ("flat/.runs/mine", "folder:{}/flat"),
        ("split/runs", "folder:{}/split"),
        ("flat/run", "npz:{}/flat/x.npz"),
        ("flat/run", "folder:{}/gone"),
        ("flat/run", "cifar10"),
    ],
)
def test_beside_them(folder, model_dir, dataset):
    apart_from_images.check(config(folder, model_dir, dataset))


def test_no_directory_and_a_remote_one(folder):
    apart_from_images.check(Config(dataset=f"folder:{folder}/flat"))
    apart_from_images.check(
        Config(dataset="folder:/data", model_dir="gs://bucket/run")
    )
