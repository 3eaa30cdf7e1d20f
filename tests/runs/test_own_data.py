"""Without --dataset a run is asked about its own data."""

import json

import numpy as np
import pytest
import small_classifier
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import run as command
from simclrv2_tf.config import Config
from simclrv2_tf.runs import own_data
from simclrv2_tf.runs.own_data import with_own_data
from simclrv2_tf.session import on_devices


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def run(network, tmp_path):
    """A run on a folder of photographs, which knows how it was read."""
    small_classifier.save_run(network, tmp_path / "run")
    write_flags(tmp_path / "run", dataset=f"folder:{tmp_path / 'photos'}")
    small_classifier.photographs(tmp_path / "photos")
    return tmp_path / "run"


def write_flags(directory, **flags):
    values = {**small_classifier.FLAGS, **flags}
    (directory / "flags.json").write_text(json.dumps(values))


def write_environment(directory, name):
    values = {"data": {"name": name, "examples": 7, "fingerprint": "x"}}
    (directory / "environment.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("eval", marks=pytest.mark.slow),
        pytest.param("predict", marks=pytest.mark.slow),
        "embed",
    ],
)
def test_the_command_takes_the_runs_own_data(run, capsys, mode):
    command.main(
        [
            "simclrv2",
            f"--mode={mode}",
            f"--model_dir={run}",
            "--eval_split=train[:50%]",
        ]
    )
    photos = run.parent / "photos"
    said = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("data: ")
    ]
    assert said == [
        f"data: folder:{photos}, that of the run in {run}; --dataset names "
        "others"
    ]


@pytest.mark.slow
def test_so_does_python(run, capsys):
    result = simclrv2_tf.evaluate(None, run, eval_split="train")
    assert result["eval/examples"] == 7
    photos = run.parent / "photos"
    given = simclrv2_tf.evaluate(f"folder:{photos}", run, eval_split="train")
    assert given == result
    assert capsys.readouterr().out.count("data: ") == 1
    assert len(simclrv2_tf.embed(None, run)["files"]) == 7
    assert simclrv2_tf.predict(None, run).endswith("predictions-7.csv")


@pytest.mark.parametrize("mode", ["probe", "curate"])
def test_so_do_probes_and_curation_beside_images_that_are_given(
    run, monkeypatch, mode
):
    asked = []
    monkeypatch.setattr(
        on_devices, mode, lambda *args: asked.append(args) or {}
    )
    images = np.zeros((4, 8, 8, 3), np.uint8)
    other = tf.data.Dataset.from_tensor_slices((images, [0, 1, 0, 1]))
    getattr(simclrv2_tf, mode)(None, run, other)
    ((config, source, evaluation),) = asked
    assert config.dataset == f"folder:{run.parent / 'photos'}"
    assert source is None and evaluation.num_examples == 4


def test_evaluation_of_given_images_reads_no_other(run, capsys):
    write_flags(run, dataset="folder:gone")
    images = np.zeros((4, 8, 8, 3), np.uint8)
    other = tf.data.Dataset.from_tensor_slices((images, [0, 1, 0, 1]))
    with pytest.raises(ValueError, match="must have the same classes"):
        simclrv2_tf.evaluate(other, run)
    assert "data: " not in capsys.readouterr().out


def test_what_was_given_stays_and_all_else_is_the_runs(run):
    write_flags(
        run,
        dataset="csv:table.csv",
        eval_split="night",
        image_feature="photo",
        max_corrupt_fraction=0.1,
        labels_per_class=3,
        holdout_fraction=0.25,
        cache_dataset=True,
        train_batch_size=77,
    )
    options = {"model_dir": str(run), "image_feature": "picture"}
    config = with_own_data(Config(mode="eval", **options))
    assert config.dataset == "csv:table.csv"
    assert config.eval_split == "night"
    assert config.image_feature == "picture"
    assert config.max_corrupt_fraction == 0.1
    assert config.labels_per_class == 3
    assert config.holdout_fraction == 0.25
    assert not config.cache_dataset
    assert config.train_batch_size == Config().train_batch_size
    assert config.given == {"mode", "model_dir", "image_feature"}
    # All splits: what was set aside, too.
    whole = with_own_data(Config(mode="embed", **options))
    assert whole.holdout_fraction is None
    part = with_own_data(Config(mode="embed", split="holdout", **options))
    assert part.holdout_fraction == 0.25
    other = Config(mode="eval", dataset="digits", **options)
    assert with_own_data(other) is other


@pytest.mark.parametrize("mode", ["probe", "eval"])
def test_labels_are_drawn_as_is_given_in_either_way(run, mode):
    options = {"mode": mode, "model_dir": str(run)}
    write_flags(run, dataset="csv:table.csv", label_fraction=0.1, label_seed=3)
    config = with_own_data(Config(**options, labels_per_class=5))
    assert (config.labels_per_class, config.label_fraction) == (5, 1.0)
    assert config.label_seed == 3
    write_flags(run, dataset="csv:table.csv", labels_per_class=5)
    config = with_own_data(Config(**options, label_fraction=0.1))
    assert (config.labels_per_class, config.label_fraction) == (0, 0.1)
    with pytest.raises(ValueError, match="not both"):
        Config(**options, label_fraction=0.1, labels_per_class=5)


def test_data_from_python_have_no_name_to_go_by(run):
    write_flags(run, dataset="imagenet2012")
    write_environment(run, "a tf.data.Dataset")
    with pytest.raises(ValueError, match="trained on a tf.data.Dataset, which"):
        simclrv2_tf.evaluate(None, run)
    write_flags(run, dataset="folder:~/photos")
    for name in ("folder:/home/ann/photos (train)", "folder /home/ann/photos"):
        write_environment(run, name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", "/home/ann")
            config = with_own_data(Config(mode="eval", model_dir=str(run)))
        assert config.dataset == "folder:~/photos"


def test_a_run_that_is_about_to_begin_is_awaited(run, monkeypatch):
    waited = []
    flags = (run / "flags.json").read_bytes()
    (run / "flags.json").unlink()

    def begin(seconds):
        waited.append(seconds)
        (run / "flags.json").write_bytes(flags)

    monkeypatch.setattr(own_data.time, "sleep", begin)
    options = {"mode": "eval", "model_dir": str(run)}
    config = with_own_data(Config(**options, eval_timeout=60))
    assert config.dataset.endswith("photos") and waited == [1.0]


def test_weights_of_no_run_leave_the_default(network, tmp_path):
    network.save(tmp_path / "bare.keras")
    config = Config(mode="eval", checkpoint=str(tmp_path / "bare.keras"))
    assert with_own_data(config) is config
    with pytest.raises(ValueError, match="Expected a trained run"):
        with_own_data(Config(mode="eval", model_dir=str(tmp_path)))
