"""No code from data files, no open ports; the dependencies' advisories."""

import ast
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hostile_pickles import WritesAFile

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "simclrv2_tf"
# Calls that run code from what they read, or can.
FORBIDDEN = {
    "eval",
    "exec",
    "os.system",
    "pickle.load",
    "pickle.loads",
    "marshal.loads",
    "yaml.load",
    "dill.load",
    "joblib.load",
    "tf.saved_model.load",
    "keras.models.load_model",
    "tf.keras.models.load_model",
    "shutil.unpack_archive",
    "tarfile.extractall",
    "socket.bind",
    "http.server.HTTPServer",
}
# Keywords without which a call is not taken.
REQUIRED = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
    "keras.saving.load_model": ("safe_mode", True),
    "keras.saving.deserialize_keras_object": ("safe_mode", True),
}
# The one file in which Keras makes a network of what it reads, see SECURITY.md.
DESERIALISES = "keras_build.py"
# The one file that runs a SavedModel: the one that was just written.
RUNS_ITS_OWN = ("latency.py", "tf.saved_model.load")


def calls(text):
    """(name, node) of each call; what is imported alone has its whole name."""
    tree = ast.parse(text)
    whole = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            yield whole.get(first, first) + dot + rest, node


def running(text):
    """Names of the calls that run code from what they read, or can."""
    for name, _ in calls(text):
        short = ".".join(name.split(".")[-2:])
        extracts = name.endswith((".extractall", ".extract"))
        if {name, short} & FORBIDDEN or extracts:
            yield name


def careless(text):
    """Names of the calls without the keyword that keeps them from it."""
    for name, node in calls(text):
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        keyword, value = REQUIRED.get(name, (None, None))
        if keyword and given.get(keyword) != str(value):
            yield name


def by_shells(text):
    """Names of the calls that may hand text to a shell."""
    for name, node in calls(text):
        if name.startswith("subprocess."):
            if "shell" in {k.arg for k in node.keywords}:
                yield name


def of_package(find):
    """(file, name) of what a function finds in the package."""
    return {
        (path.name, name)
        for path in PACKAGE.rglob("*.py")
        for name in find(path.read_text())
    }


def test_nothing_runs_code_from_data():
    assert of_package(running) == {RUNS_ITS_OWN}


def test_readers_that_could_run_code_are_told_not_to():
    assert of_package(careless) == set()


def test_shells_get_no_text():
    assert of_package(by_shells) == set()


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (running, "eval(x)"),
        (running, "import pickle\npickle.load(x)"),
        (running, "from pickle import load\nload(x)"),
        (running, "from http import server\nserver.HTTPServer(x)"),
        (running, "archive.extractall(x)"),
        (careless, "np.load(x)"),
        (careless, "np.load(x, allow_pickle=True)"),
        (careless, "from torch import load\nload(x)"),
        (by_shells, "subprocess.run(x, shell=True)"),
        (by_shells, "from subprocess import run\nrun(x, shell=y)"),
    ],
)
def test_such_a_call_would_be_found(find, text):
    assert len(list(find(text))) == 1


def test_keras_makes_networks_of_files_in_one_place():
    def making(text):
        ends = ("load_model", "deserialize_keras_object")
        return [name for name, _ in calls(text) if name.endswith(ends)]

    places = {place for place, _ in of_package(making)}
    assert places == {DESERIALISES}, places


def test_a_pickle_in_a_weights_file_is_not_run(tmp_path):
    torch = pytest.importorskip("torch")
    from simclrv2_tf.hub import load

    victim, path = tmp_path / "victim", tmp_path / "weights.pth"
    torch.save({"state_dict": {"a": WritesAFile(victim)}}, path)
    with pytest.raises(ValueError, match="more than weights"):
        load.find_weights(path)
    assert not victim.exists()


def test_a_lambda_in_a_keras_file_is_not_run(tmp_path):
    import keras

    from simclrv2_tf.hub import load

    path = tmp_path / "model.keras"
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Lambda(lambda x: x * np.float32(2))]
    )
    model.save(path)
    with pytest.raises(ValueError, match="Expected .* to hold a Network"):
        load.find_weights(str(path))


@pytest.mark.slow
def test_no_dependency_has_a_known_vulnerability():
    if shutil.which("pip-audit", path=str(pathlib.Path(sys.executable).parent)):
        command = [str(pathlib.Path(sys.executable).parent / "pip-audit")]
    else:
        pytest.skip("needs pip-audit: pip install 'simclrv2_tf[audit]'")
    done = subprocess.run(
        [*command, "--local", "--progress-spinner=off"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    output = done.stdout + done.stderr
    if "found" not in output.lower():  # neither "No known" nor "Found n known"
        pytest.skip(f"the advisory database does not answer: {output[-200:]}")
    assert done.returncode == 0, output
    unknown = output.count("could not be audited")
    if unknown > 1:  # this package itself is on no registry
        pytest.skip(f"{unknown} packages have no advisories to be asked for")
