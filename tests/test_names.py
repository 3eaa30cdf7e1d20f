"""Names in the package are nouns of the thing itself, see the field's words."""

import ast
import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "simclrv2_tf"
VAGUE = {"told", "held", "asked", "said", "found"}  # say nothing of what it is


def made(tree):
    """Names that a module gives: to variables, arguments, functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            if isinstance(node.ctx, ast.Store):
                yield getattr(node, "id", None) or node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def test_no_name_is_a_participle_in_place_of_a_noun():
    vague = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in PACKAGE.rglob("*.py")
        if (
            names := {
                name.strip("_") for name in made(ast.parse(path.read_text()))
            }
            & VAGUE
        )
    }
    assert vague == {}


def test_names_of_every_kind_are_seen():
    text = "class A:\n  def f(self, b):\n    self.c = d = [e for e in b]"
    assert set(made(ast.parse(text))) == {*"Afbcde", "self"}
