"""Fails if a page of a built site fetches anything from elsewhere.

    python tools/docs/nothing_fetched.py SITE

Links that a reader follows may lead anywhere. What a browser loads by itself
(scripts, styles, fonts, images, frames) must lie in the site; scripts within
pages name no address, and no page has a diagram: the theme fetches its script.
"""

import html.parser
import pathlib
import re
import sys

LOADING = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
LINKED = {"alternate", "author", "canonical", "help", "license", "next", "prev"}
_ELSEWHERE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
_IN_SCRIPT = re.compile(r"""https?:\\?/\\?/[^"'\s<]+""", re.IGNORECASE)
_DIAGRAM = "mermaid"
_IN_STYLE = re.compile(
    r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE
)


class Page(html.parser.HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        names = LOADING.get(tag, ())
        if tag == "link" and not set(values.get("rel", "").split()) <= LINKED:
            names = ("href",)
        urls = [values[name] for name in names if name in values]
        self.fetched += [url for url in urls if _ELSEWHERE.match(url)]
        self.fetched += _IN_STYLE.findall(values.get("style", ""))
        if _DIAGRAM in values.get("class", "").split():
            self.fetched.append(f"the script of a {_DIAGRAM} diagram")

    def handle_data(self, data):
        if self.cdata_elem == "style":
            self.fetched += _IN_STYLE.findall(data)
        elif self.cdata_elem == "script":
            self.fetched += _IN_SCRIPT.findall(data)


def fetched_by(path):
    """Addresses outside of the site that a page or a style sheet loads."""
    text = path.read_text("utf-8")
    if path.suffix == ".css":
        return _IN_STYLE.findall(text)
    page = Page()
    page.feed(text)
    return page.fetched


def main(site):
    files = sorted(p for p in pathlib.Path(site).rglob("*.*") if p.is_file())
    pages = [p for p in files if p.suffix in (".html", ".css")]
    if not pages:
        raise SystemExit(f"Expected the pages of a built site. Found: {site}")
    fetching = [f"{p}: {url}" for p in pages for url in fetched_by(p)]
    if fetching:
        raise SystemExit("Pages must fetch nothing.\n" + "\n".join(fetching))
    print(f"{len(pages)} pages and styles, nothing fetched")


if __name__ == "__main__":
    main(sys.argv[1])
