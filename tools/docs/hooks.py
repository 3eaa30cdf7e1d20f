"""What MkDocs is told besides mkdocs.yml: pages that lie outside docs/.

README.md is the first page. Links are written for the repository, so that they
work where its files are read; here they become those of the site.
"""

import dataclasses
import pathlib
import posixpath
import re
import sys

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parents[2]
# File of the repository -> page of the site.
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
FLAGS = "flags.md"
MORE = "More"
_LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)\s#]+)")


def on_config(config):
    """Adds the pages of docs/ that `nav` does not name."""
    docs = pathlib.Path(config.docs_dir)
    pages = {p.relative_to(docs).as_posix() for p in docs.rglob("*.md")}
    left = sorted(pages - set(_named(config.nav)))
    if left:
        config.nav.append({MORE: left})
    return config


def _named(nav):
    """The pages of a `nav`, at any depth."""
    if isinstance(nav, str):
        yield nav
        return
    for entry in nav.values() if isinstance(nav, dict) else nav:
        yield from _named(entry)


def on_files(files, config):
    """Adds what lies outside docs/, and the page of flags."""
    for path, uri in _outside().items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, FLAGS, content=flags_page()))
    return files


def _outside():
    benchmarks = (ROOT / "benchmarks").glob("*")
    shown = [p for p in benchmarks if p.suffix in (".md", ".png")]
    shown += (ROOT / "notebooks").glob("*.ipynb")
    paths = [path.relative_to(ROOT).as_posix() for path in shown]
    return OUTSIDE | {path: path for path in paths}


def on_page_markdown(markdown, page, **_):
    """Turns links of the repository into links of the site."""
    uri = page.file.src_uri
    sources = {site: path for path, site in _outside().items()}
    here = posixpath.dirname(sources.get(uri, f"docs/{uri}"))

    def site_link(match):
        target = posixpath.normpath(posixpath.join(here, match[2]))
        to = OUTSIDE.get(target, target.removeprefix("docs/"))
        return match[1] + posixpath.relpath(to, posixpath.dirname(uri) or ".")

    return _LINK.sub(site_link, markdown)


def flags_page():
    """Every flag in tables, made of the config's fields."""
    sys.path.insert(0, str(ROOT))
    from simclrv2_tf import config

    lines = ["# Flags", "", "Each is a keyword in Python too.", ""]
    for group in config.groups():
        title = (group.__doc__ or "").rstrip(".")
        lines += [f"## {title}", ""]
        lines += ["| flag | default | |", "| --- | --- | --- |"]
        lines += [_row(field) for field in dataclasses.fields(group)] + [""]
    return "\n".join(lines)


def _row(field):
    choices = field.metadata["choices"]
    default = "" if field.default is None else f"`{field.default}`"
    among = f" One of {', '.join(map(str, choices))}." if choices else ""
    text = (field.metadata["help"] + among).replace("|", "\\|")
    return f"| `--{field.name}` | {default} | {text} |"
