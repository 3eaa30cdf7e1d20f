"""The list of runs behind docs/findings.md: order, choices, figures, page."""

import itertools
import json
import re

import documentation
import pytest

from simclrv2_tf.config import Config
from tools import benchmark
from tools.benchmarks import findings
from tools.benchmarks.findings import cells
from tools.benchmarks.findings import costs
from tools.benchmarks.findings import figures
from tools.benchmarks.findings import page
from tools.benchmarks.findings import summary
from tools.benchmarks.findings import verdicts
from tools.benchmarks.findings.jobs import Jobs
from tools.benchmarks.findings.recipe import Recipe
from tools.benchmarks.findings.runs import as_words

COUNTS = Recipe.counts


class Noted(costs.Planned):
    """Runs that are done at once: their flags, and a given accuracy."""

    def __init__(self, top_1=lambda name: 0.5):
        super().__init__()
        self.flags, self._top_1 = {}, top_1

    def result(self, name, flags, look, module=None):
        for other in ("checkpoint", "teacher"):
            assert flags.get(other, name) in {*self.flags, name}
        assert self.flags.setdefault(name, flags) == flags
        found = super().result(name, flags, look, module)
        return {**found, "top-1": self._top_1(name)}


@pytest.fixture(scope="module")
def noted():
    """All runs of the list, noted."""
    runs = Noted()
    jobs = Jobs(runs, Recipe())
    for cell in cells.all_cells(COUNTS):
        for draw in range(cell.draws):
            jobs.top_1(cell, draw)
    return runs


def test_the_list_has_each_cell_once_and_the_big_network_last():
    listed = cells.all_cells(COUNTS)
    assert len(listed) == len(set(listed))
    widths = [cell.width for cell in listed]
    assert set(widths[widths.index(cells.BIG) :]) == {cells.BIG}
    by_finding = [cells.chosen_cells([n], COUNTS) for n in cells.FINDINGS]
    assert set(itertools.chain(*by_finding)) == set(listed)
    # Widths by counts, fine-tuned and linear; layers of two heads by counts;
    # students of two widths and counts, and their teachers.
    assert [len(part) for part in by_finding] == [24, 20, 22]


def test_flags_of_every_run_are_flags(noted):
    for flags in noted.flags.values():
        Config(**{k: v for k, v in flags.items() if k != "flagfile"})


def test_one_pretraining_of_each_width_and_head(noted):
    names = [name for name in noted.flags if name.startswith("pretrained")]
    assert len(names) == 4
    steps = {noted.flags[name]["train_steps"] for name in names}
    assert len(steps) == 1


def test_choices_see_neither_test_images_nor_labels_of_rows(noted):
    for name, flags in noted.flags.items():
        if name.startswith("pretrained"):
            assert flags["mode"] == "train"
        elif name.startswith("choices/"):
            assert flags["train_split"] == "train[:90%]"
            assert flags["eval_split"] == "train[90%:]"
            assert flags["label_seed"] == 100
            assert flags.get("teacher", "choices/").startswith("choices/")
        else:
            assert flags["eval_split"] == "test"
            assert flags["label_seed"] in range(cells.DRAWS)


def test_rows_have_the_draws_of_their_teachers(noted):
    taught = [n for n, f in noted.flags.items() if "teacher" in f]
    rows = [name for name in taught if not name.startswith("choices/")]
    assert len(rows) == 2 * 2 * 2 * 2 * cells.DRAWS
    for name in rows:
        teacher = noted.flags[noted.flags[name]["teacher"]]
        for flag in ("label_seed", "labels_per_class"):
            assert teacher[flag] == noted.flags[name][flag]


def test_the_best_on_validation_is_taken():
    cell = cells.fine_tuned(cells.SMALL, 10)
    runs = Noted(lambda name: 0.9 if name.endswith("-0.01") else 0.1)
    jobs = Jobs(runs, Recipe())
    jobs.top_1(cell, 2)
    (choice,) = jobs.choices.values()
    assert choice["chosen"] == 0.01
    assert choice["top-1"] == {"0.002": 0.1, "0.01": 0.9, "0.05": 0.1}
    row = runs.flags["fine-tuned-0.125-10labels-head3-layer1/2"]
    assert row["learning_rate"] == 0.01 * 256 / 64


