"""Pages say of files, flags and functions what the code says."""

import ast
import re

import pytest
from documentation import ROOT

from simclrv2_tf import reports
from simclrv2_tf import shipped_recipes
from simclrv2_tf.curation import curate
from simclrv2_tf.files import lock
from simclrv2_tf.inference import embed
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import predict
from simclrv2_tf.inference.probes import probe
from simclrv2_tf.inference.probes import probe_results
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.rules import rule_values
from simclrv2_tf.reports import page as report_page
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import training_data
from simclrv2_tf.runs import weights_temperature
from simclrv2_tf.runs.callbacks import tracker_ids
from simclrv2_tf.runs.callbacks import wandb_log

WORDS = {10: "ten"}


def text_of(name):
    return (ROOT / name).read_text()


def test_the_reference_has_every_figure():
    text = text_of("docs/api.md")
    listed = re.findall(r"^::: (simclrv2_tf\.reports\.[\w.]+)$", text, re.M)
    for name in reports.__all__:
        function = getattr(reports, name)
        whole = f"{function.__module__}.{name}"
        assert {whole, function.__module__} & set(listed), name


def test_the_reference_says_how_flags_of_a_stage_are_given():
    assert 'pretrain={"train_epochs": 50}' in text_of("docs/api.md")


@pytest.mark.parametrize(
    "name",
    [
        weights_temperature.calibration_file("ckpt-7").replace("7", "STEP"),
        best_checkpoint.FILE,
        f"{exports.VERSIONS}{exports.BEST}/<step>/",
        f"{record.FOLDS}/",
        lock.NAME,
        tracker_ids.FILE,
        f"{wandb_log.NAME}/",
        f"{embed.NAME}-STEP.npz",
        f"{predict.NAME}-STEP.csv",
        f"{probe_results.NAME}.json",
        f"{probe_results.NAME}.csv",
        f"{probe.FEATURES}/",
        f"{curate.FOLDER}/",
        f"{report_page.FOLDER}/",
        report_page.PAGE,
        "plugins/profile/",
        "eval/",
    ],
)
def test_a_runs_files_are_listed(name):
    rows = re.findall(r"^\| (.*?) \|", text_of("docs/run_directory.md"), re.M)
    assert any(f"`{name}`" in row for row in rows)


def test_neighbours_are_of_few_classes():
    classes = WORDS[training_data.NEIGHBOUR_CLASSES]
    words = f"{training_data.NEIGHBOURS} labelled images of {classes} classes"
    assert words in text_of("docs/run_directory.md")


def flagfile(name):
    return text_of(f"flags/{name}.cfg")


@pytest.mark.parametrize(
    ("labels", "selector", "epochs"),
    [("1pct", 1, 60), ("10pct", 1, 30), ("100pct", 0, 30)],
)
def test_the_papers_settings_are_in_flagfiles(labels, selector, epochs):
    """Those that docs/hyperparameters.md tells of."""
    name = f"paper_finetune_{labels}"
    assert name in text_of("docs/hyperparameters.md")
    lines = flagfile(name).splitlines()
    assert f"--ft_proj_selector={selector}" in lines
    assert f"--train_epochs={epochs}" in lines
    for line in (
        "--learning_rate=0.005",
        "--learning_rate_scaling=sqrt",
        "--train_batch_size=1024",
        "--warmup_epochs=0",
        "--weight_decay=0",
    ):
        assert line in lines


def test_flagfiles_that_pages_name_are_shipped():
    known = set(shipped_recipes.names())
    named = [
        (path.name, name)
        for path in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"--flagfile=simclrv2:(\w+)", path.read_text())
    ]
    assert named
    assert [each for each in named if each[1] not in known] == []


def test_the_learning_rate_by_hand_is_the_rules():
    text = text_of("docs/hyperparameters.md")
    assert f"| {rule_values.RATE} up to 256 images" in text
    rate = rule_values.RATE / (1024 / 256) ** 0.5
    assert f"so {rate} for 1,024" in text


def test_what_downloads_is_named():
    text = " ".join(text_of("SECURITY.md").split())
    for way in (
        "--backbone_weights=imagenet",
        "--student_weights=imagenet",
        "--teacher=keras:NAME(weights='imagenet')",
        "keras_hub:PRESET",
        "hf://…",
        "kaggle://…",
        "--download",
    ):
        assert f"`{way}`" in text


def imports_of(path):
    """The modules that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_where_the_tests_of_tools_are():
    """In `tests/` itself; elsewhere they stand where `git grep` finds them."""
    text = text_of("CONTRIBUTING.md")
    patterns = re.findall(r"`(?:tests/)?(test_[\w*]+\.py)`", text)
    of_tools = [
        path
        for path in (ROOT / "tests").glob("test_*.py")
        if any(name.split(".")[0] == "tools" for name in imports_of(path))
    ]
    assert of_tools
    for path in of_tools:
        assert any(path.match(pattern) for pattern in patterns), path.name
