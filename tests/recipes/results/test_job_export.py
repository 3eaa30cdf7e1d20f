"""What a job exports, copied to the directory that is asked for."""

import dataclasses
import logging
import pathlib

import pytest

from simclrv2_tf.export import version_origin
from simclrv2_tf.files.run_files import NETWORK
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.results import job_export


def exported(directory, step, text):
    """A stand-in for an exported version."""
    version = directory / str(step)
    (version / "variables").mkdir(parents=True)
    for name in VERSION:
        (version / name).write_text(text)
    return str(version)


def files_in(directory):
    found = pathlib.Path(directory).rglob("*")
    return sorted(str(p.relative_to(directory)) for p in found if p.is_file())


ARGUMENTS, ORIGIN = NETWORK, version_origin.FILE
VERSION = [ARGUMENTS, "saved_model.pb", "variables/variables.index"]
COPIED = [ARGUMENTS, ORIGIN, *VERSION[1:]]
SERVED = ["batching_parameters.txt", "models.config"]


def test_a_version_is_copied_with_what_serves_it(tmp_path):
    version = exported(tmp_path / "own", 20, "new")
    served = tmp_path / "served"
    exported(served, 9, "old")
    path = job_export.copy(version, str(served))
    assert path == str(served / "20") and files_in(path) == VERSION
    assert files_in(served) == [f"20/{name}" for name in VERSION] + SERVED
    assert f'"{served}"' in (served / "models.config").read_text()


def test_a_copy_that_was_cut_off_is_made_anew(tmp_path, monkeypatch):
    version = exported(tmp_path / "own", 20, "new")
    served = tmp_path / "served"

    def killed(source, target):
        (pathlib.Path(target) / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job_export, "_copy_files", killed)
        patch.setattr(job_export.versions, "_remove", lambda path: None)
        with pytest.raises(KeyboardInterrupt):
            job_export.copy(version, str(served))
    assert [path.name for path in served.iterdir()] == [".20.writing"]
    job_export.copy(version, str(served))
    assert files_in(served) == [f"20/{name}" for name in VERSION] + SERVED


@pytest.fixture
def done(job, tmp_path):
    """A job that has exported, the best checkpoint too."""
    result = {"export": exported(tmp_path / "distilled", 20, "last")}
    result["export_best"] = exported(tmp_path / "best", 10, "best")
    job.record.finish("distilled", result)
    return job


def test_without_a_place_the_runs_own_export_is_named(done, tmp_path):
    assert job_export.place(done, "distilled") == str(tmp_path / "distilled/20")


def test_the_export_is_where_it_is_asked_for(done, tmp_path):
    served = tmp_path / "served"
    done.config = dataclasses.replace(done.config, export_dir=str(served))
    path = job_export.place(done, "distilled")
    assert path == str(served / "20")
    assert (served / "20" / "saved_model.pb").read_text() == "last"
    best = tmp_path / "served_best" / "10"
    assert (best / "saved_model.pb").read_text() == "best"
    assert (tmp_path / "distilled" / "20").exists()


def test_of_what_was_there_the_jobs_own_goes(done, tmp_path, caplog):
    """A version of another run went, too, where its number was smaller."""
    caplog.set_level(logging.INFO, "simclrv2_tf")
    served = tmp_path / "served"
    for step, origin in ((9, "runs/other"), (8, done.record.path("distilled"))):
        version_origin.write(exported(served, step, "old"), origin)
    done.config = dataclasses.replace(done.config, export_dir=str(served))
    job_export.place(done, "distilled")
    assert sorted(p.name for p in served.iterdir() if p.is_dir()) == ["20", "9"]
    assert f"removed {served / '8'}," in caplog.text


def test_what_is_no_export_keeps_its_place(done, tmp_path):
    photograph = tmp_path / "served" / "20" / "photograph.png"
    photograph.parent.mkdir(parents=True)
    photograph.write_text("")
    served = str(tmp_path / "served")
    done.config = dataclasses.replace(done.config, export_dir=served)
    with pytest.raises(ValueError, match="replaces an earlier export alone"):
        job_export.place(done, "distilled")
    assert photograph.exists()


def test_what_was_placed_is_not_placed_again(done, tmp_path, monkeypatch):
    served = tmp_path / "served"
    done.config = dataclasses.replace(done.config, export_dir=str(served))
    path = job_export.place(done, "distilled")
    record.write_json(done.config.model_dir, record.REPORT, {"export": path})
    with monkeypatch.context() as patch:
        patch.setattr(job_export, "copy", None)
        assert job_export.place(done, "distilled") == path
    (served / "20").rename(served / "gone")
    assert job_export.place(done, "distilled") == path
    assert files_in(path) == COPIED


def test_what_an_earlier_version_exported_there_stays(done, tmp_path):
    """All its stages wrote to that directory."""
    served = str(tmp_path / "distilled")
    done.config = dataclasses.replace(done.config, export_dir=served)
    assert job_export.place(done, "distilled") == f"{served}/20"
    assert files_in(served) == [f"20/{name}" for name in VERSION]


def test_an_export_that_is_gone_is_not_copied(done, tmp_path):
    done.record.finish("scratch", {"export": str(tmp_path / "gone" / "3")})
    served = tmp_path / "served"
    done.config = dataclasses.replace(done.config, export_dir=str(served))
    with pytest.raises(ValueError, match="which is gone; `--mode=export`"):
        job_export.place(done, "scratch")
    assert not served.exists()


def test_a_job_that_has_moved_exports_what_is_in_it_now(job, tmp_path):
    """Its record has the paths of then, which may be relative ones."""
    own = tmp_path / "distilled"
    exported(own / "saved_model", 20, "last")
    exported(own / "saved_model_best", 10, "best")
    result = {
        "export": "old/distilled/saved_model/20",
        "export_best": "old/distilled/saved_model_best/10",
    }
    job.record.finish("distilled", result)
    version = str(own / "saved_model" / "20")
    assert job_export.place(job, "distilled") == version
    served = tmp_path / "served"
    job.config = dataclasses.replace(job.config, export_dir=str(served))
    assert job_export.place(job, "distilled") == str(served / "20")
    best = tmp_path / "served_best" / "10" / "saved_model.pb"
    assert best.read_text() == "best"


def test_a_version_elsewhere_stays_where_it_is(job):
    for path in ("given/20", "given/saved_model/20", "scratch/saved_model/20"):
        job.record.finish("distilled", {"export": path})
        assert job_export.place(job, "distilled") == path
