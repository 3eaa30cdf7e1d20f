"""A case of a benchmark in a process of its own."""

import json
import subprocess

import pytest

from tools import own_process

CASE = """
import json, os, pathlib, sys
print("TensorFlow says something")
place = str(pathlib.Path().resolve())
print(json.dumps([sys.argv[1:], os.environ["GIVEN"], place]))
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "one_case.py").write_text(CASE)
    return {"PYTHONPATH": str(tmp_path), "GIVEN": "a word"}


def test_the_last_line_is_what_a_case_answers(environment):
    answer = own_process.last_json("one_case", "name", 0, env=environment)
    assert answer == [["name", "0"], "a word", str(own_process.ROOT)]
    lines = own_process.printed_lines("one_case", "name", 0, env=environment)
    assert len(lines) == 2


def test_a_case_that_fails_is_no_answer(environment):
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        own_process.last_json("one_case", "name", 3, env=environment)


def test_rows_are_printed_and_kept(capsys):
    rows = [{"a": 1}, {"a": 2}]
    assert own_process.printed(iter(rows)) == rows
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == rows
