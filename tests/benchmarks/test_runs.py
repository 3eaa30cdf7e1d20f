"""Runs that are done once and go on where they stopped."""

import itertools
import json
import pathlib
import signal
import time
from concurrent import futures

import pytest

from tools import benchmark
from tools.benchmarks import findings
from tools.benchmarks.findings import cells
from tools.benchmarks.findings import runs as module
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.findings.runs import TimeOver

COUNTING = "tests.benchmarks.counting_run"


def look(folder):
    return {"count": int((folder / "counted").read_text())}


def starts(folder):
    """From where it started each time."""
    return (folder / "starts").read_text().split()


def test_a_run_is_done_once(tmp_path):
    for _ in range(2):  # the second knows it from the record
        found = Runs(tmp_path).result("a/b", {"to": 2}, look, COUNTING)
        assert found == {"count": 2}
    assert len(starts(tmp_path / "a" / "b")) == 1
    (entry,) = json.loads((tmp_path / "record.json").read_text()).values()
    assert entry["flags"] == {"to": 2} and entry["processor minutes"] > 0
    assert Runs(tmp_path).hardware() == {benchmark.hardware(): 1}


def stopped(directory, flags):
    """Stops a run when it has counted a little; how far."""
    for seconds in range(1, 60):  # as long as a process takes to start
        with pytest.raises(TimeOver):
            Runs(directory, minutes=seconds / 60).result(
                "a", flags, look, COUNTING
            )
        if (directory / "a" / "counted").exists():
            return look(directory / "a")["count"]


@pytest.mark.slow
def test_a_run_is_stopped_in_time_and_goes_on(tmp_path):
    flags = {"to": 100}  # two seconds
    count = stopped(tmp_path, flags)
    before = json.loads((tmp_path / "record.json").read_text())["a"]
    assert before["result"] is None and count < 100
    runs = Runs(tmp_path)
    assert runs.result("a", flags, look, COUNTING) == {"count": 100}
    assert starts(tmp_path / "a")[-1] == f"{count}"
    after = runs.record["a"]["processor minutes"]
    assert after > before["processor minutes"]
    assert runs.processor_hours == after / 60


def times(folder):
    """When a run started and when it ended."""
    return [(folder / f).stat().st_mtime_ns for f in ("starts", "counted")]


def ask(runs, names, steps, beside=1):
    """Asks for all of them at once, each from a thread of its own."""
    flags = {"to": steps, "beside": beside}
    with futures.ThreadPoolExecutor(len(names)) as pool:
        return list(
            pool.map(
                lambda name: runs.result(name, flags, look, COUNTING),
                names,
            )
        )


def test_runs_go_on_side_by_side_and_each_once(tmp_path):
    runs = Runs(tmp_path, processes=3)
    assert ask(runs, "abcabc", 50, beside=3) == [{"count": 50}] * 6
    begun, ended = zip(*(times(tmp_path / name) for name in "abc"), strict=True)
    assert max(begun) < min(ended)
    assert all(len(starts(tmp_path / name)) == 1 for name in "abc")


def test_no_more_processes_than_asked_for(tmp_path):
    ask(Runs(tmp_path), "abc", 10)
    spans = sorted(times(tmp_path / name) for name in "abc")
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_all_that_goes_on_is_stopped(tmp_path):
    runs = Runs(tmp_path, processes=2)
    with futures.ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(runs.result, name, {"to": 1000}, look, COUNTING)
            for name in "ab"
        ]
        while not all((tmp_path / name / "starts").exists() for name in "ab"):
            time.sleep(0.1)
        runs.end()
    assert [type(one.exception()) for one in asked] == [TimeOver] * 2
    assert all(look(tmp_path / name)["count"] < 1000 for name in "ab")


def test_nothing_starts_when_the_time_is_over(tmp_path):
    with pytest.raises(TimeOver):
        Runs(tmp_path, minutes=0).result("a", {"to": 1}, look, COUNTING)
    assert not (tmp_path / "a").exists()


def test_other_settings_are_refused(tmp_path):
    Runs(tmp_path).result("a", {"to": 1}, look, COUNTING)
    with pytest.raises(SystemExit, match="a with to=2, begun with 1: give ano"):
        Runs(tmp_path).result("a", {"to": 2}, look, COUNTING)


def test_what_a_failing_run_said_last_is_shown(tmp_path):
    flags = {"to": 1, "fail": True}
    for _ in range(2):  # it is tried again
        with pytest.raises(SystemExit, match=r"Received: 2.*\nthe last line"):
            Runs(tmp_path).result("a", flags, look, COUNTING)


