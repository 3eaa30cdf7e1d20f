"""Who is told the metrics: each step once, whatever stops and goes on."""

import functools
import json
import logging
import pathlib
import types

import pytest
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.config.logger_names import all_loggers
from simclrv2_tf.config.logger_names import loggers
from simclrv2_tf.machine import extras
from simclrv2_tf.runs.callbacks import csv_log
from simclrv2_tf.runs.callbacks import mlflow_log
from simclrv2_tf.runs.callbacks import tracker_ids
from simclrv2_tf.runs.callbacks import wandb_log
from simclrv2_tf.runs.callbacks.csv_log import CsvLog
from simclrv2_tf.runs.callbacks.loggers import Loggers
from simclrv2_tf.runs.callbacks.loggers import check_installed
from simclrv2_tf.runs.callbacks.loggers import make_loggers

SECRET = "a_secret_of_mine"
OPTIONS = {
    "dataset": f"npz:s3://me:{SECRET}@host/x.npz",
    "master": f"grpc://{SECRET}@host?token={SECRET}",
    "seed": 3,
}


def rows(directory):
    return rows_of(directory / csv_log.FILE)


def steps(directory):
    return [int(row["step"]) for row in rows(directory)]


def test_a_row_is_there_at_once_and_columns_come_as_they_are_needed(tmp_path):
    log = CsvLog(str(tmp_path), 0)
    log.log(2, {"loss": 1.5})
    log.log(4, {"loss": 1.25, "health/a,b": 3.0})
    log.log(6, {"loss": 1.0})
    assert rows(tmp_path) == [
        {"step": "2", "loss": "1.5", "health/a,b": ""},
        {"step": "4", "loss": "1.25", "health/a,b": "3.0"},
        {"step": "6", "loss": "1.0", "health/a,b": ""},
    ]


def test_what_comes_again_is_dropped_and_what_was_cut_off(tmp_path):
    first = CsvLog(str(tmp_path), 0)
    for step in (2, 4, 6):
        first.log(step, {"loss": 1 / step})
    with open(tmp_path / csv_log.FILE, "a") as file:
        file.write("7,0.1")
    again = CsvLog(str(tmp_path), 4)
    assert steps(tmp_path) == [2, 4]
    again.log(6, {"loss": 0.5})
    assert steps(tmp_path) == [2, 4, 6]
    assert rows(tmp_path)[1]["loss"] == "0.25"


def test_a_new_run_begins_a_new_file(tmp_path):
    CsvLog(str(tmp_path), 0)
    assert not (tmp_path / csv_log.FILE).exists()
    (tmp_path / csv_log.FILE).write_text("step,loss\n2,1.0\n")
    CsvLog(str(tmp_path), 0)
    assert rows(tmp_path) == []


class Rows:
    """A logger that keeps what it is told, or fails."""

    def __init__(self, fails=False):
        self.told, self.ends, self.fails = [], [], fails

    def log(self, step, values):
        if self.fails:
            raise OSError(f"no way to https://me:{SECRET}@host/x")
        self.told.append((step, values))

    def close(self, finished):
        self.ends.append(finished)


def test_what_is_measured_at_a_step_is_one_row(caplog):
    good, bad, points = Rows(), Rows(fails=True), []
    logger = Loggers(
        2, 4, lambda *given: points.append(given), {"good": good, "bad": bad}
    )
    for step in (2, 4):
        logger(step, {"loss": 1})
        logger(step, {"health/rank": 2})
        logger.act_now(step, None)
    row = {"loss": 1.0, "health/rank": 2.0}
    assert good.told == [(2, row), (4, row)]
    assert len(points) == 4  # TensorBoard has them as they come
    logger.close(finished=False)
    logger.close(finished=True)
    assert good.ends == bad.ends == [False]
    assert caplog.text.count("--logger=bad fails, training goes on") == 1
    assert SECRET not in caplog.text


