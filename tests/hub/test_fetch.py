"""Published weights: fetched once, whole, verified, or one clear sentence."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading

import pytest
import stand_ins

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import download
from simclrv2_tf.hub import fetch
from simclrv2_tf.hub import mirrors

NAME = "simclrv2/finetuned_1pct/r50_1x_sk0"
# A small network stands in for the published one; its place is what counts.
STAND_IN = {**stand_ins.SMALL, "resnet_depth": 50, "image_size": 224}
DATA = "model.ckpt-751.data-00000-of-00001"
WHOLE = {
    f"{NAME}/{file}"
    for file in ("checkpoint", "files.json", "model.ckpt-751.index", DATA)
} | {f"{NAME}.lock"}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a directory with ranges, and fails on demand."""

    breaks = 0  # answers to come that end half-way
    busy = 0  # answers to come that are "503 busy"
    page = b""  # served for whatever is not there, as portals do
    asked = []

    def do_GET(self):
        path = self.translate_path(self.path)
        if Handler.busy:
            Handler.busy -= 1
            self.send_error(503)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                self.answer(path, file.read())
        elif Handler.page:
            self.answer(path, Handler.page)
        else:
            self.send_error(404)

    def answer(self, path, body):
        wanted = self.headers.get("Range")
        Handler.asked.append((os.path.basename(path), wanted))
        body = body[int(wanted[6:-1]) if wanted else 0 :]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if Handler.breaks and "data" in path:
            Handler.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A directory as the release has them."""
    place = tmp_path_factory.mktemp("release") / NAME
    tf1.write(str(place / "model.ckpt-751"), stand_ins.weights(STAND_IN), 751)
    return place


@pytest.fixture
def mirror(original, tmp_path, monkeypatch):
    """A directory with a model, and an empty cache; nothing else is asked."""
    shutil.copytree(original, tmp_path / "mirror" / NAME)
    monkeypatch.setenv(mirrors.MIRROR, str(tmp_path / "mirror"))
    monkeypatch.setenv(fetch.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(mirrors, "_WEB", "http://127.0.0.1:1/")
    monkeypatch.setattr(catalogue, "arguments", lambda _: {"resnet_depth": 50})
    return tmp_path / "mirror"


@pytest.fixture
def served(mirror, monkeypatch):
    handler = functools.partial(Handler, directory=str(mirror))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv(mirrors.MIRROR, url)
    Handler.breaks = Handler.busy = 0
    Handler.page, Handler.asked = b"", []
    yield mirror
    server.shutdown()
    server.server_close()


def cached(mirror):
    cache = mirror.parent / "cache"
    files = (p for p in cache.rglob("*") if p.is_file())
    return {str(p.relative_to(cache)) for p in files}


def asked_for_data():
    return [wanted for name, wanted in Handler.asked if "data" in name]


def fetched():
    return fetch.fetch(catalogue.find(NAME))


def refused(match):
    with pytest.raises(ValueError, match=match) as caught:
        fetched()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_directory_as_mirror(mirror):
    network = hub.load_network(NAME)
    stand_ins.assert_loaded(network)
    assert network.get_config()["ft_proj_selector"] == 1  # the name knows
    assert "reads projection layer 1" in str(network.load_report)
    assert cached(mirror) == WHOLE
    shutil.rmtree(mirror)  # from now on the cache is enough
    overridden = hub.load_network(NAME, ft_proj_selector=0)
    assert "were trained on layer 1" in str(overridden.load_report)


def test_http_goes_on_where_the_connection_broke(served):
    Handler.breaks, Handler.busy = 2, 1
    stand_ins.assert_same(any_format.open_source(fetched()).arrays, STAND_IN)
    data = asked_for_data()
    assert data[0] is None and len(data) == 3
    starts = [int(wanted[6:-1]) for wanted in data[1:]]
    assert 0 < starts[0] < starts[1]
    assert cached(served) == WHOLE


def test_an_interrupted_fetch_goes_on_later(served):
    Handler.breaks = download.TRIES
    refused("not found in any of its places")
    left = [name for name in cached(served) if name.endswith(".incomplete")]
    assert len(left) == 1 and not any("files.json" in n for n in cached(served))
    Handler.asked = []
    fetched()
    assert len(asked_for_data()) == 1 and asked_for_data()[0] is not None
    assert cached(served) == WHOLE


def test_what_changed_in_the_cache_is_noticed(mirror):
    path = fetched() + ".data-00000-of-00001"
    with open(path, "r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    refused("no longer the file.*fetch again")


def test_what_comes_damaged_is_not_kept(served):
    data = served / NAME / DATA
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2])
    refused("truncated or damaged")
    assert cached(served) == {f"{NAME}.lock"}
    data.write_bytes(whole)
    fetched()
    assert cached(served) == WHOLE


def test_a_page_in_place_of_a_file_is_not_kept(served):
    shutil.rmtree(served / NAME)
    Handler.page = b"<html>please log in</html>"
    refused("truncated or damaged")
    assert cached(served) == {f"{NAME}.lock"}


@pytest.mark.parametrize("below", ["saved_model", "hub"])
def test_other_formats_of_the_release(below, mirror):
    shutil.rmtree(mirror / NAME)
    prefix = str(mirror / NAME / below / "variables/variables")
    weights = stand_ins.weights(STAND_IN)
    if below == "hub":
        tf1.write(prefix, weights)
    else:
        tf2.write(prefix, weights, STAND_IN)
    stand_ins.assert_same(any_format.open_source(fetched()).arrays, STAND_IN)


def test_files_put_into_the_cache_by_hand(mirror):
    shutil.move(mirror / NAME, mirror.parent / "cache" / NAME)
    fetched()
    assert cached(mirror) == WHOLE
    shutil.rmtree(mirror.parent / "cache" / NAME)
    (mirror.parent / "cache" / NAME).mkdir()
    refused("holds no whole model: remove it")


def test_nothing_anywhere(mirror):
    shutil.rmtree(mirror)
    text = refused("not found in any of its places")
    assert f"model.ckpt-751.index and {DATA} from gs://simclr-check" in text
    assert f"DIRECTORY/{NAME}/ and set SIMCLRV2_MIRROR=DIRECTORY" in text
    assert cached(mirror) == {f"{NAME}.lock"}


def test_a_full_disk_half_way_through_leaves_nothing_half_written(
    served, largest_file
):
    size = (served / NAME / DATA).stat().st_size
    with largest_file(size // 2):
        refused("cannot be kept in .*the disk is full .*: make room, or name")
    assert cached(served) == {f"{NAME}.lock"}
    fetched()
    assert cached(served) == WHOLE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_without_any_room(mirror, monkeypatch):
    partial = fetch._partial

    def full(final, place):
        directory = partial(final, place)
        target = f"{directory}/{DATA}.incomplete"
        os.makedirs(directory, exist_ok=True)
        if not os.path.lexists(target):
            os.symlink("/dev/full", target)
        return directory

    monkeypatch.setattr(fetch, "_partial", full)
    refused("the disk is full .No space left on device.: make room")
    assert cached(mirror) == {f"{NAME}.lock"}


def test_a_cache_that_is_a_file(mirror, monkeypatch):
    (mirror.parent / "file").write_text("")
    monkeypatch.setenv(fetch.CACHE, str(mirror.parent / "file"))
    refused("another directory in SIMCLRV2_CACHE")


def test_a_cache_that_may_only_be_read(original, monkeypatch, as_nobody):
    """It serves what it has, and says so of what it has not."""
    directory = tempfile.mkdtemp(dir="/tmp")
    try:
        os.chmod(directory, 0o755)
        monkeypatch.setenv(fetch.CACHE, f"{directory}/cache")
        monkeypatch.setenv(mirrors.MIRROR, f"{directory}/mirror")
        shutil.copytree(original, f"{directory}/mirror/{NAME}")
        path = fetched()
        os.chmod(f"{directory}/cache/{NAME}", 0o555)
        with as_nobody():
            assert fetched() == path
            other = NAME.replace("sk0", "sk1")
            with pytest.raises(ValueError, match="no permission: change it"):
                fetch.fetch(catalogue.find(other))
    finally:
        shutil.rmtree(directory)


@pytest.mark.slow
def test_two_processes_fetch_at_once(served):
    program = (
        "from simclrv2_tf.hub import catalogue, fetch\n"
        "print('ready', flush=True)\n"
        "input()\n"
        f"print(fetch.fetch(catalogue.find({NAME!r})))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ready = child.stdout.readline()
    child.stdin.write("\n")
    child.stdin.flush()
    path = fetched()  # while the other does
    out, errors = child.communicate(timeout=240)
    assert (ready, child.returncode) == ("ready\n", 0), errors
    assert out.split() == [path]
    assert cached(served) == WHOLE
    assert len(asked_for_data()) == 1  # the second found what the first had
