"""The SavedModel by `tensorflow::LoadSavedModel`, built with g++."""

import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from export_cases import encode

SOURCE = pathlib.Path(__file__).parent / "consumers" / "load_saved_model.cc"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The compiled program."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    folder = pathlib.Path(tf.sysconfig.get_lib())
    if not (folder / "libtensorflow_cc.so.2").exists():
        pytest.skip("this TensorFlow comes without libtensorflow_cc.so.2")
    path = tmp_path_factory.mktemp("cc") / "load_saved_model"
    command = ["g++", "-O0", SOURCE, "-o", path]
    command += [f for f in tf.sysconfig.get_compile_flags() if "-std" not in f]
    command += ["-std=c++17", f"-L{folder}", "-Wl,--no-as-needed"]
    command += ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
    command += [f"-Wl,-rpath,{folder}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return path


def ask(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_signatures_by_name(program, exported, loaded, tmp_path):
    data = [encode("JPEG", seed=s) for s in range(2)]
    paths = [tmp_path / f"{i}.jpg" for i in range(2)]
    for path, one in zip(paths, data, strict=True):
        path.write_bytes(one)
    for name in ("serving_default", "embed"):
        code, text, errors = ask(program, exported, name, *paths)
        assert code == 0, errors
        expected = loaded.signatures[name](encoded=tf.constant(data))
        rows = [line.split("\t") for line in text.splitlines()]
        assert {row[0] for row in rows} == set(expected)
        for output, *values in rows:
            wanted = np.ravel(expected[output])
            if wanted.dtype == object:
                assert values == [v.decode() for v in wanted]
            else:
                ours = np.array(values, np.float32)
                np.testing.assert_allclose(ours, wanted, atol=1e-5)


@pytest.mark.slow
def test_a_bad_image_is_an_error_in_words(program, exported, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(b"no image")
    code, _, errors = ask(program, exported, "serving_default", path)
    assert code == 2
    assert "Expected an image as JPEG" in errors
