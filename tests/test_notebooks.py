"""Notebooks are the scripts of examples/, and say what these say today."""

import os
import re
import subprocess
import sys

import nbformat
import pytest

import simclrv2_tf
from tools import notebooks

NAMES = notebooks.names()
# Of a machine, or of a place in it.
_PLACES = re.compile(r"/(tmp|home|root|Users|usr|opt|mnt|work|content)/|\.venv")
_OF_A_JOB = ": the features tell "  # what a job's probe may warn of
_LARGEST = 500_000  # bytes of a file
# What each comes to: how it is printed, in percent or as a count, and what it
# is above in a run that works (a guess tells 10 % of the digits).
TELLS = {
    "folder_to_classifier": (r"small, distilled +([\d.]+)%", 30),
    "look_at_a_run": (r"(\d+) of the \d+ wrong labels", 10),
    "own_keras_student": (r"your model, distilled +([\d.]+)%", 30),
    "published_backbone": (r"linear classifier: ([\d.]+)%", 60),
}


@pytest.fixture(scope="module", params=NAMES)
def kept(request):
    """(name, notebook) as it lies in notebooks/."""
    path = notebooks.NOTEBOOKS / f"{request.param}.ipynb"
    return request.param, nbformat.read(path, as_version=4)


def said(notebook):
    """All text that a notebook's cells print or answer with."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield output.get("data", {}).get("text/plain", "")


def warned(notebook):
    """Lines of the error output."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                yield from output["text"].split("\n")[:-1]


def pictures(notebook):
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def check(notebook):
    """Raises unless it was run from first to last, without complaints."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1))
    kinds = {
        output.get("name", output.output_type)
        for cell in code
        for output in cell.outputs
    }
    assert kinds <= {"stdout", "stderr", "display_data", "execute_result"}
    for line in warned(notebook):
        assert _OF_A_JOB in line
    assert not [text for text in said(notebook) if _PLACES.search(text)]


def test_other_names_are_refused(capsys):
    with pytest.raises(SystemExit, match="^2$"):
        notebooks.main(["look_at_a_rum"])
    assert "Received: ['look_at_a_rum']" in capsys.readouterr().err


def test_there_are_four():
    assert len(NAMES) == 4
    files = notebooks.NOTEBOOKS.glob("*.ipynb")
    assert sorted(path.stem for path in files) == NAMES


def test_a_notebook_is_its_script(kept):
    """Else `python tools/notebooks.py NAME` makes it anew."""
    name, notebook = kept
    fresh = notebooks.made(name)
    for ours, theirs in zip(notebook.cells, fresh.cells, strict=True):
        assert ours.cell_type == theirs.cell_type
        assert ours.source == theirs.source
        assert ours.metadata == theirs.metadata
    assert notebook.metadata.kernelspec == fresh.metadata.kernelspec


def test_its_outputs_are_kept(kept):
    name, notebook = kept
    check(notebook)
    size = (notebooks.NOTEBOOKS / f"{name}.ipynb").stat().st_size
    assert size < _LARGEST


def test_it_installs_what_there_is(kept):
    _, notebook = kept
    (cell,) = [c for c in notebook.cells if "%pip install" in c.source]
    assert f"simclrv2_tf-{simclrv2_tf.__version__}-py3" in cell.source


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name, tmp_path):
    notebook = notebooks.run(notebooks.made(name), tmp_path)
    check(notebook)
    path = notebooks.NOTEBOOKS / f"{name}.ipynb"
    assert pictures(notebook) == pictures(nbformat.read(path, as_version=4))
    pattern, least = TELLS[name]
    (told,) = re.findall(pattern, "\n".join(said(notebook)))
    assert float(told) > least


@pytest.mark.slow
def test_a_script_runs_without_a_notebook(tmp_path):
    """One for all: the lines are those of the notebook."""
    script = notebooks.SCRIPTS / "published_backbone.py"
    environment = {**os.environ, "PYTHONPATH": str(notebooks.ROOT)}
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    assert "linear classifier: " in done.stdout
    assert (tmp_path / "digits.keras").exists()