def test_what_has_been_chosen_is_not_chosen_again():
    cell, runs = cells.fine_tuned(cells.SMALL, 10), Noted()
    jobs = Jobs(runs, Recipe())
    jobs.choices = {
        "rate of fine-tuned-0.125-10labels-head3-layer1": {"chosen": 0.05}
    }
    jobs.top_1(cell, 0)
    assert not [name for name in runs.flags if name.startswith("choices/")]
    row = runs.flags["fine-tuned-0.125-10labels-head3-layer1/0"]
    assert row["learning_rate"] == 0.05 * 256 / 64


def test_a_teacher_whose_rate_is_known_is_trained_for_a_choice(noted):
    known = Jobs(Noted(), Recipe())
    known.top_1(cells.teacher(COUNTS[0]), 0)
    runs = Noted()  # which asserts that a teacher is there
    jobs = Jobs(runs, Recipe())
    jobs.choices = dict(known.choices)
    student = cells.student(cells.SMALL, COUNTS[0], cells.EQ_3, 1.0)
    jobs.top_1(student, 0)
    chosen = jobs.choices
    taught = "choices/fine-tuned-0.25-10labels-head3-layer1-"
    assert len([name for name in runs.flags if name.startswith(taught)]) == 1
    assert runs.flags.items() <= noted.flags.items()
    # What has been chosen of the student needs no teacher on validation.
    again = Noted()
    jobs = Jobs(again, Recipe())
    jobs.choices = chosen
    jobs.top_1(student, 0)
    assert not [name for name in again.flags if name.startswith("choices/")]


def test_all_labels_take_the_rate_of_the_most_that_are_drawn():
    runs = Noted()
    Jobs(runs, Recipe()).top_1(cells.fine_tuned(cells.SMALL, cells.ALL), 0)
    choices = [name for name in runs.flags if name.startswith("choices/")]
    assert len(choices) == 3
    assert all("500labels" in name for name in choices)


def test_flags_as_words():
    words = as_words({"a": 1, "b": True, "flagfile": "F", "c": "x", "d": 1.0})
    assert words == ["--flagfile=F", "--a=1", "--b=true", "--c=x", "--d=1.0"]


def test_the_plan_adds_up_hours(capsys):
    assert list(findings.run(["--plan", "--only=1"])) == []
    last = capsys.readouterr().out.splitlines()[-1]
    tenth = costs.table(cells.chosen_cells([1], COUNTS), Recipe(scale=0.1))
    hours = [float(line.split()[1]) for line in (last, tenth.splitlines()[-1])]
    assert hours[0] > 2 * hours[1] > 0


def test_the_docstring_has_the_hours_of_the_plan():
    listed = cells.all_cells(COUNTS)
    runs, hours, *_ = costs.table(listed, Recipe()).splitlines()[-1].split()
    told = f"{runs} runs and {float(hours):.0f} hours of processor time"
    assert told in findings.__doc__
    for finding in cells.FINDINGS:
        part = costs.table(cells.chosen_cells([finding], COUNTS), Recipe())
        assert part.splitlines()[-1].split()[1] in findings.__doc__


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only=4", "--runs_dir=d"], "some of 1, 2, 3 with commas"),
        (["--labels=10", "--runs_dir=d"], "two numbers of labels or more"),
        ([], "--runs_dir must say where the runs are kept"),
    ],
)
def test_wrong_options(words, message, capsys):
    with pytest.raises(SystemExit):
        findings.parse_arguments(words)
    assert message in capsys.readouterr().err


# What is made of the rows.


