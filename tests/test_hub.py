"""Any weights, one call; the published models, fetched and verified."""

import functools
import http.server
import json
import logging
import os
import shutil
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import source
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import fetch
from simclrv2_tf.hub import transfer
from simclrv2_tf.models.network import Network

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 8,
    "image_size": 32,
    "num_classes": 3,
    "proj_out_dim": 4,
}
NAME = "simclrv2/finetuned_1pct/r50_1x_sk0"
# A small network stands in for the published one; its place is what counts.
STAND_IN = {**SMALL, "resnet_depth": 50, "image_size": 224}


def weights(arguments):
    return {
        name: np.asarray(reference.parity_weights(name, shape))
        for name, shape in layout.shapes(arguments).items()
    }


def same(network, arguments, but=()):
    for name, variable in network.named_variables().items():
        if not name.startswith(tuple(but)):
            expected = reference.parity_weights(name, variable.shape)
            np.testing.assert_array_equal(variable.numpy(), expected)


@pytest.fixture(scope="module")
def small():
    network = Network(**SMALL, ft_proj_selector=1)
    for name, variable in network.named_variables().items():
        variable.assign(reference.parity_weights(name, variable.shape))
    return network


# --- sources ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_keras_files(small, name, tmp_path):
    save = small.save if name == "x.keras" else small.save_weights
    save(str(tmp_path / name))
    network = hub.load_network(tmp_path / name)
    same(network, SMALL)
    if name == "x.keras":
        told = {**network.get_config(), "name": small.name}
        assert told == small.get_config()


def test_keras_file_of_another_model(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(str(tmp_path / "x.keras"))
    model.save_weights(str(tmp_path / "x.weights.h5"))
    with pytest.raises(ValueError, match="to hold a Network.*'Sequential'"):
        hub.load_network(str(tmp_path / "x.keras"))
    with pytest.raises(ValueError, match="those of no network"):
        hub.load_network(str(tmp_path / "x.weights.h5"))


def test_our_saved_model(small, tmp_path):
    from simclrv2_tf import export

    def prepare(encoded):
        image = tf.io.decode_image(encoded, 3, expand_animations=False)
        return tf.image.resize(tf.cast(image, tf.float32) / 255, (32, 32))

    path = export.export_network(small, str(tmp_path), 7, prepare)
    for place in (path, str(tmp_path)):  # the version, and all versions
        network = hub.load_network(place)
        same(network, SMALL)
        assert network.get_config()["ft_proj_selector"] == 1


def test_hub_module_of_tf1(tmp_path):
    """Variables are read; the graph is not, and may be anything."""
    directory = tmp_path / "hub" / "375"
    tf1.write(str(directory / "variables/variables"), weights(SMALL))
    (directory / "saved_model.pb").write_bytes(b"a graph of long ago")
    (directory / "tfhub_module.pb").write_bytes(b"")
    for place in (directory, tmp_path / "hub"):
        assert source.open_source(str(place)).kind == "TF1 hub module"
        same(hub.load_network(place), SMALL)
    shutil.rmtree(directory / "variables")
    with pytest.raises(ValueError, match="lacks variables/variables.index"):
        hub.load_network(directory)


def test_run_directory_and_its_checkpoint(small, tmp_path):
    prefix = run_directory.save(str(tmp_path), 3, small.named_variables())
    (tmp_path / "flags.json").write_text(json.dumps({"ft_proj_selector": 2}))
    for place in (tmp_path, prefix):
        network = hub.load_network(place)
        same(network, SMALL)
        assert network.get_config()["ft_proj_selector"] == 2
    (tmp_path / "flags.json").write_text("{")
    with pytest.raises(ValueError, match="must hold a run's flags as JSON"):
        hub.load_network(tmp_path)


def test_network_is_an_ordinary_trainable_model(tmp_path):
    tf2.write(str(tmp_path / "ckpt-0"), weights(SMALL), SMALL)
    network = hub.load_network(tmp_path)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(images, training=True)["logits_sup"] ** 2)
    gradient = tape.gradient(loss, network.backbone.trainable_variables)
    assert all(g is not None for g in gradient)


