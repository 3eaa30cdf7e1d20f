"""No code from data files, no open ports; the dependencies' advisories."""

import ast
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

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


def calls():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), node


def test_nothing_runs_code_from_data():
    for path, name, node in calls():
        short = ".".join(name.split(".")[-2:])
        where = f"{path.name}:{node.lineno} calls {name}"
        own = (path.name, name) == RUNS_ITS_OWN
        assert own or not {name, short} & FORBIDDEN, where
        assert not name.endswith((".extractall", ".extract")), where


def test_readers_that_could_run_code_are_told_not_to():
    for path, name, node in calls():
        if name in REQUIRED:
            keyword, value = REQUIRED[name]
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            where = f"{path.name}:{node.lineno} calls {name}"
            assert given.get(keyword) == str(value), where


def test_keras_makes_networks_of_files_in_one_place():
    makes = ("load_model", "deserialize_keras_object")
    places = {p.name for p, n, _ in calls() if n.endswith(makes)}
    assert places == {DESERIALISES}, places


def test_shells_get_no_text():
    for path, name, node in calls():
        if name.startswith("subprocess."):
            given = {k.arg for k in node.keywords}
            assert "shell" not in given, f"{path.name}:{node.lineno}"


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_in_a_weights_file_is_not_run(tmp_path):
    torch = pytest.importorskip("torch")
    from simclrv2_tf.hub import load

    victim, path = tmp_path / "victim", tmp_path / "weights.pth"
    torch.save({"state_dict": {"a": Payload(victim)}}, path)
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
    told = done.stdout + done.stderr
    if "found" not in told.lower():  # neither "No known" nor "Found n known"
        pytest.skip(f"the advisory database does not answer: {told[-200:]}")
    assert done.returncode == 0, told
    unknown = told.count("could not be audited")
    if unknown > 1:  # this package itself is on no registry
        pytest.skip(f"{unknown} packages have no advisories to be asked for")
