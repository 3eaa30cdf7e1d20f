"""Pages say what is so: links, names, flags, files and commands."""

import dataclasses
import inspect
import json
import os
import pathlib
import re
import shlex
import subprocess
import typing

import numpy as np
import pytest
from documentation import ROOT
from documentation import commands
from documentation import fenced
from documentation import links
from documentation import named
from documentation import pages
from PIL import Image

import simclrv2_tf
from simclrv2_tf import flags
from simclrv2_tf.config import Config
from simclrv2_tf.config import stage_overrides
from simclrv2_tf.data import sources
from simclrv2_tf.data.sources import registry
from simclrv2_tf.data.sources.opening import kind_of
from tools.docs import nothing_fetched

FIELDS = {field.name for field in dataclasses.fields(Config)}
# Flags of other programs, and of our scripts; those that have a dash end there.
OTHERS = set(
    "bare batch batching_parameters_file beam_runner budget check cost data "
    "device datasets devices directory draws efficiency enable_batching "
    "flagfile gres help job kill minutes "
    "model_config_file nodes ntasks only open original part persistent port "
    "rest_api_port rm requeue runs_dir seeds labels serve share_pretraining "
    "slow stop_after time batches work_dir".split()
)
PLACEHOLDERS = ("docs/NAME.md", "benchmarks/NAME.json", "mixup_alpha")
# It names the flags of the projects that it compares with.
FOREIGN = "docs/from_pytorch.md"
_FLAG = re.compile(r"(?<![\w-])--((?:\w+\.)?[a-z]\w*)")
_FILE = re.compile(
    r"(?<![\w/.$*-])((?:benchmarks|docs|examples|flags|tests|tools)/[\w./]*\w)"
)
SCRIPTS = ROOT / "docs" / "clusters.md"


@pytest.fixture(params=pages(), ids=named)
def page(request):
    return request.param


def test_links_lead_to_files(page):
    for target in links(page):
        assert target.exists(), f"{named(page)} links to {target}"


def test_files_that_are_named_exist(page):
    if page.name == "CHANGELOG.md":  # of what has been
        return
    for name in _FILE.findall(page.read_text()):
        known = (ROOT / name).exists() or any(ROOT.glob(f"{name}*"))
        assert known or name in PLACEHOLDERS, f"{named(page)} names {name}"


def test_flags_that_are_named_exist(page):
    if named(page) == FOREIGN:
        return
    for name in _FLAG.findall(page.read_text()):
        known = is_flag(name) or name in PLACEHOLDERS
        assert known, f"{named(page)} names --{name}"


def test_there_are_links_files_and_flags_to_look_for():
    texts = [path.read_text() for path in pages()]
    assert sum(len(links(path)) for path in pages()) > 100
    assert sum(len(_FILE.findall(text)) for text in texts) > 100
    assert sum(len(_FLAG.findall(text)) for text in texts) > 500


def test_flags_that_do_not_exist_are_found_out():
    text = "`--train_step=9`, `--pretain.train_steps=9`, `--nodownloads`"
    names = _FLAG.findall(text)
    assert len(names) == 3 and not any(map(is_flag, names))


def is_flag(name):
    stage, _, option = name.rpartition(".")
    if stage:
        return stage in stage_overrides.STAGES and option in FIELDS
    known = FIELDS.union(OTHERS, stage_overrides.STAGES)  # --scratch.…
    return name in known or name.removeprefix("no") in FIELDS


def test_commands_can_be_parsed(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for command in commands(page, "simclrv2"):
        words = shlex.split(command.split(" #")[0])
        argv = [word for word in words if word != "..."]
        if "--help" not in argv:
            flags.parse(argv)


def test_there_are_commands_to_parse():
    assert sum(len(commands(path, "simclrv2")) for path in pages()) > 20


def in_the_reference():
    """What docs/api.md describes, {name without its module: whole name}."""
    text = (ROOT / "docs" / "api.md").read_text()
    listed = re.findall(r"^::: (simclrv2_tf\.[\w.]+)$", text, re.MULTILINE)
    return {name.split(".")[-1]: name for name in listed}


def test_the_reference_has_every_public_name():
    assert set(simclrv2_tf._HOME) <= set(in_the_reference())


def test_the_reference_has_what_public_functions_return():
    public = [getattr(simclrv2_tf, name) for name in simclrv2_tf._HOME]
    functions = [each for each in public if inspect.isfunction(each)]
    classes = set().union(*map(classes_returned, functions))
    assert {"Classifier", "Model"} <= {each.__name__ for each in classes}
    for each in list(classes):
        methods = inspect.getmembers(each, inspect.isfunction)
        shown = [m for name, m in methods if not name.startswith("_")]
        classes |= set().union(*map(classes_returned, shown))
    for each in classes:
        whole = f"{each.__module__}.{each.__qualname__}"
        assert in_the_reference().get(each.__name__) == whole


def classes_returned(function):
    """Classes of ours that a function's annotation says it returns."""
    annotation = function.__annotations__.get("return")
    if isinstance(annotation, str):
        annotation = eval(annotation, function.__globals__)
    parts = [annotation]
    for part in parts:
        parts.extend(typing.get_args(part))
    return {part for part in parts if is_ours(part)}


def is_ours(part):
    home = getattr(part, "__module__", "")
    return inspect.isclass(part) and home.startswith("simclrv2_tf.")


def test_no_page_is_in_the_nav_twice():
    text = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    listed = re.findall(r": ([\w/]+\.md)$", text, re.MULTILINE)
    assert len(listed) == len(set(listed))


# What a browser fetches, and what it does not.


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.example/x.js"></script>',
        '<link rel="stylesheet" href="//a.example/x.css">',
        '<link rel="preconnect" href="https://a.example">',
        '<img src="HTTP://a.example/x.png">',
        '<div style="background: url(https://a.example/x.png)"></div>',
        "<style>@import 'https://a.example/x.css';</style>",
        "<script>load('https://a.example/x.js')</script>",
    ],
)
def test_what_is_fetched_from_elsewhere_is_an_error(html, tmp_path):
    (tmp_path / "index.html").write_text(html)
    with pytest.raises(SystemExit, match=r"must fetch nothing\.\n.*a\.example"):
        nothing_fetched.main(tmp_path)