def test_momentum_weights_with_the_trained_classifier(tmp_path):
    arrays = weights(SMALL)
    stored = dict(arrays)
    for name, array in arrays.items():
        if not name.startswith("head_supervised"):
            stored[f"ema_model/{name}"] = array + 1
    tf1.write(str(tmp_path / "m"), stored)
    network = hub.load_network(tmp_path, ema=True)
    for name, variable in network.named_variables().items():
        extra = 0 if name.startswith("head_supervised") else 1
        np.testing.assert_array_equal(variable.numpy(), arrays[name] + extra)


# --- report ----------------------------------------------------------------


def test_report_tells_what_was_left_out_and_which_layer_is_read(
    tmp_path, caplog
):
    tf1.write(str(tmp_path / "m"), weights(SMALL))
    with caplog.at_level(logging.INFO, "simclrv2_tf"):
        network = hub.load_network(tmp_path, num_classes=5, ft_proj_selector=1)
    report = network.load_report
    assert set(report.left_out) == {
        "head_supervised/linear_layer/dense/kernel",
        "head_supervised/linear_layer/dense/bias",
    }
    assert len(report.loaded) == len(layout.shapes(SMALL)) - 2
    assert "has 3 classes, the network 5 classes" in caplog.text
    assert "the supervised head reads projection layer 1" in caplog.text
    same(network, SMALL, but=["head_supervised"])


def test_no_projection_head_in_the_file(tmp_path):
    arguments = {**SMALL, "proj_head_mode": "none"}
    tf1.write(str(tmp_path / "m"), weights(arguments))
    bare = hub.load_network(tmp_path)
    assert bare.get_config()["proj_head_mode"] == "none"
    grown = hub.load_network(tmp_path, proj_head_mode="nonlinear")
    assert "no projection head" in str(grown.load_report)
    same(grown, SMALL, but=["head_contrastive"])


# --- published -------------------------------------------------------------


def test_all_published_models_are_listed():
    models = {model.name: model for model in simclrv2_tf.hub.published()}
    assert len(models) == 5 * 13 + 2 * 3 + 3 * 3
    best = models["simclrv2/finetuned_10pct/r152_3x_sk1"]
    assert (best.top1, best.selector, best.step) == (80.1, 1, 3754)
    assert round(best.parameters / 1e6, 3) == 795.235
    assert models["simclrv2/supervised/r50_1x_sk0"].selector == 0
    assert models["simclrv2/pretrained/r50_1x_sk0"].top1 == 71.7
    text = catalogue.table()
    assert all(name in text for name in models)
    assert len({len(line.split("  ")[0]) for line in text.split("\n")}) > 1


