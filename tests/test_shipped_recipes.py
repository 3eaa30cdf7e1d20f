"""Recipes by name, from a checkout and from an installed package."""

import pathlib

import pytest

from simclrv2_tf import flags
from simclrv2_tf import shipped_recipes

FLAGS = pathlib.Path(__file__).resolve().parents[1] / "flags"


def test_names_are_those_of_the_files():
    found = [path.stem for path in sorted(FLAGS.glob("*.cfg"))]
    assert shipped_recipes.names() == found


def test_another_path_is_left_as_it_is():
    assert shipped_recipes.path_of("a/b.cfg") == "a/b.cfg"


@pytest.mark.parametrize("given", ["digits_pretrain", "digits_pretrain.cfg"])
@pytest.mark.parametrize("form", ["--flagfile={}", "-flagfile={}"])
def test_a_recipe_by_name_is_its_file(given, form):
    named = flags.parse(["simclrv2", form.format(f"simclrv2:{given}")])
    path = FLAGS / "digits_pretrain.cfg"
    assert named == flags.parse(["simclrv2", f"--flagfile={path}"])
    assert named == flags.parse(["x", "--flagfile", f"simclrv2:{given}"])


def test_a_flagfile_may_build_on_a_recipe(tmp_path):
    own = tmp_path / "own.cfg"
    own.write_text("--flagfile=simclrv2:digits_pretrain\n--seed=3\n")
    config = flags.parse(["simclrv2", f"--flagfile={own}"])
    assert (config.seed, config.dataset) == (3, "digits")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "digits_pretain",
            "must be one of cifar10_cpu.*Did you mean simclrv2:",
        ),
        ("zzz", r"paper_self_distill\. Received: --flagfile=simclrv2:zzz"),
        ("", r"must be one of .*Received: --flagfile=simclrv2:$"),
        ("../setup", "must be one of .*Received"),
    ],
)
def test_a_name_that_is_none_lists_them_all(name, message):
    with pytest.raises(ValueError, match=message):
        flags.parse(["simclrv2", f"--flagfile=simclrv2:{name}"])


def test_an_installed_package_has_its_own(monkeypatch, tmp_path):
    (tmp_path / "mine.cfg").touch()
    monkeypatch.setattr(shipped_recipes, "_PLACES", (tmp_path, FLAGS))
    assert shipped_recipes.names() == ["mine"]