def test_a_diagram_has_the_theme_fetch_its_script(tmp_path):
    (tmp_path / "index.html").write_text('<pre class="mermaid">a --> b</pre>')
    with pytest.raises(SystemExit, match="the script of a mermaid diagram"):
        nothing_fetched.main(tmp_path)


def test_a_style_sheet_is_read_too(tmp_path):
    (tmp_path / "a.css").write_text("a {src: url('https://a.example/f.woff')}")
    with pytest.raises(SystemExit, match="a.css: https://a.example/f.woff"):
        nothing_fetched.main(tmp_path)


def test_links_may_lead_anywhere(tmp_path, capsys):
    (tmp_path / "index.html").write_text(
        '<a href="https://a.example">there</a><img src="x.png">'
        '<link rel="canonical" href="https://a.example/">'
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
        "<script>var here = new URL('.', location)</script>"
    )
    nothing_fetched.main(tmp_path)
    assert "1 pages and styles, nothing fetched" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="Expected the pages of a built site"):
        nothing_fetched.main(tmp_path / "none")


# Recipes of CONTRIBUTING.md and of docs/clusters.md, tried.


def test_the_data_source_of_contributing(monkeypatch, tmp_path):
    (code,) = fenced(ROOT / "CONTRIBUTING.md", "python")
    module = {}
    exec(compile(code, "lines.py", "exec"), module)
    monkeypatch.setitem(
        registry.KINDS, "lines", kind_of("lines", module["find_lines"])
    )
    for name in "ab":
        pixels = np.full((8, 8, 3), ord(name), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    (tmp_path / "list.txt").write_text("a.png\tcat\nb.png\tdog\n")
    source = sources.open_source(f"lines:{tmp_path}/list.txt")
    assert source.class_names == ("cat", "dog")
    assert source.labels.tolist() == [0, 1]
    assert source.where(1).endswith("b.png")


def stand_ins(folder, status):
    """`srun` runs a task for each of two nodes; the others write words down."""
    programs = {
        "scontrol": 'if [ "$1" = show ]; then printf "node1\\nnode2\\n";'
        ' else echo "$@" >> "$LOG.scontrol"; fi',
        "srun": 'while [ "${1#--}" != "$1" ]; do shift; done\n'
        'for SLURM_NODEID in $NODES; do export SLURM_NODEID; "$@"; done',
        "simclrv2": f'echo "$TF_CONFIG" "$@" >> "$LOG"; exit {status}',
    }
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!/usr/bin/env bash\n{text}\n")
        path.chmod(0o755)


def run_script(number, tmp_path, status=0):
    stand_ins(tmp_path, status)
    more = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(tmp_path / "log"),
        "NODES": "0 1" if number else "0",
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node[1-2]",
    }
    script = fenced(SCRIPTS, "bash")[number]
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, **more}, check=False
    )
    log = pathlib.Path(more["LOG"])
    return done.returncode, log.read_text().splitlines()


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("status", "requeued"), [(42, True), (2, False)])
def test_slurm_puts_back_what_was_stopped(number, status, requeued, tmp_path):
    code, _ = run_script(number, tmp_path, status)
    assert code == status
    log = tmp_path / "log.scontrol"
    requests = log.read_text() if log.exists() else ""
    assert requests == ("requeue 7\n" if requeued else "")


def test_slurm_tells_each_task_its_place(tmp_path):
    code, lines = run_script(1, tmp_path)
    assert code == 0
    for index, line in enumerate(lines):
        text, _, given = line.partition(" --")
        assert json.loads(text) == {
            "cluster": {"worker": ["node1:2222", "node2:2222"]},
            "task": {"type": "worker", "index": index},
        }
        flags.parse(["simclrv2", *shlex.split(f"--{given}")])
    assert len(lines) == 2
