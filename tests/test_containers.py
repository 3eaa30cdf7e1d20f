"""Dockerfile and compose.yaml, read: what they copy is there, what they run is.

They are not built here.
"""

import json
import pathlib
import re
import shlex

import pytest
from documentation import ROOT

from simclrv2_tf import flags
from simclrv2_tf.export import serving_config

yaml = pytest.importorskip("yaml")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions():
    """(instruction, the rest) of the Dockerfile, one for each."""
    lines = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
    return [line.split(" ", 1) for line in lines if re.match(r"[A-Z]", line)]


def copied():
    """What is copied from the checkout."""
    for instruction, rest in instructions():
        if instruction == "COPY" and not rest.startswith("--from"):
            yield from rest.split()[:-1]


def entrypoint():
    return json.loads(dict(instructions())["ENTRYPOINT"])


def services():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_what_is_copied_is_there_and_let_through():
    names = set(copied())
    through = (ROOT / ".dockerignore").read_text().splitlines()
    for name in names:
        assert (ROOT / name).exists(), name
        allowed = {f"!{name}", f"!*{pathlib.Path(name).suffix}"}
        assert allowed & set(through), f".dockerignore keeps {name} out"
    assert {"simclrv2_tf", "flags", "setup.py", "setup.cfg"} <= names


def test_what_the_wheel_is_made_of_is_copied():
    """MANIFEST.in and setup.cfg name nothing that the image lacks."""
    lines = (ROOT / "MANIFEST.in").read_text().splitlines()
    taken = [x for x in lines if x.startswith(("include ", "graft "))]
    wanted = {word for line in taken for word in line.split()[1:]}
    assert wanted | {"README.md", "LICENSE"} <= set(copied())


def test_the_entry_point_is_the_command_of_the_package():
    (program,) = entrypoint()
    scripts = (ROOT / "setup.cfg").read_text().split("console_scripts =")[1]
    assert f"{program} = simclrv2_tf.run:command" in scripts


def test_the_python_is_one_that_the_package_takes():
    (low, high) = re.search(
        r"python_requires = >=3\.(\d+),<3\.(\d+)",
        (ROOT / "setup.cfg").read_text(),
    ).groups()
    images = re.findall(r"^FROM python:3\.(\d+)-slim", DOCKERFILE, re.MULTILINE)
    assert len(set(images)) == 1
    assert int(low) <= int(images[0]) < int(high)


def test_what_is_trained_can_be_parsed():
    config = flags.parse(["simclrv2", *services()["train"]["command"]])
    assert config.train_mode == "semi_supervised"
    example = re.search(r"^#   docker run.*\n(?:#  .*\n)+", DOCKERFILE, re.M)[0]
    line = re.sub(r"\\?\n#?\s*", " ", example)
    _, given = line.split(" simclrv2 ")
    assert flags.parse(["simclrv2", *shlex.split(given)]).labels_per_class == 5


def test_gpus_are_asked_for_where_the_image_has_cuda():
    """One pair of commands is for the CPU, one for GPUs, and both parse."""
    builds = re.findall(r"^#   docker build (.*)$", DOCKERFILE, re.M)
    runs = re.findall(r"^#   docker run (.*\n(?:#  .*\n)+)", DOCKERFILE, re.M)
    assert ["EXTRA='[cuda]'" in line for line in builds] == [False, True]
    assert ["--gpus all" in line for line in runs] == [False, True]
    for run in runs:
        _, given = re.sub(r"\\?\n#?\s*", " ", run).split(" simclrv2 ")
        flags.parse(["simclrv2", *shlex.split(given)])


def test_compose_says_how_gpus_are_given():
    """What its comment shows is a file that `train` can be joined with."""
    text = (ROOT / "compose.yaml").read_text()
    (shown,) = re.findall(r"^#\n#   services:\n((?:#    .*\n)+)", text, re.M)
    added = yaml.safe_load(shown.replace("#   ", ""))
    assert added == {"train": {"gpus": "all"}}
    assert "docker compose build --build-arg EXTRA='[cuda]' train" in text


def test_runs_belong_to_who_starts_the_container():
    """UID is a variable of shells that programs do not see."""
    text = (ROOT / "compose.yaml").read_text()
    assert services()["train"]["user"].startswith("${RUN_AS:-")
    assert "RUN_AS=$(id -u) docker compose run" in text
    for each in (text, DOCKERFILE):
        assert "#   mkdir -p runs\n" in each
    assert '--user "$(id -u)"' in DOCKERFILE


def test_what_is_served_is_what_training_leaves():
    train, serve = services()["train"], services()["serve"]
    config = flags.parse(["simclrv2", *train["command"]])
    place = f"{config.export_dir}/{serving_config.MODELS}"
    assert f"--model_config_file={place}" in serve["command"]
    assert config.export_dir.startswith(f"{config.model_dir}/")


def test_both_see_the_runs_at_one_path():
    """`models.config` names the directory by its absolute path."""
    mounts = [
        dict(
            reversed(volume.removesuffix(":ro").rsplit(":", 1))
            for volume in service["volumes"]
        )
        for service in services().values()
    ]
    train, serve = mounts
    assert train["/runs"] == serve["/runs"]
    assert services()["serve"]["volumes"][0].endswith(":ro")


def test_ports_are_open_to_this_machine_alone():
    ports = services()["serve"]["ports"]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_the_manifest_of_the_pages_runs_a_command_that_is_one():
    from documentation import fenced

    (text,) = fenced(ROOT / "docs" / "clusters.md", "yaml")
    job = yaml.safe_load(text)["spec"]
    (container,) = job["template"]["spec"]["containers"]
    config = flags.parse(["simclrv2", *container["args"]])
    rules = job["podFailurePolicy"]["rules"]
    codes = {rule["action"]: rule["onExitCodes"]["values"] for rule in rules}
    assert codes["Ignore"] == [config.preemption_exit_code]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/" + config.model_dir.split("/")[1], config.data_dir} == mounted
    named = {volume["name"] for volume in job["template"]["spec"]["volumes"]}
    assert named == {mount["name"] for mount in container["volumeMounts"]}
