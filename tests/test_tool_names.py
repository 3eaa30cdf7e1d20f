"""What tools/ takes from the package, and from its own modules, is there.

Benchmarks run for minutes and are not run by tests: what moves in the package
is missed here, also in imports within functions.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pathlib
import re
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# The last two are modules of the tests, which `benchmark.py parity` reads.
OURS = ("simclrv2_tf", "tools", "parity_networks", "reference")
SCOPES = (
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.FunctionDef,
    ast.Lambda,
)
FILES = sorted((ROOT / "tools").rglob("*.py"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def module_of(name):
    """A module; the test is skipped if it needs a package that is not here."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if is_ours(error.name):
            raise
        pytest.skip(f"{name} needs {error.name}")


def is_ours(name):
    return name.split(".")[0] in OURS


def of_scope(node):
    """Nodes of a scope, those of scopes within it left out."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from of_scope(child)


def imported(nodes):
    """{name: dotted name of what an import makes it}, of ours."""
    names = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = (
                    alias.name if alias.asname else first
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names[alias.asname or alias.name] = whole
    return {name: whole for name, whole in names.items() if is_ours(whole)}


def assigned(nodes):
    """Names that mean something else than outside of this scope."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def scopes(node, outer):
    """Yields the nodes of each scope, with what names of ours mean there."""
    nodes = list(of_scope(node))
    others = set(assigned(nodes))
    known = {n: whole for n, whole in outer.items() if n not in others}
    known |= imported(nodes)
    yield nodes, known
    for child in nodes:
        if isinstance(child, SCOPES):
            yield from scopes(child, known)


def dotted(node, known):
    """Dotted name of what an expression is, None if it is none of ours."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, known)
        return base and f"{base}.{node.attr}"
    return None


def resolved(name):
    """What a dotted name is: of a value that is no module or class, itself.

    Raises:
      AttributeError: If it is not there.
    """
    first, *rest = name.split(".")
    thing, path = module_of(first), first
    for part in rest:
        if not isinstance(thing, types.ModuleType | type):
            return None
        path = f"{path}.{part}"
        if isinstance(thing, types.ModuleType) and not hasattr(thing, part):
            try:
                thing = module_of(path)
            except ModuleNotFoundError:
                raise AttributeError(path) from None
        else:
            thing = getattr(thing, part)
    return thing


def check_call(node, name):
    """Raises a TypeError if a function of ours does not take the arguments."""
    try:
        signature = inspect.signature(resolved(name))
    except (TypeError, ValueError):
        return  # nothing that is called, or without a signature
    values = [a for a in node.args if not isinstance(a, ast.Starred)]
    words = {word.arg: word for word in node.keywords if word.arg}
    whole = (len(values), len(words)) == (len(node.args), len(node.keywords))
    (signature.bind if whole else signature.bind_partial)(*values, **words)


def patched(node):
    """(module, name) of `mock.patch.object(module, "name", ...)`, or None."""
    if ast.unparse(node.func) == "mock.patch.object":
        return node.args[0], node.args[1].value
    return None


def faults(text):
    """Yields what a text takes of ours that is not there, in words."""
    for nodes, known in scopes(ast.parse(text), {}):
        names = {(whole, 0) for whole in known.values()}
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        for node in nodes:
            if isinstance(node, ast.Attribute):
                names.add((dotted(node, known), node.lineno))
        for node in calls:
            if target := patched(node):
                base = dotted(target[0], known)
                names.add((base and f"{base}.{target[1]}", node.lineno))
        yield from missing(names)
        yield from refused(calls, known)


def missing(names):
    for name, line in sorted((n, line) for n, line in names if n):
        try:
            resolved(name)
        except AttributeError:
            yield f"line {line}: no {name}"


def refused(calls, known):
    for node in calls:
        name = dotted(node.func, known)
        try:
            if name:
                check_call(node, name)
        except AttributeError:
            pass  # is missing
        except TypeError as error:
            yield f"line {node.lineno}: {name}: {error}"


@pytest.mark.parametrize("name", [module_name(path) for path in FILES])
def test_every_module_can_be_imported(name):
    module_of(name)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_what_a_module_takes_is_there(path):
    assert list(faults(path.read_text())) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("from simclrv2_tf.data import nowhere", "no simclrv2_tf.data.nowhere"),
        (
            "def f():\n  from simclrv2_tf.data import spread\n  spread.gone(3)",
            "no simclrv2_tf.data.spread.gone",
        ),
        (
            "from simclrv2_tf.data.source import Source\nSource.gone()",
            "no simclrv2_tf.data.source.Source.gone",
        ),
        (
            "from simclrv2_tf.data.spread import spread\nspread(1, 2, 3)",
            "too many positional arguments",
        ),
        (
            "from simclrv2_tf import hub\nhub.convert('a', 'b', gone=1, **o)",
            None,  # goes to the network
        ),
        (
            "from simclrv2_tf.data.spread import spread\nspread(1, gone=2)",
            "missing a required argument|unexpected keyword",
        ),
        (
            "from simclrv2_tf.data.augment import policy\n"
            "mock.patch.object(policy, '_gone', 1)",
            "no simclrv2_tf.data.augment.policy._gone",
        ),
        ("from simclrv2_tf import hub\ndef f(hub):\n  hub.gone()", None),
    ],
)
def test_what_is_not_there_is_seen(text, fault):
    found = "\n".join(faults(text))
    assert re.search(fault, found) if fault else found == ""
