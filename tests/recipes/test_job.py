"""The job: ordinary runs, one table, and nothing done twice."""

import json
import subprocess
import sys
import types

import pytest
import small_backbone
from tables import rows_of

import simclrv2_tf
from simclrv2_tf import flags
from simclrv2_tf.config import Config
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import TakenOver
from simclrv2_tf.inference import exports
from simclrv2_tf.recipes import job as job_module
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.results import job_status
from simclrv2_tf.recipes.running_job import Job

SHORT = {
    "labels_per_class": 2,
    "image_size": 16,
    "train_steps": 2,
    "warmup_epochs": 0.0,
    "mixed_precision": "float32",
    "student": small_backbone.options()["backbone"],
    "student_pixels": small_backbone.options()["backbone_pixels"],
}
TINY = {**SHORT, **small_backbone.options()}
RESNET = {**SHORT, "resnet_depth": 18, "width_multiplier": 0.125}
# An augmentation that is given needs no pilot runs.
PRETRAIN = {
    "train_batch_size": 32,
    "color_jitter_strength": 0.5,
    "crop_area_min": 0.3,
}
# Nor does a rate that is given need trials.
FINETUNE = {"learning_rate": 0.0}
STAGES = {"pretrain": PRETRAIN, "finetune": FINETUNE}
FOLDERS = ("pretrained", "finetuned", "distilled", "scratch")


@pytest.fixture(scope="module")
def job(tmp_path_factory, without_export):
    """A job, of whose four runs only the best one is exported in earnest."""
    path = tmp_path_factory.mktemp("job") / "digits"
    with without_export() as asked:
        report = simclrv2_tf.semi_supervised("digits", path, **STAGES, **TINY)
    assert sorted(asked) == [export_of(path / run) for run in sorted(FOLDERS)]
    exports.export_newest(asked[report["export"]])
    return path, report


def export_of(run):
    return str(run / "saved_model" / "2")


def test_each_stage_is_a_run_with_a_flagfile(job):
    path, _ = job
    for folder in FOLDERS:
        argv = ["x", f"--flagfile={path / folder / 'flags.cfg'}"]
        config = flags.parse(argv)
        assert config.model_dir == str(path / folder)
        assert config.train_steps == 2
        assert (path / folder / "ckpt-2.index").exists()
    assert flags.parse(argv).train_mode == "finetune"  # scratch


def test_options_of_a_stage_win(job):
    path, _ = job
    sizes = {
        f: json.loads((path / f / "flags.json").read_text())["train_batch_size"]
        for f in FOLDERS
    }
    assert sizes["pretrained"] == 32
    assert sizes["finetuned"] == sizes["scratch"] == 20  # all labels there are


def test_the_table_holds_every_row(job):
    path, report = job
    table = rows_of(path / "table.csv")
    assert [row["name"] for row in table] == [
        "small, distilled",
        "pretrained and fine-tuned teacher",
        "logistic regression on frozen features",
        "nearest neighbours on frozen features",
        "nearest neighbours on raw pixels",
        "small, from scratch",
    ]
    assert all(int(row["examples"]) == 360 for row in table)
    for row in report["rows"]:
        assert row["low"] <= row["top_1"] <= row["high"]
    assert json.loads((path / "report.json").read_text()) == report


def test_the_page_comes_last(job):
    path, report = job
    text = (path / "report.html").read_text(encoding="utf-8")
    assert "360 images: accuracy" in text
    assert "Not all could be shown" not in text
    for row in report["rows"]:
        assert f"<td>{row['name']}</td>" in text
    assert (path / "report" / "learning_pretrained_loss.png").exists()


def test_the_better_network_is_exported(job):
    path, report = job
    rows = {row["name"]: row["top_1"] for row in report["rows"]}
    worse = rows["small, distilled"] < rows["small, from scratch"]
    folder = "scratch" if worse else "distilled"
    assert report["exported_run"] == folder
    assert report["export"].startswith(str(path / folder))
    told = any("is worse than" in note for note in report["notes"])
    assert told == worse


def test_what_is_done_is_not_done_again(job, capsys):
    path, report = job
    before = {f: (path / f / "events.jsonl").read_bytes() for f in FOLDERS}
    again = simclrv2_tf.semi_supervised("digits", path, **STAGES, **TINY)
    assert again == report
    for folder, journal in before.items():
        assert (path / folder / "events.jsonl").read_bytes() == journal


