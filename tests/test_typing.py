"""What editors and type checkers see is what there is."""

import ast
import importlib
import inspect
import pathlib
import re
import subprocess
import sys

import pytest

import simclrv2_tf
from tools import write_keywords

PACKAGE = pathlib.Path(simclrv2_tf.__file__).parent
# Modules with public names that the package's first page does not show.
MORE = (
    "config.option",
    "config.rules",
    "flags",
    "hub.catalogue",
    "hub.comparison",
    "hub.conversion",
    "hub.feature_extractor",
    "hub.load",
    "reports.class_figures",
    "reports.curves",
    "reports.maps",
    "reports.tiles",
    "stages.stage",
)


def test_keywords_are_those_of_the_options():
    written = (PACKAGE / "config" / "keywords.py").read_text()
    expected = ast.dump(ast.parse(write_keywords.text()))
    assert ast.dump(ast.parse(written)) == expected, (
        "an option has changed: python tools/write_keywords.py"
    )


def test_editors_see_the_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (branch,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: node.module.removeprefix("simclrv2_tf.")
        for node in branch.body
        for alias in node.names
    }
    rooms = dict.fromkeys(simclrv2_tf._ROOMS, "simclrv2_tf")
    assert seen == simclrv2_tf._HOME | rooms


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").exists()


MODULES = sorted({*simclrv2_tf._HOME.values(), *MORE})


def functions(module):
    """The public functions of a module, and how its classes are made."""
    for name, thing in vars(module).items():
        if name.startswith("_") or thing.__class__.__module__ == "typing":
            continue
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing) and "__init__" in vars(thing):
            yield f"{name}()", thing.__init__
        elif inspect.isfunction(thing):
            yield name, thing


def test_there_are_public_functions_to_look_at():
    modules = [importlib.import_module(f"simclrv2_tf.{m}") for m in MODULES]
    assert len([name for m in modules for name, _ in functions(m)]) > 50


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_have_type_hints(module):
    module = importlib.import_module(f"simclrv2_tf.{module}")
    for name, function in functions(module):
        signature = inspect.signature(function)
        bare = [
            parameter.name
            for parameter in signature.parameters.values()
            if parameter.annotation is parameter.empty
            and parameter.name != "self"
        ]
        assert not bare, f"{module.__name__}.{name}: {bare}"
        assert signature.return_annotation is not signature.empty, name


@pytest.mark.slow
def test_wrong_options_are_reported(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(
        "import simclrv2_tf\n"
        'simclrv2_tf.pretrain("digits", "x", train_batch_size=8)\n'
        'simclrv2_tf.pretrain("digits", "x", train_batch_sise=8)\n'
        'simclrv2_tf.finetune("digits", "x", train_batch_size="8")\n'
        'simclrv2_tf.distill("digits", "x", "y", optimizer="sgd")\n'
    )
    root = PACKAGE.parent
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path, program],
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert checked.returncode == 1, checked.stdout + checked.stderr
    lines = re.findall(r"program\.py:(\d+): error", checked.stdout)
    assert lines == ["3", "4", "5"], checked.stdout
    assert 'did you mean "train_batch_size"' in checked.stdout