def rows(accuracy, listed=None):
    """Rows of cells; `accuracy(cell)` and a bit for each draw."""
    return [
        {**cell._asdict(), "draw": draw, "top-1": accuracy(cell) + bit(draw)}
        for cell in listed or cells.all_cells(COUNTS)
        for draw in range(cell.draws)
    ]


def bit(draw):
    """What a draw has above the mean of three, or below it."""
    return (draw - 1) / 1000


def report_of(accuracy, listed=None, momentum=None):
    made = rows(accuracy, listed)
    return {
        "rows": made,
        "rows in all": len(rows(accuracy)),
        "processor hours": 1.5,
        "scale": 1.0,
        "hardware": "2 cores",
        "momentum": momentum,
    }


def as_in_the_paper(cell):
    """Few labels gain more by width, by the middle layer, by distillation."""
    few = 1 / (cell.labels or 5000)
    base = 0.5 - few + cell.width * (0.1 + 2 * few)
    distilled = 0.05 * (cell.loss in (cells.EQ_2, cells.EQ_3))
    layer = 0.03 * (cell.layer == 1) + 0.01 * (cell.head == cells.HEAD)
    return base + distilled + layer


def against_it(cell):
    """Accuracies of which no finding follows."""
    gap = 1 - as_in_the_paper(cell)
    return gap if cell.labels else 0.4 + cell.width / 10


MEMORY = [
    {"batch": 64, "seed": seed, "trained": {"logistic regression": 0.5}}
    for seed in (0, 1)
] + [
    {
        "batch": 64,
        "seed": seed,
        "equal": "steps",
        "trained": {"logistic regression": 0.4},
        "averaged": {"logistic regression": 0.52 + seed / 1000},
    }
    for seed in (0, 1)
]


def test_intervals_are_over_draws_and_of_images_with_all_labels():
    some = cells.fine_tuned(cells.SMALL, 10)
    mean = summary.accuracy(some, {0: 0.4, 1: 0.5, 2: 0.6})
    assert mean.mean == pytest.approx(0.5)
    # Student's t of two degrees of freedom: 4.3027 * 0.1 / sqrt(3).
    assert mean.high - mean.mean == pytest.approx(0.24841, abs=1e-4)
    every = cells.fine_tuned(cells.SMALL, cells.ALL)
    mean = summary.accuracy(every, {0: 0.5})
    # Nearly 1.96 * sqrt(0.25 / 10,000).
    assert mean.high - mean.low == pytest.approx(0.0196, abs=1e-4)
    assert summary.accuracy(some, {0: 0.5}).low is None


def test_gains_are_of_the_same_draw():
    mean = summary.gain({0: 0.2, 1: 0.4}, {0: 0.1, 1: 0.2, 2: 0.9})
    assert mean.mean == pytest.approx(1.0)
    every = summary.gain({0: 0.6}, {0: 0.5}, wilson=True)
    assert every.mean == pytest.approx(0.2)
    # Half a width of the interval is 1.96 * sqrt(p * (1 - p) / 10,000).
    assert every.low == pytest.approx(0.5904 / 0.5098 - 1, abs=1e-3)
    assert every.high == pytest.approx(0.6096 / 0.4902 - 1, abs=1e-3)
    assert summary.difference({0: 0.2}, {1: 0.1}) is None


def test_verdicts_follow_the_figures():
    told = verdicts.sentences(report_of(as_in_the_paper, momentum=MEMORY))
    assert list(told) == [1, 2, 3, 4]
    for lines in told.values():
        assert verdicts.SHOWS in " ".join(lines)
    assert verdicts.NOT_HERE not in " ".join(told[1] + told[2] + told[4])
    told = verdicts.sentences(report_of(against_it))
    assert list(told) == [1, 2, 3]
    for lines in told.values():
        assert all(verdicts.SHOWS not in line for line in lines[:1])


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.02, verdicts.SHOWS),
        (-0.01, 0.02, verdicts.OPEN),
        (-0.02, -0.01, verdicts.NOT_HERE),
        (None, None, verdicts.OPEN),
    ],
)
def test_a_verdict_is_of_the_interval(low, high, said):
    assert verdicts.verdict(summary.Mean(0.0, low, high)) == said


