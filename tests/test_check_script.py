"""tools/check.sh installs what its tests need."""

import shutil
import subprocess

import pytest
from documentation import ROOT

STUB = """prepare_environment() {
  echo "$1" >> installed
}
"""


@pytest.mark.parametrize(
    ("words", "installed"),
    [([], ["[test]"]), (["--slow"], ["[test]", "[test,audit]"])],
)
def test_extras_are_installed(tmp_path, words, installed):
    """No tool is there, so that the script ends behind what it installs."""
    (tmp_path / "tools").mkdir()
    script = shutil.copy(ROOT / "tools" / "check.sh", tmp_path / "tools")
    (tmp_path / "tools" / "environment.sh").write_text(STUB)
    done = subprocess.run(
        ["bash", script, *words], capture_output=True, text=True
    )
    assert done.returncode == 127
    without = "PyTorch cannot be installed: the tests that need it are skipped"
    assert (without in done.stderr) == ("--slow" in words)
    assert (tmp_path / "installed").read_text().split() == installed
