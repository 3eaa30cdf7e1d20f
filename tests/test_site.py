"""The site is built, and what is wrong in a page stops it."""

import shutil
import subprocess

import pytest
from documentation import ROOT

# Nothing of what was built or installed here.
LEFT = shutil.ignore_patterns(
    ".git", ".venv", ".venv-*", "__pycache__", "build", "dist", "site", "tests"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the checkout whose pages may be changed."""
    folder = tmp_path_factory.mktemp("site") / "copy"
    shutil.copytree(ROOT, folder, ignore=LEFT)
    return folder


def build(folder, *arguments):
    return subprocess.run(
        ["bash", "tools/docs.sh", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--serve", "now"]])
def test_arguments_that_are_not_known_build_nothing(copy, arguments):
    done = build(copy, *arguments)
    assert done.returncode == 2 and not done.stdout
    said = f"takes nothing or --serve, not: {' '.join(arguments)}\n"
    assert done.stderr.endswith(said)
    assert not (copy / "site").exists()


@pytest.mark.slow
def test_a_page_that_no_nav_names_is_shown(copy):
    page = copy / "docs" / "another.md"
    page.write_text("# Another\n\n[Changes](../CHANGELOG.md)\n")
    done = build(copy)
    page.unlink()
    assert not done.returncode, done.stdout + done.stderr
    assert "nothing fetched" in done.stdout
    start = (copy / "site" / "index.html").read_text()
    assert 'href="another.html"' in start and "More" in start
    another = (copy / "site" / "another.html").read_text()
    assert 'href="changelog.html"' in another
    assert "resnet_depth" in (copy / "site" / "flags.html").read_text()
    assert "semi_supervised" in (copy / "site" / "api.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a](nothing.md)", "link 'nothing.md', but the target is not found"),
        ("[a](faq.md#none)", "does not contain an anchor '#none'"),
        ("[a](../setup.cfg)", "setup.cfg', but the target is not found"),
        ("::: simclrv2_tf.nothing", "Could not collect 'simclrv2_tf.nothing'"),
        ("![a](https://a.example/x.png)", "must fetch nothing"),
    ],
)
def test_what_is_wrong_stops_it(copy, text, message):
    page = copy / "docs" / "another.md"
    page.write_text(f"# Another\n\n{text}\n")
    done = build(copy)
    page.unlink()
    assert done.returncode
    assert message in done.stdout + done.stderr
