"""Makes the notebooks of the scripts of examples/, and runs them.

    python tools/notebooks.py [NAME ...]

`examples/NAME.py` in Jupytext's percent format becomes `notebooks/NAME.ipynb`
with the outputs of a run in an empty folder; without names all of them do.
"""

import argparse
import os
import pathlib
import tempfile

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS, NOTEBOOKS = ROOT / "examples", ROOT / "notebooks"
SECONDS = 600  # that a cell may take
# Bars tell how fast a machine is, not what it finds.
_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
_KERNEL = {
    "display_name": "Python 3",
    "language": "python",
    "name": "python3",
}


def names():
    """Of the scripts that are notebooks too."""
    scripts = sorted(SCRIPTS.glob("*.py"))
    return [p.stem for p in scripts if p.read_text().startswith("# %% ")]


def made(name):
    """The notebook that a script says, without outputs."""
    notebook = jupytext.read(SCRIPTS / f"{name}.py", fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # else a random one
        tags = cell.metadata.get("tags")  # the rest is of the script's form
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return notebook


def run(notebook, folder):
    """Fills in the outputs of a notebook that is run in a folder."""
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name=_KERNEL["name"],
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, **_ENVIRONMENT})
    return notebook


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="*", help=", ".join(names()))
    chosen = parser.parse_args(arguments).name
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"Expected of {names()}. Received: {unknown}")
    for name in chosen or names():
        with tempfile.TemporaryDirectory() as folder:
            notebook = run(made(name), folder)
        nbformat.write(notebook, NOTEBOOKS / f"{name}.ipynb")


if __name__ == "__main__":
    main()
