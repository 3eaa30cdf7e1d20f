"""The wheel, installed in a clean environment and run outside the clone."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest
from documentation import ROOT

import simclrv2_tf

RECIPES = sorted(path.name for path in (ROOT / "flags").glob("*.cfg"))


def run(*argv, **options):
    """What a command prints that finds no package but those installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in argv],
        capture_output=True,
        text=True,
        env=kept,
        **options,
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(sdist, wheel), the wheel made of what the sdist holds."""
    pytest.importorskip("build.__main__")  # no folder that is called build
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", target, cwd=ROOT)
    (sdist,), (wheel,) = target.glob("*.tar.gz"), target.glob("*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_what_they_hold(built):
    sdist, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    inside = [n for n in names if not n.split("/")[0].endswith(".dist-info")]
    assert all(name.startswith("simclrv2_tf/") for name in inside)
    assert [
        name.removeprefix("simclrv2_tf/flagfiles/")
        for name in sorted(inside)
        if name.startswith("simclrv2_tf/flagfiles/")
    ] == RECIPES
    for name in ("py.typed", "reports/page.html", "run.py"):
        assert f"simclrv2_tf/{name}" in inside
    with tarfile.open(sdist) as archive:
        members = [name.split("/", 1)[-1] for name in archive.getnames()]
    for name in ("setup.py", "LICENSE", "README.md", *RECIPES[:1]):
        assert any(member.endswith(name) for member in members), name


@pytest.mark.slow
def test_the_digits_from_outside_the_clone(built, tmp_path):
    home = tmp_path / "environment"
    run(sys.executable, "-m", "venv", home)
    python = home / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", built[1])
    run(python, "-m", "pip", "check")
    code = "import simclrv2_tf as s; print(s.__file__)"
    where = run(python, "-c", code, cwd=tmp_path)  # not in the clone
    assert where.startswith(str(home))
    command = home / "bin" / "simclrv2"
    short = ("--train_steps=2", "--warmup_epochs=0", "--knn_k=5")
    run(
        command,
        "--flagfile=simclrv2:digits_pretrain",
        "--model_dir=runs/digits",
        *short,
        cwd=tmp_path,
    )
    result = json.loads((tmp_path / "runs/digits/result.json").read_text())
    assert result["global_step"] == 2
    assert 0 < result["eval/knn_accuracy"] <= 1
    listed = run(python, "-m", "simclrv2_tf.completion", "bash", cwd=tmp_path)
    assert "simclrv2:digits_pretrain" in listed
    assert simclrv2_tf.__version__ in run(python, "-m", "pip", "list")