def test_a_job_knows_the_lock_of_its_directory(job, monkeypatch):
    path, _ = job
    seen = []
    monkeypatch.setattr(
        job_module, "to_the_end", lambda job: seen.append(job.lock)
    )
    simclrv2_tf.semi_supervised("digits", path, **STAGES, **TINY)
    (lock,) = seen
    assert isinstance(lock, Lock) and not lock.lost


@pytest.fixture
def taken(tmp_path):
    """A job whose directory is taken over in its first run."""
    calls = []

    def run(config, *sources):
        calls.append(config.model_dir)
        made.lock.lost = True
        return {"parameters": 1, "embeddings": "x"}

    data = types.SimpleNamespace(train=None, evaluation=None, labelled=[])
    lock, record = Lock(str(tmp_path)), Record(str(tmp_path))
    config = Config(train_mode="semi_supervised", model_dir=str(tmp_path))
    made = Job(config, data, Recipe(), record, run, None, lock)
    made.calls = calls
    return made


def test_a_job_that_was_taken_over_writes_nothing_more(taken, tmp_path):
    """Nor does it begin the next part."""
    for part in ("finetuned", "distilled"):
        config = Config(model_dir=str(tmp_path / part))
        with pytest.raises(TakenOver, match="taken over by another process"):
            taken.run_part(part, config, None)
    assert taken.calls == [str(tmp_path / "finetuned")]
    assert taken.record.done == {}
    assert not list(tmp_path.iterdir())


def test_a_job_without_labels_that_was_taken_over_has_no_report(
    taken, tmp_path
):
    taken.record.done["pretrained"] = {}
    with pytest.raises(TakenOver, match="taken over by another process"):
        job_module.to_the_end(taken)
    assert len(taken.calls) == 1
    assert not list(tmp_path.iterdir())


def test_a_job_that_was_taken_over_concludes_nothing(taken, tmp_path):
    taken.data.labelled = [0]
    taken.record.done |= dict.fromkeys(FOLDERS, {})
    taken.lock.lost = True
    with pytest.raises(TakenOver, match="taken over by another process"):
        job_module.to_the_end(taken)
    assert not list(tmp_path.iterdir())


def test_another_job_is_refused(job):
    path, _ = job
    with pytest.raises(ValueError, match="labels_per_class=2.*_class=3"):
        simclrv2_tf.semi_supervised(
            "digits",
            path,
            **STAGES,
            **{**TINY, "labels_per_class": 3},
        )
    with pytest.raises(ValueError, match="holds a single run"):
        simclrv2_tf.semi_supervised("digits", path / "scratch")


def test_the_status_shows_every_part(job):
    path, report = job
    text = job_status.describe(str(path))
    for folder in FOLDERS:
        assert f"{folder:<12}done in" in text
    assert report["export"] in text


def test_the_status_needs_no_tensorflow(job):
    code = (
        "import sys\nfrom simclrv2_tf import run\n"
        f"run.main(['x', '--mode=status', '--model_dir={job[0]}'])\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("job ")


def test_the_classifier_of_a_job(job):
    path, report = job
    classifier = simclrv2_tf.load_classifier(path)
    assert classifier.class_names == list("0123456789")
    told = classifier.network.get_config()
    assert told["backbone"] == small_backbone.arguments()["backbone"]
    teacher = simclrv2_tf.load_network(path / "finetuned").get_config()
    assert teacher["backbone"] == small_backbone.arguments()["backbone"]
    exported = simclrv2_tf.load_classifier(report["export"])
    assert exported.class_names == classifier.class_names


def test_a_job_stands_for_its_classifier(job, tmp_path):
    path, report = job
    output = tmp_path / "predictions.csv"
    simclrv2_tf.predict(
        "digits", path, split="test", predict_output=str(output)
    )
    rows = rows_of(output)
    right = sum(row["label"] == row["class_1"] for row in rows) / len(rows)
    tops = {row["name"]: row["top_1"] for row in report["rows"]}
    name = (
        "from scratch" if report["exported_run"] == "scratch" else "distilled"
    )
    assert right == pytest.approx(tops[f"small, {name}"])


@pytest.mark.slow
def test_a_job_with_pilots_and_trials_says_what_they_told(tmp_path):
    pretrain = {"train_batch_size": 32, "train_steps": 120}
    report = simclrv2_tf.semi_supervised(
        "digits", tmp_path / "job", pretrain=pretrain, **RESNET
    )
    assert len(list((tmp_path / "job" / "pilots").iterdir())) >= 2
    assert len(list((tmp_path / "job" / "trials").iterdir())) == 2
    for told in ("by pilot runs", "by trials"):
        assert any(told in note for note in report["notes"])