def test_names():
    assert loggers(Config()) == ("tensorboard",)
    assert loggers(Config(logger=" csv,tensorboard,csv")) == (
        "csv",
        "tensorboard",
    )
    assert loggers(Config(logger="")) == ()
    given = {"distill": {"logger": "csv"}}
    assert all_loggers(Config(stage_options=given)) == ("tensorboard", "csv")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("wanb", ": did you mean wandb?"),
        ("Csv", ": did you mean csv?"),
        ("x", "."),
    ],
)
def test_other_names_are_refused_with_the_nearest(name, hint):
    with pytest.raises(ValueError, match="`logger` must be of") as error:
        Config(logger=f"csv,{name}")
    assert f"with commas{hint} Received: logger={name!r}" in str(error.value)
    with pytest.raises(ValueError, match="`logger` must be of"):
        Config(stage_options={"distill": {"logger": name}})


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_missing_package_is_told_before_anything(name, tmp_path, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    words = rf"--logger={name} needs {name}: pip install 'simclrv2_tf\[{name}"
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.pretrain("digits", tmp_path / "run", logger=name)
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.semi_supervised(
            "digits", tmp_path / "run", distill={"logger": name}
        )
    assert not (tmp_path / "run").exists()
    check_installed(Config(logger="csv"))


def test_one_that_does_not_let_it_begin_is_told(tmp_path, monkeypatch):
    def refuse(directory, options):
        raise RuntimeError(f"not signed in at http://me:{SECRET}@host\nmore")

    monkeypatch.setitem(make_loggers.__globals__["_TRACKERS"], "wandb", refuse)
    with pytest.raises(
        ValueError, match="--logger=wandb cannot begin: not si"
    ) as (error):
        config = Config(logger="wandb", model_dir=str(tmp_path))
        make_loggers(config, 2, 4, 0, writes=True)
    assert SECRET not in str(error.value) and "\n" not in str(error.value)


def test_other_workers_tell_nobody(tmp_path):
    config = Config(logger="csv,tensorboard", model_dir=str(tmp_path))
    logger = make_loggers(config, 2, 4, 0, writes=False)
    logger(2, {"loss": 1.0})
    logger.act_now(2, None)
    assert not list(tmp_path.iterdir())


finetune = functools.partial(
    simclrv2_tf.finetune,
    "digits",
    resnet_depth=18,
    width_multiplier=0.0625,
    image_size=8,
    proj_out_dim=8,
    train_batch_size=32,
    warmup_epochs=0,
    train_steps=4,
    checkpoint_steps=2,
    train_summary_steps=1,
)


@pytest.mark.slow
@pytest.mark.usefixtures("unexported")
def test_a_run_that_goes_on_appends(tmp_path):
    class StopAt(simclrv2_tf.runs.callbacks.every_step.EveryStep):
        def act(self, step, logs):
            self.model.stop_training = step == 3

    finetune(tmp_path, logger="csv", callbacks=[StopAt()])
    assert steps(tmp_path) == [1, 2, 3]
    assert not list(tmp_path.glob("events.out*"))
    before = rows(tmp_path)
    finetune(tmp_path, logger="csv,tensorboard")
    assert steps(tmp_path) == [1, 2, 3, 4]
    for row, again in zip(before, rows(tmp_path), strict=False):
        assert row.items() <= again.items()
    assert len(list(tmp_path.glob("events.out*"))) == 1
    names = set(before[0])
    assert {"train/supervised_loss", "learning_rate"} < names
    assert "health/gradient_norm" in names


def test_ids_are_kept(tmp_path):
    assert tracker_ids.read_id(str(tmp_path), "wandb") is None
    tracker_ids.keep_id(str(tmp_path), "wandb", "a")
    tracker_ids.keep_id(str(tmp_path), "mlflow", "b")
    assert tracker_ids.read_id(str(tmp_path), "wandb") == "a"
    (tmp_path / tracker_ids.FILE).write_text("[")
    assert tracker_ids.read_id(str(tmp_path), "wandb") is None


@pytest.mark.parametrize("stage", ["active", "deleted"])
def test_mlflow_goes_on_with_what_is_there(stage):
    info = types.SimpleNamespace(lifecycle_stage=stage)
    run = types.SimpleNamespace(info=info)
    log = object.__new__(mlflow_log.MlflowLog)
    log._client = types.SimpleNamespace(get_run=lambda known_as: run)
    assert log._is_there("a", KeyError) == (stage == "active")


def everything_below(directory):
    files = pathlib.Path(directory).rglob("*")
    return b"".join(path.read_bytes() for path in files if path.is_file())


@pytest.mark.slow
def test_wandb_offline(tmp_path, monkeypatch, capfd):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_API_KEY", SECRET * 4)
    for life in ((1, 2), (3,)):
        log = wandb_log.WandbLog(str(tmp_path), OPTIONS)
        for step in life:
            log.log(step, {"train/loss": 1 / step})
        log.close(finished=step == 3)
    known_as = json.loads((tmp_path / tracker_ids.FILE).read_text())["wandb"]
    lives = list((tmp_path / "wandb").glob(f"offline-run-*-{known_as}"))
    assert len(lives) == 2
    text = everything_below(tmp_path)
    assert b"train/loss" in text
    assert SECRET.encode() not in text
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.slow
def test_mlflow_in_a_file(tmp_path, monkeypatch, caplog):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    address = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with caplog.at_level(logging.INFO):
        for life in ((1, 2), (2, 3)):  # the second from a checkpoint at 1
            log = mlflow_log.MlflowLog(str(tmp_path), OPTIONS)
            for step in life:
                values = {"learning_rate": 1 / step, "bad": float("nan")}
                log.log(step, values)
            log.close(finished=step == 3)
    client = mlflow.MlflowClient(address)
    known_as = tracker_ids.read_id(str(tmp_path), "mlflow")
    points = client.get_metric_history(known_as, "learning_rate")
    assert [point.step for point in points] == [1, 2, 3]
    run = client.get_run(known_as)
    assert run.info.status == "FINISHED"
    assert run.data.params["dataset"] == "npz:s3://***@host/x.npz"
    assert SECRET.encode() not in everything_below(tmp_path)
    assert SECRET not in caplog.text