def test_nothing_is_drawn_of_nothing():
    assert figures.draw({"rows": []}) == {}


def test_figures_of_part_of_the_list():
    """Lines of what there is: two widths, and no gain without the smallest."""
    two = [cells.linear(width, 10) for width in (cells.MIDDLE, cells.BIG)]
    (figure,) = figures.draw(report_of(as_in_the_paper, two)).values()
    left, right = figure.axes
    assert len(left.containers) == 2
    assert not right.containers


def test_figures_show_the_figures():
    report = report_of(as_in_the_paper, momentum=MEMORY)
    drawn = figures.draw(report)
    assert list(drawn) == [1, 2, 3, 4]
    left, right = drawn[1].axes
    assert len(left.containers) == 6 and len(right.containers) == 8
    assert (
        len(right.containers[0][0].get_xdata()) == 2
    )  # widths above the least
    (line, *_) = left.containers[0]
    cell = cells.fine_tuned(cells.SMALL, 10)
    expected = 100 * as_in_the_paper(cell)
    assert line.get_ydata()[0] == pytest.approx(expected)
    assert len(drawn[2].axes[0].lines) == 5
    assert len(drawn[3].axes[0].containers) == 2 * 5  # bars, and intervals
    assert len(drawn[4].axes[0].patches) == 2


def test_the_page_says_what_has_not_been_run():
    text = page.text(None)
    assert text.count(page.NOT_RUN) == 4
    assert "%" not in text.split("## 1.")[1].replace("95 %", "")
    assert "png" not in text


def test_the_page_has_the_rows_and_no_others():
    part = cells.chosen_cells([2], COUNTS)[:2]
    text = page.text(report_of(as_in_the_paper, part))
    assert f"So far {sum(c.draws for c in part)} of" in text
    assert text.count(page.NOT_RUN) == 2  # 1 and 2 share a cell
    figure = 100 * as_in_the_paper(part[0])
    assert f"{figure:.1f} %" in text


def test_differences_are_above_or_below():
    below = summary.Mean(-0.009, -0.012, -0.006)
    told = "0.9 points (0.6 to 1.2) below"
    assert verdicts._compared(below) == told
    above = summary.Mean(0.05, -0.01, 0.11)
    assert verdicts._compared(above) == "5.0 points (-1.0 to 11.0) above"
    assert verdicts._compared(summary.Mean(-0.5, None, None)).endswith("below")


def test_the_page_says_that_all_rows_are_measured():
    part = cells.chosen_cells([3], COUNTS)
    report = report_of(as_in_the_paper, part)
    report["rows in all"] = len(report["rows"])
    text = page.text(report)
    assert f"All {len(report['rows'])} rows" in text and "So far" not in text
    assert "equation 2 is" in text and "equation 3 is" in text


def test_the_page_says_where_runs_were_done():
    report = report_of(as_in_the_paper, cells.chosen_cells([2], COUNTS)[:1])
    report |= {"hardware": "now", "runs by hardware": {"a": 2}}
    assert "of processor time, a." in " ".join(page.text(report).split())
    report["runs by hardware"]["b"] = 5
    told = " ".join(page.text(report).split())
    assert "5 runs on b; 2 runs on a." in told


def test_the_page_shows_the_pictures_that_are_drawn():
    for finding in cells.FINDINGS:
        part = cells.chosen_cells([finding], COUNTS)
        report = report_of(as_in_the_paper, part, MEMORY)
        named = re.findall(r"findings_(\d)\.png", page.text(report))
        assert [int(number) for number in named] == list(figures.draw(report))


def test_the_page_of_docs_is_of_the_newest_report():
    path = benchmark.OUT / "findings.json"
    report = json.loads(path.read_text()) if path.exists() else None
    written = documentation.ROOT / "docs" / findings.PAGE
    assert written.read_text() == page.text(report)
