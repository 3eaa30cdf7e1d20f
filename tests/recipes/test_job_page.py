"""The page of a job is made when the job has ended."""

import os

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import record
from simclrv2_tf.reports import page
from simclrv2_tf.session import dispatch

REPORT = {"rows": [], "export": None, "notes": ["all"]}


def written(monkeypatch, directory, report=None):
    """How often the page is made where a job comes to a report."""
    made = []

    def end(*_):
        if report is not None:
            record.write_report(str(directory), report)
        return report

    monkeypatch.setattr(dispatch, "semi_supervised", end)
    monkeypatch.setattr(page, "write", lambda *_: made.append(1))
    config = Config(train_mode="semi_supervised", model_dir=str(directory))
    dispatch._run_job(config, (None, None), None, ())
    return len(made)


def test_a_page_of_a_job_under_way_is_made_anew(tmp_path, monkeypatch):
    path = tmp_path / page.PAGE
    path.write_text("half-way")
    os.utime(path, (1000, 1000))
    assert written(monkeypatch, tmp_path, REPORT) == 1
    path.write_text("whole")
    later = os.path.getmtime(tmp_path / record.REPORT) + 1
    os.utime(path, (later, later))
    assert written(monkeypatch, tmp_path, REPORT) == 0  # the same report


def test_a_job_that_has_not_ended_has_no_page(tmp_path, monkeypatch):
    assert written(monkeypatch, tmp_path) == 0


def test_a_job_that_trained_nothing_has_no_page(tmp_path, monkeypatch):
    """It was given weights, and its images have no labels."""
    (tmp_path / record.JOB).write_text("{}")
    assert written(monkeypatch, tmp_path, REPORT) == 0
    (tmp_path / "pretrained").mkdir()
    flags = '{"train_mode": "pretrain"}'
    (tmp_path / "pretrained" / "flags.json").write_text(flags)
    assert written(monkeypatch, tmp_path, REPORT) == 1


def test_a_report_that_is_there_is_not_written_again(tmp_path):
    record.write_report(str(tmp_path), REPORT)
    path = tmp_path / record.REPORT
    os.utime(path, (1000, 1000))
    record.write_report(str(tmp_path), REPORT)
    assert os.path.getmtime(path) == 1000
    record.write_report(str(tmp_path), {**REPORT, "notes": []})
    assert os.path.getmtime(path) > 1000
