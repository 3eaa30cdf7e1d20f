"""Embeddings: whole, in order, resumed, in every form."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import small_classifier
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import embed
from simclrv2_tf.inference import embedding_files
from simclrv2_tf.inference import sweep

ROOT = pathlib.Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(0)


def test_the_whole_folder_in_order_with_names_and_labels(network, run, folder):
    result = simclrv2_tf.embed(
        f"folder:{folder}", run, eval_batch_size=2, embed_shard_size=3
    )
    source = sources.open_source(f"folder:{folder}")
    np.testing.assert_allclose(
        result["embeddings"],
        small_classifier.answers(network, source, "final_avg_pool"),
        rtol=1e-5,
        atol=1e-6,
    )
    assert result["embeddings"].dtype == np.float32
    assert result["files"].tolist() == sorted(map(str, folder.rglob("*.png")))
    assert result["class_names"].tolist() == ["ant", "bee"]
    np.testing.assert_array_equal(result["labels"], [0] * 4 + [1] * 3)
    assert result["path"] == str(run / "embeddings-7.npz")
    left = [path.name for path in run.iterdir() if "embeddings" in path.name]
    assert left == ["embeddings-7.npz"]


@pytest.mark.slow
def test_records_hold_the_same_as_the_archive(resnet_run, folder, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in folder.rglob("*.png"):
        os.link(path, flat / path.name)
    options = {"embed_endpoint": "block_group4", "embed_shard_size": 3}
    archive = simclrv2_tf.embed(f"folder:{flat}", resnet_run, **options)
    records = simclrv2_tf.embed(
        f"folder:{flat}",
        resnet_run,
        **options,
        embed_format="tfrecord",
        embed_output=str(tmp_path / "shards"),
    )
    assert archive["embeddings"].shape == (7, 1, 1, 32)
    assert (archive["labels"] == -1).all()
    for name in ("embeddings", "labels", "files", "class_names"):
        np.testing.assert_array_equal(archive[name], records[name])
    assert sorted(path.name for path in (tmp_path / "shards").iterdir()) == [
        "embeddings-00000-of-00003",
        "embeddings-00001-of-00003",
        "embeddings-00002-of-00003",
        "manifest.json",
    ]


def test_records_need_names_of_the_classes(run, tmp_path):
    """It ended in a TypeError after all was embedded."""
    images = InMemory(np.zeros((4, 8, 8, 3), np.uint8))
    source = Source("arrays", np.arange(4, dtype=np.int32) % 2, images)
    config = Config(
        model_dir=str(run),
        embed_format="tfrecord",
        embed_output=str(tmp_path / "shards"),
    )
    with pytest.raises(ValueError, match="`class_names` must name the class"):
        embed.embed(config, source)
    assert not (tmp_path / "shards").exists()


def test_all_splits_of_a_named_data_set_or_one(run, tmp_path):
    whole = simclrv2_tf.embed("digits", run)
    assert len(whole["embeddings"]) == 1437 + 360
    assert len(set(whole["files"].tolist())) == 1797
    part = simclrv2_tf.embed(
        "digits", run, split="test", embed_output=str(tmp_path / "test.npz")
    )
    np.testing.assert_allclose(
        part["embeddings"], whole["embeddings"][1437:], rtol=1e-5, atol=1e-6
    )


def test_finished_shards_are_not_done_again(run, folder, tmp_path, monkeypatch):
    options = {
        "embed_output": str(tmp_path / "e.npz"),
        "embed_shard_size": 2,
        "eval_batch_size": 2,
    }
    whole = simclrv2_tf.embed(f"folder:{folder}", run, **options)
    os.remove(tmp_path / "e.npz")

    class Killed(BaseException):
        pass

    written = []
    save = embedding_files.write_arrays

    def save_two(path, **arrays):
        if len(written) == 2:
            with open(path, "wb") as file:
                file.write(b"half")
            raise Killed
        written.append(path)
        save(path, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(embedding_files, "write_arrays", save_two)
        with pytest.raises(Killed):
            simclrv2_tf.embed(f"folder:{folder}", run, **options)
    parts = tmp_path / "e.npz.parts"
    assert len(list(parts.glob("embeddings-*-of-00004"))) == 2
    read = []
    eval_dataset = pipeline.eval_dataset

    def seen(source, *args, **options):
        read.append(len(options["numbers"]))
        return eval_dataset(source, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(sweep.pipeline, "eval_dataset", seen)
        again = simclrv2_tf.embed(f"folder:{folder}", run, **options)
        assert read == [3]  # of 7, 4 were done
        simclrv2_tf.embed(f"folder:{folder}", run, **options)
        assert read == [3]
    for name in ("embeddings", "labels", "files"):
        np.testing.assert_array_equal(again[name], whole[name])
    assert not parts.exists()


def test_other_images_under_the_same_names_are_another_result(run, folder):
    simclrv2_tf.embed(f"folder:{folder}", run)
    first, *_, last = sorted(folder.rglob("*.png"))
    first.write_bytes(last.read_bytes())
    with pytest.raises(ValueError, match="another result: images was"):
        simclrv2_tf.embed(f"folder:{folder}", run)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(0, marks=pytest.mark.slow),
        3,
        pytest.param(99, marks=pytest.mark.slow),
    ],
)
def test_other_arrays_are_another_result(run, changed):
    images = RNG.integers(0, 256, (100, 8, 8, 3)).astype(np.uint8)
    before = tf.data.Dataset.from_tensor_slices(images)
    simclrv2_tf.embed(before, run)
    images = images.copy()
    images[changed, 0, 0] += 1
    with pytest.raises(ValueError, match="another result: images was"):
        simclrv2_tf.embed(tf.data.Dataset.from_tensor_slices(images), run)


SETTINGS = ("images", "image_size", "input_mean", "input_std")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({"image_size": 16}, "image_size was 8 and is 16"),
        ({"input_mean": "0.5,0.5,0.5"}, "input_mean was null and is .0.5"),
        ({"input_std": "0.2,0.2,0.2"}, "input_std was null and is .0.2"),
    ],
)
@pytest.mark.parametrize("form", ["npz", "tfrecord"])
def test_other_pixels_are_another_result(
    resnet_run, folder, options, differs, form
):
    data = f"folder:{folder}"
    simclrv2_tf.embed(data, resnet_run, embed_format=form)
    with pytest.raises(ValueError, match=f"another result: {differs}"):
        simclrv2_tf.embed(data, resnet_run, embed_format=form, **options)
    simclrv2_tf.embed(data, resnet_run, embed_format=form)


@pytest.mark.slow
def test_the_selector_counts_for_what_it_chooses(resnet_run, folder, tmp_path):
    data = f"folder:{folder}"
    simclrv2_tf.embed(data, resnet_run)
    simclrv2_tf.embed(data, resnet_run, ft_proj_selector=1)
    options = {
        "embed_endpoint": "proj_sel",
        "embed_output": str(tmp_path / "e.npz"),
    }
    simclrv2_tf.embed(data, resnet_run, **options)
    with pytest.raises(ValueError, match="ft_proj_selector was 0 and is 1"):
        simclrv2_tf.embed(data, resnet_run, **options, ft_proj_selector=1)


@pytest.mark.slow
def test_a_result_of_an_earlier_version_stays(run, folder, capsys):
    """Its manifest does not tell what the images and the settings were."""
    first = simclrv2_tf.embed(f"folder:{folder}", run)
    path = first["path"]
    arrays = embedding_files.read_arrays(path)
    manifest = json.loads(str(arrays.pop("manifest")))
    for name in SETTINGS:
        del manifest[name]
    arrays["manifest"] = np.array(json.dumps(manifest))
    embedding_files.write_arrays(path, **arrays)
    capsys.readouterr()
    again = simclrv2_tf.embed(f"folder:{folder}", run)
    assert "is there already" in capsys.readouterr().out
    np.testing.assert_array_equal(again["embeddings"], first["embeddings"])


def test_another_result_is_not_overwritten(run, folder, tmp_path):
    output = str(tmp_path / "e.npz")
    simclrv2_tf.embed(f"folder:{folder}", run, embed_output=output)
    with pytest.raises(
        ValueError, match="holds another result: .*endpoint was"
    ):
        simclrv2_tf.embed(
            f"folder:{folder}",
            run,
            embed_output=output,
            embed_endpoint="proj_head_output",
        )
    (tmp_path / "f.npz").write_bytes(b"mine")
    with pytest.raises(ValueError, match="another result: no embeddings"):
        simclrv2_tf.embed(
            f"folder:{folder}", run, embed_output=str(tmp_path / "f.npz")
        )
    assert (tmp_path / "f.npz").read_bytes() == b"mine"


@pytest.mark.slow
def test_too_many_unreadable_images_stop_it(run, folder):
    for index in (1, 2):  # one of few may be unreadable
        (folder / "bee" / f"{index}.png").write_bytes(b"no image")
    words = r"bee/[12]\.png is none, or is damaged.* so far: 2 of 7 images"
    for use in (simclrv2_tf.embed, simclrv2_tf.predict):
        with pytest.raises(ValueError, match=words):
            use(f"folder:{folder}", run)
    assert not list(run.glob("*.npz")) + list(run.glob("*.csv"))


@pytest.mark.parametrize(
    "kind", [pytest.param("npz", marks=pytest.mark.slow), "tfrecord"]
)
def test_an_unreadable_image_is_left_out(run, folder, tmp_path, caplog, kind):
    whole = simclrv2_tf.embed(f"folder:{folder}", run)
    (folder / "ant" / "4.png").write_bytes(b"no image")
    for index in (0, 1, 2):  # all of one shard
        (folder / "bee" / f"{index}.png").write_bytes(b"none either")
    rest = simclrv2_tf.embed(
        f"folder:{folder}",
        run,
        max_corrupt_fraction=0.6,
        embed_shard_size=2,
        eval_batch_size=2,
        embed_format=kind,
        embed_output=str(tmp_path / f"e.{kind}"),
    )
    kept = [0, 2, 3]
    for name in ("embeddings", "labels", "files"):
        np.testing.assert_array_equal(rest[name], whole[name][kept])
    assert caplog.text.count("left out, as it cannot be read") == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"embed_output": "x.txt"}, "file of this machine that ends in .npz"),
        ({"embed_endpoint": "x"}, "`endpoint` must be one of"),
        ({"split": "night"}, "night"),
    ],
)
def test_messages(run, folder, options, message):
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.embed(f"folder:{folder}", run, **options)


def test_a_place_to_write_to_is_needed(run, folder):
    for use, flag in (("embed", "embed_output"), ("predict", "predict_output")):
        with pytest.raises(ValueError, match=f"`{flag}` must say where"):
            getattr(simclrv2_tf, use)(f"folder:{folder}", checkpoint=str(run))


@pytest.mark.slow
def test_what_a_process_that_goes_on_writes_stays(run, folder, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    output = tmp_path / "shards"
    output.mkdir()
    names = [
        f"embeddings-00000-of-00001.{number}.tmp"
        for number in (os.getppid(), gone.pid)
    ]
    for name in names:
        (output / name).write_bytes(b"half")
    simclrv2_tf.embed(
        f"folder:{folder}",
        run,
        embed_format="tfrecord",
        embed_output=str(output),
    )
    left = [path.name for path in output.glob("*.tmp")]
    assert left == names[:1]


def test_rows_are_regrouped():
    """Some of 0 … 9 are missing, whole groups of them too."""
    rows = np.array([0, 1, 5, 6, 9])
    batches = iter([(rows[:3], rows[:3] * 2), (rows[3:], rows[3:] * 2)])
    nothing = (rows[:0], rows[:0])
    groups = list(sweep.regroup(batches, [1, 5, 7, 9, 10, 12], nothing))
    assert [a.tolist() for a, _ in groups] == [[0], [1], [5, 6], [], [9], []]
    for numbers, doubled in groups:
        np.testing.assert_array_equal(doubled, numbers * 2)


def embed_in_processes(folder, run, output, strategy, devices=1, workers=1):
    """The same call in so many processes, each with so many logical CPUs."""
    code = (
        "import sys, tensorflow as tf; cpu = tf.config.list_physical_devices()"
        "[0]; device = tf.config.LogicalDeviceConfiguration();"
        "tf.config.set_logical_device_configuration(cpu, [device] * "
        f"{devices}); import simclrv2_tf; simclrv2_tf.embed("
        f"'folder:{folder}', {str(run)!r}, embed_output={output!r},"
        f"strategy={strategy!r}, eval_batch_size=4, embed_shard_size=2)"
    )
    addresses = [f"localhost:{free_port()}" for _ in range(workers)]
    processes = []
    for index in range(workers):
        task = {"type": "worker", "index": index}
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": task}
            )
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for process in processes:
        answer, _ = process.communicate(timeout=500)
        assert process.returncode == 0, answer


def free_port():
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "devices", "workers"),
    [
        ("mirrored", 2, 1),
        ("mirrored", 3, 1),
        ("multi_worker", 1, 2),
    ],
)
def test_replicas_embed_each_example_once_and_in_order(
    run, folder, tmp_path, strategy, devices, workers
):
    output = str(tmp_path / "many.npz")
    embed_in_processes(folder, run, output, strategy, devices, workers)
    many = embedding_files.read_embeddings(output)
    one = simclrv2_tf.embed(f"folder:{folder}", run)
    for name in ("labels", "files", "class_names"):
        np.testing.assert_array_equal(many[name], one[name])
    np.testing.assert_allclose(
        many["embeddings"], one["embeddings"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.slow
def test_killed_at_any_moment_the_command_goes_on(run, folder, tmp_path):
    """The command, killed again and again, gives what one run gives."""

    def command(output):
        return [
            *(sys.executable, "-m", "simclrv2_tf.run", "--mode=embed"),
            *(f"--dataset=folder:{folder}", f"--model_dir={run}"),
            f"--embed_output={tmp_path / output}",
            *("--embed_shard_size=1", "--eval_batch_size=1"),
        ]

    subprocess.run(command("whole.npz"), cwd=ROOT, check=True)
    parts = tmp_path / "parted.npz.parts"
    for wanted in (1, 3, 4):
        process = subprocess.Popen(command("parted.npz"), cwd=ROOT)
        while len(list(parts.glob("*-of-*"))) < wanted:
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command("parted.npz"), cwd=ROOT, check=True)
    whole, parted = (
        embedding_files.read_embeddings(str(tmp_path / name))
        for name in ("whole.npz", "parted.npz")
    )
    for name in ("embeddings", "labels", "files", "class_names"):
        np.testing.assert_array_equal(whole[name], parted[name])
