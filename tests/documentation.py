"""The pages as tests read them: links, commands, and blocks of code."""

import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)((?:    .*\n|\n(?=    ))+)")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)")


def pages():
    """All pages of the repository, paths."""
    found = [*ROOT.glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    return sorted([*found, *(ROOT / "docs").rglob("*.md")])


def named(path):
    """A page's path in the repository, for the names of tests."""
    return path.relative_to(ROOT).as_posix()


def links(path):
    """What a page links to within the repository, paths."""
    without_code = _FENCE.sub("", path.read_text())
    return [path.parent / target for target in _LINK.findall(without_code)]


def fenced(path, language):
    """The fenced blocks of a language in a page."""
    blocks = _FENCE.findall(path.read_text())
    return [text for kind, text in blocks if kind == language]


def blocks(path):
    """The blocks of code in a page, indented and fenced ones."""
    text = path.read_text()
    indented = _INDENTED.findall(_FENCE.sub("", text))
    return [textwrap.dedent(b) for b in indented] + [
        block for _, block in _FENCE.findall(text)
    ]


def commands(path, program):
    """The command lines of a program in a page, each on one line."""
    found = []
    for block in blocks(path):
        lines = re.sub(r"\\\n\s*", "", block).splitlines()
        found += [x for x in lines if x.startswith(f"{program} ")]
    return found
