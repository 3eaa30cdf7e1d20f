"""The README is short, and each of its commands does what it says.

`tools/check.sh` runs this; `python tools/benchmark.py` has tests of its own.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from documentation import ROOT
from documentation import blocks
from PIL import Image
from sklearn.datasets import load_digits

README = ROOT / "README.md"
# A job of two steps a stage, as flags and as keywords.
SMALL = {
    "train_steps": 2,
    "warmup_epochs": 0,
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 16,
    "stage_options": "pretrain.train_batch_size=32 "
    "pretrain.color_jitter_strength=0.5 pretrain.crop_area_min=0.3",
}
FLAGS = " ".join(f"--{name}='{value}'" for name, value in SMALL.items())
KEYWORDS = ", ".join(f"{name}={value!r}" for name, value in SMALL.items())
# What stands in for what is the reader's own, or takes long.
STAND_INS = {
    "folder:PATH": "folder:images",
    "cat.jpg": "images/3/0.png",
    "--time_budget=00:10": f"--time_budget=00:10 {FLAGS}",
    'time_budget="00:10"': f'time_budget="00:10", {KEYWORDS}',
    "simclrv2/pretrained/r50_1x_sk1": "runs/mine/distilled",
}


def test_it_is_short():
    assert len(README.read_text().splitlines()) <= 160


def test_the_output_is_the_tables_form():
    from simclrv2_tf.recipes.results.job_report import Row
    from simclrv2_tf.recipes.results.job_report import lines

    row = Row("small, distilled", 252 / 360, 360, 176482, 74.2)
    head, first = lines([row])
    text = README.read_text()
    assert f"    {head}\n    {first}\n" in text


def block(word):
    """The block of code that holds a word, with its stand-ins."""
    (text,) = [text for text in blocks(README) if word in text]
    for given, taken in STAND_INS.items():
        text = text.replace(given, taken)
    return text


def write_images(folder):
    """The digits as a reader would have them: a folder for each class."""
    digits = load_digits()
    for number, label in enumerate(digits.target):
        path = folder / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.round(digits.images[number] * (255 / 16)).astype(np.uint8)
        Image.fromarray(pixels).save(path)
    first = sorted((folder / "3").iterdir())[0]
    shutil.copyfile(first, folder / "3" / "0.png")


def run(script, folder):
    """Runs a script as a reader would, without this process's environment."""
    kept = ("HOME", "PATH", "TMPDIR", "LANG")
    environment = {k: v for k, v in os.environ.items() if k in kept}
    environment |= {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh clone, with the package installed as the README says."""
    folder = tmp_path_factory.mktemp("fresh") / "simclrv2_tf"
    subprocess.run(
        ["git", "clone", "--quiet", str(ROOT), str(folder)], check=True
    )
    python = pathlib.Path(sys.executable).resolve()
    install = block("pip install .\n").replace("python3", str(python))
    run(install, folder)
    write_images(folder / "images")
    return folder


def activated(text):
    return f"source .venv/bin/activate\n{text}"


def in_python(text):
    """The command that runs a program in the clone's environment."""
    return activated(
        f"cat > program.py <<'END'\n{text}\nEND\npython program.py"
    )


@pytest.mark.slow
def test_from_a_folder_to_a_classifier(clone):
    said = run(activated(block("simclrv2 --train_mode")), clone)
    assert "small, distilled " in said
    assert "to use it: simclrv2_tf.load_classifier('runs/mine')" in said
    mine = clone / "runs" / "mine"
    for name in ("report.html", "report.json", "table.csv", "recipe"):
        assert (mine / name).exists(), name
    (version,) = (mine / "distilled" / "saved_model").glob("[0-9]*")
    assert (version / "network.keras").exists()
    run(in_python(block('load_classifier("')), clone)  # the job that is done
    images = "images = numpy.zeros((2, 16, 16, 3), 'float32')"
    before = f"import numpy, simclrv2_tf\n{images}"
    after = "assert network.trainable_variables"
    run(in_python(f"{before}\n{block('load_network')}\n{after}"), clone)


@pytest.mark.slow
def test_the_wheel(clone):
    run(activated(block("python -m build")), clone)


@pytest.mark.slow
def test_the_quickstart(clone):
    (line,) = [
        line.split("#")[0].strip()
        for line in block("tools/quickstart.sh").splitlines()
        if "quickstart" in line
    ]
    said = run(f"{line} {FLAGS}", clone)
    assert "small, distilled " in said