def test_a_run_that_another_needs_must_be_there(tmp_path):
    with pytest.raises(SystemExit, match="none must hold a run"):
        Runs(tmp_path).result(
            "a", {"to": 1, "checkpoint": "none"}, look, COUNTING
        )


def test_a_signal_stops_the_list_quietly(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with module.stopping_cleanly():
        assert signal.getsignal(signal.SIGTERM) != before
        raise TimeOver("the time is over")
    assert signal.getsignal(signal.SIGTERM) == before
    assert "the same command goes on" in capsys.readouterr().err


class Stopping:
    """Runs that stop after so many, and know their results the next time."""

    def __init__(self, *given):
        self.record, self.processor_hours = {}, 0.0

    def __call__(self, directory, common, minutes, processes):
        self.directory, self.left = pathlib.Path(directory), minutes
        return self

    def end(self):
        self.left = 0

    def hardware(self):
        return {}

    def result(self, name, flags, look, module=None):
        if name not in self.record:
            if not self.left:
                raise TimeOver("the time is over")
            self.left -= 1
        counts = flags.get("label_counts", "").split(",")
        self.record[name] = {c: [0.1, 0.2, 0.3] for c in counts} | {
            "top-1": 0.5
        }
        return self.record[name]


def test_the_list_goes_on_where_it_stopped(tmp_path, monkeypatch):
    runs = Stopping()
    monkeypatch.setattr(findings, "Runs", runs)
    words = [f"--runs_dir={tmp_path}", "--only=1", "--minutes=7"]
    seen = [0]
    while seen[-1] < 60:
        reports = list(findings.run(words))
        seen += [len(reports[-1]["rows"])] if reports else []
        assert seen == sorted(seen) and len(seen) < 40
    assert len(seen) > 3
    assert reports[-1]["choices"]
    keys = [tuple(row.values()) for row in reports[-1]["rows"]]
    assert len(set(keys)) == len(keys)
    # What is known is shown at once, also where other findings are asked for.
    other = [f"--runs_dir={tmp_path}", "--only=3", "--minutes=0"]
    (first, *_) = itertools.islice(findings.run(other), 1)
    assert len(first["rows"]) == 60


def test_what_is_done_by_the_end_is_given_first_and_in_order():
    asked = [futures.Future() for _ in range(6)]
    for number in (4, 2, 0, 1):
        asked[number].set_result(number)
    asked[3].set_exception(TimeOver("the time is over"))
    seen = []
    with pytest.raises(TimeOver):
        for number in findings.results(asked):
            seen.append(number)
    assert seen == [0, 1, 2, 4]


def test_a_new_directory_goes_on_from_a_report(tmp_path):
    row = {**cells.linear(cells.SMALL, 10)._asdict(), "draw": 0, "top-1": 0.4}
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"scale": 1.0, "rows": [row], "choices": {}}))
    words = [f"--runs_dir={tmp_path / 'runs'}", "--minutes=0"]
    (first,) = findings.run([*words, f"--known={path}"])
    assert first["rows"] == [row]
    with pytest.raises(SystemExit, match="for --scale=0.1"):
        list(findings.run([*words, f"--known={path}", "--scale=0.1"]))


def test_hours_and_hardware_of_a_known_report_are_carried_along(
    tmp_path, monkeypatch
):
    taken = {"processor hours": 8.33, "runs by hardware": {"a": 97, "b": 5}}
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"scale": 1.0, "rows": [], **taken}))
    runs = Stopping()
    monkeypatch.setattr(findings, "Runs", runs)
    monkeypatch.setattr(runs, "hardware", lambda: {"b": 2})
    runs.processor_hours = 1.5
    words = [f"--runs_dir={tmp_path}", "--only=1", "--minutes=7"]
    for known in ([f"--known={path}"], []):  # they are kept with the rows
        report = list(findings.run([*words, *known]))[-1]
        assert report["processor hours"] == 9.83
        assert report["runs by hardware"] == {"a": 97, "b": 7}


def test_rows_of_another_scale_or_data_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(findings, "Runs", Stopping())
    words = [f"--runs_dir={tmp_path}", "--only=1", "--minutes=7"]
    before = list(findings.run([*words, "--scale=0.1"]))[-1]
    assert before["rows"]
    path = tmp_path / "rows.json"
    for other in (["--scale=0.2"], ["--scale=0.1", "--dataset=digits"]):
        with pytest.raises(SystemExit, match=r"cifar10, 0.1 .*another --runs_"):
            list(findings.run([*words, *other]))
    older = {name: before[name] for name in ("rows", "choices")}
    path.write_text(json.dumps(older))  # which does not say of which
    first = next(findings.run([*words, "--scale=0.2"]))
    assert first["rows"] == before["rows"]