def test_parameters_are_those_of_the_release():
    """The README's column, in millions."""
    expected = "23.561 35.277 94.013 140.429 42.606 64.786 169.982 257.378"
    found = [f"{m.parameters / 1e6:.3f}" for m in hub.published()[:8]]
    assert found == expected.split()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a directory with ranges, and breaks connections on demand."""

    breaks = 0  # answers to come that end half-way
    asked = []

    def do_GET(self):
        path = self.translate_path(self.path)
        if not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            body = file.read()
        wanted = self.headers.get("Range")
        Handler.asked.append((os.path.basename(path), wanted))
        start = int(wanted[6:-1]) if wanted else 0
        body = body[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if Handler.breaks and "data" in path:
            Handler.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A directory with a model, and an empty cache; nothing else is asked."""
    place = tmp_path / "mirror" / NAME
    tf1.write(str(place / "model.ckpt-751"), weights(STAND_IN), 751)
    monkeypatch.setenv(fetch.MIRROR, str(tmp_path / "mirror"))
    monkeypatch.setenv(fetch.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(transfer, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(catalogue, "TF1_BUCKET", "127.0.0.1:1")
    monkeypatch.setattr(catalogue, "arguments", lambda _: {"resnet_depth": 50})
    return tmp_path / "mirror"


@pytest.fixture
def served(mirror, monkeypatch):
    handler = functools.partial(Handler, directory=str(mirror))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv(fetch.MIRROR, url)
    Handler.breaks, Handler.asked = 0, []
    yield mirror
    server.shutdown()
    server.server_close()


def cached(mirror):
    cache = mirror.parent / "cache"
    files = (p for p in cache.rglob("*") if p.is_file())
    return {str(p.relative_to(cache)) for p in files}


WHOLE = {
    f"{NAME}/{file}"
    for file in (
        "checkpoint",
        "files.json",
        "model.ckpt-751.index",
        "model.ckpt-751.data-00000-of-00001",
    )
} | {f"{NAME}.lock"}


def test_a_directory_as_mirror(mirror):
    network = hub.load_network(NAME)
    same(network, STAND_IN)
    assert network.get_config()["ft_proj_selector"] == 1  # the name knows
    assert "reads projection layer 1" in str(network.load_report)
    assert cached(mirror) == WHOLE
    shutil.rmtree(mirror)  # from now on the cache is enough
    overridden = hub.load_network(NAME, ft_proj_selector=0)
    assert "were trained on layer 1" in str(overridden.load_report)


def test_http_goes_on_where_the_connection_broke(served):
    Handler.breaks = 2
    path = fetch.fetch(catalogue.find(NAME))
    assert set(source.open_source(path).arrays) == set(weights(STAND_IN))
    data = [wanted for name, wanted in Handler.asked if "data" in name]
    assert data[0] is None and len(data) == 3
    starts = [int(wanted[6:-1]) for wanted in data[1:]]
    assert 0 < starts[0] < starts[1]
    assert cached(served) == WHOLE


def unavailable(*arguments):
    raise transfer.Unreachable("not in this test")


def test_an_interrupted_fetch_goes_on_later(served, monkeypatch):
    Handler.breaks = transfer.TRIES
    monkeypatch.setattr(fetch, "_bundle", unavailable)
    with pytest.raises(ValueError, match="can be had nowhere"):
        fetch.fetch(catalogue.find(NAME))
    left = [name for name in cached(served) if name.endswith(".incomplete")]
    assert len(left) == 1 and not any("files.json" in n for n in cached(served))
    Handler.asked = []
    fetch.fetch(catalogue.find(NAME))
    data = [wanted for name, wanted in Handler.asked if "data" in name]
    assert len(data) == 1 and data[0] is not None
    assert cached(served) == WHOLE


def test_what_changed_in_the_cache_is_noticed(mirror):
    path = fetch.fetch(catalogue.find(NAME)) + ".data-00000-of-00001"
    with open(path, "r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    with pytest.raises(ValueError, match="no longer the file.*fetch again"):
        hub.load_network(NAME)


def test_tf2_models_in_the_mirror(mirror):
    shutil.rmtree(mirror / NAME)
    prefix = str(mirror / NAME / "saved_model/variables/variables")
    tf2.write(prefix, weights(STAND_IN), STAND_IN)
    same(hub.load_network(NAME), STAND_IN)


def test_nothing_anywhere(mirror):
    shutil.rmtree(mirror)
    with pytest.raises(ValueError) as caught:
        hub.load_network(NAME)
    text = str(caught.value)
    assert "\n" not in text
    for part in (
        "can be had nowhere",
        "model.ckpt-751.index and model.ckpt-751.data-00000-of-00001",
        f"DIRECTORY/{NAME}/ and set SIMCLRV2_MIRROR=DIRECTORY",
    ):
        assert part in text
    assert cached(mirror) == {f"{NAME}.lock"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing_half_written(mirror, monkeypatch):
    partial = fetch._partial

    def full(final, place):
        directory = partial(final, place)
        target = f"{directory}/model.ckpt-751.data-00000-of-00001.incomplete"
        os.makedirs(directory, exist_ok=True)
        if not os.path.lexists(target):
            os.symlink("/dev/full", target)
        return directory

    monkeypatch.setattr(fetch, "_partial", full)
    with pytest.raises(ValueError, match="the disk is full: make room"):
        hub.load_network(NAME)
    assert cached(mirror) == {f"{NAME}.lock"}
    monkeypatch.undo()


def test_a_cache_that_cannot_be_written(mirror, monkeypatch):
    (mirror.parent / "file").write_text("")
    monkeypatch.setenv(fetch.CACHE, str(mirror.parent / "file"))
    with pytest.raises(ValueError, match="another directory in SIMCLRV2_CACHE"):
        hub.load_network(NAME)


def test_two_processes_fetch_at_once(served):
    program = (
        "from simclrv2_tf.hub import catalogue, fetch\n"
        f"print(fetch.fetch(catalogue.find({NAME!r})))\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0], answers
    paths = {out.split()[-1] for out, _ in answers}
    assert len(paths) == 1
    assert cached(served) == WHOLE
    data = [name for name, _ in Handler.asked if "data" in name]
    assert len(data) == 1  # the second found what the first had fetched
