"""Parts of a result: one process at a time."""

import os
import signal

import processes
import pytest

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.inference import feature_files
from simclrv2_tf.inference.feature_files import Extractor
from simclrv2_tf.inference.result_shards import Shards
from simclrv2_tf.inference.result_shards import digest_of

REFUSED = "is in use by process .* wait for it, stop it, or give another output"


def test_a_fingerprint_stays():
    """Names of files of earlier versions hold it."""
    assert digest_of({"b": 1, "a": [2, None]}) == "2b837dfef2b42872"
    assert digest_of({"a": [2, None], "b": 1}) == "2b837dfef2b42872"


def shards_at(path, examples=4):
    return Shards(str(path), "rows", 2, {"examples": examples})


def test_the_parts_of_a_process_that_runs_are_not_taken(tmp_path):
    """Those of one that was killed are."""
    child = processes.holding(shards_at(tmp_path / "x.parts").opened)
    shards = shards_at(tmp_path / "x.parts")
    with pytest.raises(ValueError, match=REFUSED) as caught, shards.opened():
        pass
    assert f"x.parts' is in use by process {child} on" in str(caught.value)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    (tmp_path / "x.parts" / "rows-00000-of-00002").write_text("made before")
    with shards.opened():
        assert shards.missing() == [1]
        shards.remove()
    assert not list(tmp_path.iterdir())


def test_a_result_that_stays_is_locked_from_within(tmp_path):
    """The directory above may be one that nobody can write to."""
    with shards_at(tmp_path / "x").opened():
        assert [path.name for path in tmp_path.iterdir()] == ["x"]
        with pytest.raises(ValueError, match=REFUSED):
            with shards_at(tmp_path / "x").opened():
                pass
    left = [path.name for path in (tmp_path / "x").iterdir()]
    assert left == ["manifest.json"]


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_where_there_can_be_no_lock_there_is_none(tmp_path, monkeypatch, error):
    def refuse(lock):
        raise error("no locks here")

    monkeypatch.setattr(Lock, "__enter__", refuse)
    shards = shards_at(tmp_path / "x.parts")
    with shards.opened():
        shards.remove()
    assert not list(tmp_path.iterdir())


def test_on_an_object_store_there_is_no_lock(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("no lock is asked for")

    monkeypatch.setattr("simclrv2_tf.inference.result_shards.Lock", refuse)
    shards = shards_at("ram://store/x.parts")
    with shards.opened(), shards_at("ram://store/x.parts").opened():
        shards.remove()


def test_parts_that_another_process_took_over_are_left_to_it(tmp_path):
    shards = shards_at(tmp_path / "x.parts")
    with shards.opened():
        shards._lock.lost = True
        shards.remove()
    assert (tmp_path / "x.parts" / "manifest.json").exists()


@pytest.mark.parametrize("form", ["npz", "tfrecord"])
def test_a_second_embedding_is_refused(run, folder, tmp_path, form):
    output, data = tmp_path / "e.npz", f"folder:{folder}"
    options = {"embed_format": form, "embed_output": str(output)}
    parts = tmp_path / ("e.npz.parts" if form == "npz" else "e.npz")
    with shards_at(parts).opened():
        before = sorted(parts.iterdir())
        with pytest.raises(ValueError, match=REFUSED):
            simclrv2_tf.embed(data, run, **options)
        assert sorted(parts.iterdir()) == before


def test_a_second_table_of_predictions_is_refused(run, folder, tmp_path):
    data, output = f"folder:{folder}", str(tmp_path / "p.csv")
    with shards_at(f"{output}.parts").opened():
        with pytest.raises(ValueError, match=REFUSED):
            simclrv2_tf.predict(data, run, predict_output=output)
    assert not os.path.exists(output)


def test_second_features_are_refused(tmp_path, monkeypatch):
    refused = []

    def function(images):
        """Features; another process asks for the same in the meantime."""
        if not refused:
            refused.append(True)
            with pytest.raises(ValueError, match=REFUSED):
                kept()
        return {"first": images[:, 0, 0]}

    def kept():
        extractor = Extractor("mine", ("first",), 8, None, function)
        source = sources.open_digits("train").subset(range(10))
        return feature_files.kept(Config(), str(tmp_path), extractor, source)

    assert kept()["first"].rows.shape == (10, 3)
    assert refused
    assert not list(tmp_path.glob("*.parts*"))
